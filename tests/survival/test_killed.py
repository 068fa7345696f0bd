"""``kill -9`` at random moments: the file is always readable, and in the end the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from landscape.run.saving import SAVE_EVERY_S
from tests.commands.calls import environment
from tests.conftest import ROOT

MOST_LOST_S = 10.0
"""Seconds of work: the time between two saves, a point, and a margin for a busy machine."""


def killed(folder: Path, runs: int, at_once: int, save_every_s: float) -> dict[str, Any]:
    numbers = [str(n) for n in (runs, at_once, 0, save_every_s)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.survival.killing", str(folder), *numbers],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    print(told)
    return told


def check(told: dict[str, Any], runs: int) -> None:
    assert told["runs"] == runs
    assert told["kills"] >= runs
    assert told["looks"] > 2 * runs
    assert (told["unreadable"], told["different"], told["left_behind"]) == (0, 0, 0)
    assert told["largest_loss_s"] < MOST_LOST_S


def test_three_runs(tmp_path: Path) -> None:
    check(killed(tmp_path, 3, 3, SAVE_EVERY_S), 3)


@pytest.mark.long
def test_two_hundred_runs(tmp_path: Path) -> None:
    check(killed(tmp_path, 200, 8, SAVE_EVERY_S), 200)


@pytest.mark.long
def test_kills_while_the_file_is_written(tmp_path: Path) -> None:
    """With a save after every point, many of these kills happen during a save."""
    check(killed(tmp_path, 50, 4, 0.0), 50)
