"""Build the documentation: guides, notebooks and a reference from the docstrings.

    python scripts/build_docs.py -o site

Needs the extra ``docs`` and no network. A dead link is an error. The pages work from the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import inspect
import io
import logging
import pkgutil
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import griffe
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROJECT = {"CHANGELOG.md": "changes.md", ".github/CONTRIBUTING.md": "contributing.md"}

ROLE = re.compile(r":(?:func|class|meth|mod|data|attr):`(~?)([\w.]+)`")
DOCTEST = re.compile(r"^>>> .*(?:\n(?!\s*$).+)*", flags=re.MULTILINE)


def public_names() -> dict[str, list[str]]:
    """The names in ``__all__`` of the package and of each direct member that has one."""
    import landscape

    found = {"landscape": [name for name in landscape.__all__ if name != "__version__"]}
    for module in pkgutil.iter_modules(landscape.__path__, "landscape."):
        if not module.name.endswith("__main__"):
            names = getattr(importlib.import_module(module.name), "__all__", None)
            if names:
                found[module.name] = sorted(names)
    return found


class Docstrings(griffe.Extension):
    """Docstrings at run time, with reStructuredText roles as links."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is None:
            return
        text = obj.docstring.value
        if obj.is_function and obj.decorators:  # a decorator may add to the docstring
            with contextlib.suppress(ImportError, AttributeError):
                text = inspect.getdoc(griffe.dynamic_import(obj.path)) or text
        text = re.sub(r" *# doctest: \+\w+", "", text)
        text = DOCTEST.sub(lambda found: f"```pycon\n{found[0]}\n```", text)
        obj.docstring.value = ROLE.sub(lambda found: self.link(obj, *found.groups()), text)

    def on_module(self, *, mod: griffe.Module, **_: Any) -> None:
        self.on_object(obj=mod)

    def link(self, obj: griffe.Object, short: str, target: str) -> str:
        """A link if the reference has an entry of that name, otherwise the name."""
        shown = target.rpartition(".")[2] if short else target
        full = target if target.startswith("landscape") else f"{obj.module.path}.{target}"
        return f'<autoref identifier="{full}" optional>`{shown}`</autoref>'


def reference(folder: Path) -> Iterator[dict[str, str]]:
    """Write one page per module and one for the command lines; yields their titles."""
    folder.mkdir()
    for module, names in public_names().items():
        page = folder / f"{'index' if module == 'landscape' else module.partition('.')[2]}.md"
        page.write_text("\n".join(entries(module, names)))
        yield {module: f"{folder.name}/{page.name}"}
    page = folder / "commands.md"
    page.write_text("# Commands\n\n" + "\n".join(helps()))
    yield {"Commands": f"{folder.name}/{page.name}"}


def entries(module: str, names: Sequence[str]) -> Iterator[str]:
    """The text of the page of one module."""
    home = importlib.import_module(module)
    documented, alone = [], []
    for name in names:
        value = getattr(home, name)
        package = hasattr(home, "__path__")
        if package and importlib.util.find_spec(f"{module}.{name}"):  # the name of its file too
            alone.append(f"{module}.{name}.{name}")
        elif inspect.isclass(value) or inspect.isroutine(value):
            documented.append(name)
        else:  # a constant, possibly without a docstring
            alone.append(f"{module}.{name}")
    yield f"# {module}\n\n::: {module}\n    options:\n      members: [{', '.join(documented)}]\n"
    for path in alone:
        yield f"::: {path}\n    options: {{show_root_heading: true, show_root_toc_entry: true}}\n"


def helps() -> Iterator[str]:
    """The help of each command line, as a section of a page."""
    from landscape.__main__ import COMMANDS, main

    for command in COMMANDS:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main([command, "--help"])
        yield f"## landscape {command}\n\n```text\n{printed.getvalue()}```\n"


def notebooks(folder: Path) -> Iterator[str]:
    """Copy the notebooks, with links between them as links to pages; yields their paths."""
    shutil.copytree(ROOT / "notebooks", folder)
    for path in sorted(folder.glob("*.ipynb")):
        path.write_text(re.sub(r"(\]\(\w+)\.ipynb\)", r"\1.html)", path.read_text()))
        yield f"{folder.name}/{path.name}"


def build_site(site: Path) -> None:
    """Build the site into a folder, which is emptied first.

    Raises
    ------
    mkdocs.exceptions.Abort
        If a link is dead or a docstring cannot be parsed.
    """
    with tempfile.TemporaryDirectory() as temporary:
        pages = Path(temporary) / "docs"
        shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("mkdocs.yml"))
        for source, page in PROJECT.items():
            text = (ROOT / source).read_text()
            (pages / page).write_text(re.sub(r"\]\((\.\./)?docs/", "](", text))
        config = load_config(
            str(ROOT / "docs" / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site.resolve())
        )
        config.nav[2:2] = [
            {"Notebooks": list(notebooks(pages / "notebooks"))},
            {"Reference": list(reference(pages / "reference"))},
        ]
        build(config)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Build the documentation as a static site.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "site", help="a folder (site)")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("traitlets").setLevel(logging.ERROR)  # notebook pictures have no alt text
    build_site(parser.parse_args(argv).output)


if __name__ == "__main__":
    main()
