"""The package as it is published: its name, what it needs, how it is installed."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

import landscape
import landscape.__main__
from landscape.errors import MissingExtra
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
FROM_THE_CHECKOUT = re.compile(r"(-c constraints\.txt )?(-e )?(\.(?=[\s`])|'\.\[([\w,{}]+)\]')")
"""On PyPI the name ``landscape`` is another program's: nothing of ours is installed by it."""


def read_by_people() -> dict[str, str]:
    """All that tells somebody what to install, by the name of its file."""
    folders = [ROOT / name for name in ("landscape", "docs", "notebooks", "scripts", ".github")]
    files = [f for folder in folders for f in folder.rglob("*")] + list(ROOT.glob("*.md"))
    found = {}
    for file in files:
        if file.suffix in (".py", ".md", ".sh", ".yml", ".html", ".js"):
            found[str(file.relative_to(ROOT))] = file.read_text()
        elif file.suffix == ".ipynb":
            cells = json.loads(file.read_text())["cells"]
            found[str(file.relative_to(ROOT))] = "\n".join("".join(c["source"]) for c in cells)
    return found


INSTALLS = [
    (name, text[match.end() : match.end() + 60])
    for name, text in read_by_people().items()
    for match in re.finditer(r"pip3? install ", text)
]


@pytest.mark.parametrize(("name", "words"), INSTALLS)
def test_what_is_said_of_installing_is_of_the_checkout(name: str, words: str) -> None:
    match = FROM_THE_CHECKOUT.match(words)
    assert match, f"{name}: pip install {words}"
    extras = (match[4] or "").split(",")
    assert set(extras) <= {*EXTRAS, "", "{extra}"}


def test_there_is_something_said() -> None:
    assert {"README.md", "landscape/errors.py", "notebooks/gallery.ipynb"} <= {
        n for n, _ in INSTALLS
    }


def test_messages_name_an_extra_in_one_place() -> None:
    named = [n for n, words in INSTALLS if n.startswith("landscape/")]
    assert named == ["landscape/errors.py"]
    assert "pip install '.[mesh]'" in str(MissingExtra("trimesh", "mesh", "writing .glb files"))


def test_every_extra_in_a_message_is_one() -> None:
    # The position of the extra among the arguments of what asks for one.
    positions = {"library": 2, "MissingExtra": 1}
    asked = set()
    for file in (ROOT / "landscape").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            if name in positions:
                asked.add(ast.unparse(node.args[positions[name]]))
    asked.remove("extra")  # the name by which library hands it on
    assert asked
    assert asked <= {repr(name) for name in EXTRAS}


# What a module is called whose package has another name.
PACKAGES = {"sklearn": "scikit-learn", "PIL": "pillow", "vtkmodules": "vtk"}
PACKAGES |= {"imageio_ffmpeg": "imageio-ffmpeg", "mpl_toolkits": "matplotlib"}


def test_every_package_that_is_imported_is_stated() -> None:
    stated = [*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]
    names = {re.split(r"\W*[>=<]", one)[0] for one in stated}
    imported = set()
    for file in (ROOT / "landscape").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    # typing_extensions is for the type checker alone.
    foreign = imported - sys.stdlib_module_names - {"landscape", "typing_extensions"}
    assert {PACKAGES.get(name, name) for name in foreign} <= names


def test_the_command_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert landscape.__main__.main(["--version"]) == 0
    assert capsys.readouterr().out == f"landscape {landscape.__version__}\n"


def test_the_wheel_can_be_published(wheel: Path) -> None:
    held = {str(p.relative_to(wheel)) for p in wheel.rglob("*") if p.is_file()}
    for pattern in ("py.typed", "examples/*.h5", "render/page/web/*"):
        files = {str(p.relative_to(ROOT)) for p in (ROOT / "landscape").glob(pattern)}
        assert files
        assert files <= held
    (said,) = (wheel / name for name in held if name.endswith(".dist-info/METADATA"))
    lines = said.read_text().splitlines()
    assert "Name: nn-landscape" in lines
    assert {name.partition("/")[0] for name in held} == {"landscape", said.parent.name}


def test_every_name_in_the_guides_is_there_after_importing_landscape() -> None:
    """A fault once: ``landscape.render.save_page`` only where another line had imported it."""
    dotted = re.compile(r"(?<![\w./-])(?<!-m )landscape((?:\.[a-zA-Z_]+)+)")
    guides = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    names = {n for guide in guides for n in dotted.findall(guide.read_text())}
    assert {".render.save_page", ".metrics.LOSSES", ".measures"} <= names
    for name in names:
        head, *rest = name[1:].split(".")
        found = landscape.__getattr__(head)  # as the first line of a program would ask
        for part in rest:
            found = getattr(found, part)
