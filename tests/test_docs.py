"""The site builds offline, every public name has an entry, and nothing in it leads nowhere."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT

# A proxy that nobody serves: whatever asks the network fails.
NO_NETWORK = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "all")}
WEB = ("http", "https", "mailto", "data")


class Page(HTMLParser):
    """The ids of a page, its links, its pictures, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.undescribed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[key] for key in ("id", "name") if key in given)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("img", "script", "source") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.loaded.append(given["href"])
        if tag == "img" and not given.get("alt"):
            self.undescribed.append(given["src"][:80])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("mkdocs", "material", "mkdocstrings", "mkdocs_jupyter"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: it is in the extra docs")
    folder = tmp_path_factory.mktemp("docs") / "site"
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_docs.py"), "-o", str(folder)],
        env={**os.environ, **NO_NETWORK},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


def test_every_public_name_has_an_entry(pages: dict[Path, Page]) -> None:
    import landscape

    shown = set[str]().union(*(page.ids for page in pages.values()))
    wanted = {f"landscape.{name}" for name in landscape.__all__ if name != "__version__"}
    for room in pkgutil.iter_modules(landscape.__path__, "landscape."):
        if not room.name.endswith("__main__"):
            module = importlib.import_module(room.name)
            wanted |= {f"{room.name}.{name}" for name in getattr(module, "__all__", ())}
    # A function may be called as the module that it stands in, and is shown there.
    missing = {name for name in wanted if not {name, f"{name}.{name.split('.')[-1]}"} & shown}
    assert len(wanted) > 80
    assert missing == set()


def test_roles_and_examples_of_docstrings_are_shown_as_such(site: Path) -> None:
    for path in (site / "reference").glob("*.html"):
        text = path.read_text()
        assert ":func:" not in text
        assert "doctest:" not in text
        assert "<blockquote>" not in text, f"{path.name}: an example outside of a code block"


def test_every_command_has_its_help(site: Path) -> None:
    from landscape.__main__ import COMMANDS

    text = (site / "reference" / "commands.html").read_text()
    for command in COMMANDS:
        assert f"usage: python -m landscape.{command}" in text


def test_every_page_and_notebook_is_there(site: Path) -> None:
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    for source in sources:
        home = (
            "notebooks" if source.suffix == ".ipynb" else source.parent.relative_to(ROOT / "docs")
        )
        assert (site / home / f"{source.stem}.html").is_file()


def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    dead, elsewhere = [], []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are those of the root of a server
            continue
        for target in [*page.links, *page.loaded]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.loaded and parts.scheme != "data":
                    elsewhere.append((path.name, target))
                assert parts.scheme in WEB, f"{path.name}: {target}"
                continue
            place = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = place / "index.html" if place.is_dir() else place
            fragment = unquote(parts.fragment)
            known = pages[place].ids if place in pages else set()
            if not place.is_file() or (fragment and place in pages and fragment not in known):
                dead.append((path.name, target))
    assert dead == []
    assert elsewhere == []


def test_every_picture_is_described_and_used() -> None:
    text = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    text = text.replace("](../pictures/", "](pictures/")
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    for picture in pictures:
        assert f"](pictures/{picture.name})" in text
        described = text.partition(f"](pictures/{picture.name})")[0].rpartition("![")[2]
        assert len(described) > 40, f"{picture.name} has no description for those who cannot see it"
    assert sum(picture.stat().st_size for picture in pictures) < 1_000_000


def test_the_citation_is_one_of_this_version() -> None:
    import landscape

    yaml = pytest.importorskip("yaml")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    assert cited["version"] == landscape.__version__
    assert f"\n## {landscape.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
