"""The guides do what they say: their commands and code run, in order, as they stand."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import tests.broken_torchvision  # noqa: F401
from landscape.__main__ import main
from tests.conftest import ROOT

GUIDES = ROOT / "docs" / "guides"
BLOCK = re.compile(
    r"^(?P<long><!-- long[^\n]*-->\n)?```(?P<language>\w+)(?: title=\"(?P<title>[\w.]+)\")?\n"
    r"(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
OTHERS = ("torchrun", "sbatch")
"""Programs that a long block may start; they are not ours to parse."""


@dataclass(frozen=True)
class Block:
    """One piece of code in a page: the file that it is to be saved as, or to be run."""

    language: str
    text: str
    title: str | None
    long: bool

    @property
    def commands(self) -> list[list[str]]:
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line) for line in lines if line.strip() and not line.startswith("#")]


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    found = [
        Block(m["language"], m["text"], m["title"], bool(m["long"])) for m in BLOCK.finditer(text)
    ]
    assert len(found) * 2 == len(re.findall(r"^```", text, flags=re.MULTILINE))
    return found


def parses(words: list[str]) -> None:
    if words[0] in OTHERS:
        words = words[words.index("-m") :] if "-m" in words else []
    elif words[:2] == ["python", "-m"]:
        words = words[1:]
    if words:
        module = words[1]
        home = f"{module}.__main__" if (ROOT / module.replace(".", "/")).is_dir() else module
        importlib.import_module(home)._parser().parse_args(words[2:])


def run(page: Path) -> None:
    """Run the blocks of a page in the current folder."""
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.title:
            Path(block.title).write_text(block.text)
        elif block.language == "sh":
            for words in block.commands:
                if block.long:
                    parses(words)
                else:
                    assert words[:2] == ["python", "-m"], f"{page.name}: {words}"
                    command = words[2].removeprefix("landscape.")
                    assert main([command, *words[3:]]) == 0, f"{page.name}: {words}"
        elif block.language == "python":
            code = compile(block.text, page.name, "exec")
            if not block.long:
                exec(code, names)
    plt.close("all")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the first page of the guides leaves there."""
    folder = tmp_path_factory.mktemp("guides")
    sys.modules.pop("nets", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        run(GUIDES / "index.md")
    return folder


@pytest.fixture
def here(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = shutil.copytree(prepared, tmp_path / "here")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("nets", None)
    yield folder
    sys.modules.pop("nets", None)


@pytest.mark.parametrize(
    "page",
    sorted(path for path in GUIDES.glob("*.md") if path.name != "index.md"),
    ids=lambda path: path.stem,
)
def test_a_guide_runs(page: Path, here: Path) -> None:
    run(page)


def test_the_first_page_runs(here: Path) -> None:
    run(ROOT / "docs" / "index.md")
    assert (here / "resnet56.png").is_file()
