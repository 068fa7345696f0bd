"""Damaged files and random command lines: always a right result or one clear error.

A bug is reproduced by its number: ``python -m tests.fuzz.campaign files 1 SEED --first N``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.calls import environment
from tests.conftest import ROOT
from tests.fuzz.guarded import MOST_BYTES, Case, WrongResult, outcomes


def campaign(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.campaign", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(told["counts"], f"{told['peak'] / 2**30:.2f} GiB")
    return told


def check(told: dict[str, Any], count: int) -> None:
    assert "\n\n".join(told["faults"][:10]) == ""
    assert sum(told["counts"].values()) == count
    assert set(told["counts"]) == {"right", "error"}
    assert told["peak"] < MOST_BYTES


def test_some_files_and_lines() -> None:
    check(campaign("both", "96", "1"), 96)


@pytest.mark.long
def test_five_thousand_files() -> None:
    check(campaign("files", "5100", "7"), 5100)


@pytest.mark.long
def test_five_thousand_checkpoints() -> None:
    check(campaign("files", "5000", "9", "checkpoint"), 5000)


@pytest.mark.long
def test_two_thousand_lines() -> None:
    check(campaign("lines", "2000", "8"), 2000)


def test_every_kind_of_outcome_is_detected(tmp_path: Path) -> None:
    """The classification: anything but a right result or one clear error is detected."""

    def says(text: str, status: int) -> int:
        print(text, file=sys.stderr)
        return status

    def wrong(_: Path) -> int:
        raise WrongResult("0.5 for 0.25")

    cases: list[tuple[str, Case]] = [
        ("right", lambda _: 0),
        ("error", lambda _: says("error: no such file", 2)),
        ("status 2, 2 messages", lambda _: says("error: one\nerror: two", 2)),
        ("status 0, 1 messages", lambda _: says("error: one", 0)),
        ("status 1, 0 messages", lambda _: 1),
        ("warning", lambda _: says("x.py:1: RuntimeWarning: overflow", 0)),
        ("wrong result", wrong),
        ("traceback", lambda _: [0][1]),
        ("traceback", lambda _: len(bytearray(3 * 2**30))),  # too much memory
        ("traceback", lambda _: socket.socket().fileno()),  # no network there
        ("killed by SIGKILL", lambda _: says("", os.kill(os.getpid(), 9) or 0)),
        ("right", lambda _: 0),
    ]
    found = list(outcomes([case for _, case in cases], tmp_path))
    assert [outcome.kind for outcome in found] == [kind for kind, _ in cases]
    assert "MemoryError" in found[8].said
    assert "a connection" in found[9].said
