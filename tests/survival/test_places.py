"""A folder that becomes unwritable during a run: message, exit status, and the file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import landscape.sample
from landscape.run.saving import Saver
from tests.survival.runs import done

MODULE = """
import torch

calls = 0
action = None

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))

def loss(output, target):
    global calls, action
    calls += 1
    if action is not None and calls == 30:
        action()
    return torch.nn.functional.cross_entropy(output, target, reduction="none")
"""


def shell(*words: str) -> None:
    """Run a system command; skip the test if it fails."""
    try:
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"{words[0]} is not installed")
    if ended.returncode:
        pytest.skip(f"{' '.join(words[:3])}: {ended.stderr.strip()}")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A separate folder that a test may modify in any way."""
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    for undo in (["chattr", "-i", str(folder)], ["umount", "-l", str(folder)]):
        subprocess.run(undo, capture_output=True, check=False)


def no_permission(folder: Path) -> None:
    if os.geteuid():
        folder.chmod(0o500)
    else:  # root ignores permissions, but not the immutable attribute
        shell("chattr", "+i", str(folder))


def read_only(folder: Path) -> None:
    shell("mount", "--bind", str(folder), str(folder))
    shell("mount", "-o", "remount,bind,ro", str(folder))


def writable(folder: Path) -> None:
    for undo in (["chattr", "-i", str(folder)], ["umount", "-l", str(folder)]):
        subprocess.run(undo, capture_output=True, check=False)
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("becomes", "reasons"),
    [
        (no_permission, ("Permission denied", "Operation not permitted")),
        (read_only, ("Read-only file system",)),
    ],
)
def test_the_file_stays_and_the_run_resumes_once_writable(
    tmp_path: Path,
    place: Path,
    becomes: Callable[[Path], None],
    reasons: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = f"hooked_{becomes.__name__}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(Saver, "save_sometimes", Saver.save)
    path = place / "out.h5"
    own = ["--model", f"{name}:network", "--loss", f"{name}:loss", "--limit", "4", "--tune", "off"]
    arguments = [*own, "--x=-1:1:9", "--y=-1:1:8", "--device", "cpu", "-o", str(path)]

    hooked = __import__(name)
    hooked.action = lambda: becomes(place)
    assert landscape.sample.main(arguments) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert any(said.startswith(f"error: cannot write {path}: {reason}") for reason in reasons)
    kept = done(path)
    assert 20 < kept < 30

    hooked.action = None
    assert (
        landscape.sample.main(arguments) == 2
    )  # still unwritable, reported before any computation
    assert done(path) == kept
    writable(place)
    assert landscape.sample.main(arguments) == 0
    assert done(path) == 72
    assert sys.modules[name].calls < 30 + 72 + 20  # nothing was computed twice
    assert [p.name for p in place.iterdir()] == ["out.h5"]
