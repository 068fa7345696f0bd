"""Calls of commands: valid arguments to start from, and invalid ones with their messages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import landscape.__main__
import landscape.compare
import landscape.connect
import landscape.convert
import landscape.curvature
import landscape.experiments.__main__
import landscape.info
import landscape.live
import landscape.merge
import landscape.render.__main__
import landscape.sample
import landscape.train
import landscape.weights
from tests.conftest import ROOT

MAIN: dict[str, Callable[[list[str]], int]] = {
    "sample": landscape.sample.main,
    "train": landscape.train.main,
    "connect": landscape.connect.main,
    "curvature": landscape.curvature.main,
    "info": landscape.info.main,
    "compare": landscape.compare.main,
    "live": landscape.live.main,
    "merge": landscape.merge.main,
    "experiments": landscape.experiments.__main__.main,
    "convert": landscape.convert.main,
    "weights": landscape.weights.main,
    "render": landscape.render.__main__.main,
    "landscape": landscape.__main__.main,
}


SAMPLE = ["--weights", "projection.pt", "--limit", "5", "--x=-1:1:2", "--y=-1:1:2"]
TRAIN = ["--model", "resnet8", "--limit", "8", "--epochs", "1"]
USERS = ["--model", "users:good", "--limit", "5", "--x=-1:1:2"]


@dataclass(frozen=True)
class Bad:
    """An invalid command line, and texts that its message must contain."""

    command: str
    arguments: list[str]
    words: list[str]

    def __str__(self) -> str:
        return " ".join([self.command, *self.arguments])


def bad(command: str, arguments: str | list[str], *words: str) -> Bad:
    listed = arguments.split() if isinstance(arguments, str) else arguments
    return Bad(command, listed, list(words))


def everything(folder: Path) -> dict[str, bytes | None]:
    """All files with their content, and folders, except those of Python itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in str(path)
    }


def check_refused(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    """Check that the command exits with status 2 and one message, and changes no file."""
    before = everything(folder)
    try:
        status: object = MAIN[case.command](case.arguments)
    except SystemExit as stop:  # raised by argparse
        status = stop.code
    said = capsys.readouterr()
    assert status == 2, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.count("error: ") == 1
    if not said.err.startswith("usage: "):
        assert said.err.startswith("error: ")
    for word in case.words:
        assert word in said.err
    assert everything(folder) == before


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def interrupted(arguments: list[str], ready: Callable[[], bool]) -> str:
    """Start a command, send SIGINT once ``ready``; its output. The status must be 130."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests started in the background by a shell ignore SIGINT, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    return said.splitlines()[-1]
