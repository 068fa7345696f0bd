"""SIGTERM and SIGINT during a run: points are saved promptly, with the right exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landscape.store import open_surface
from tests.commands.calls import environment
from tests.conftest import crowd
from tests.survival.runs import done, start, wait_until, write_module


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGINT, 130, "interrupted"),
    ],
)
def test_a_signal_saves_and_exits(
    tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    write_module(tmp_path, 0.3)
    path = tmp_path / "out.h5"
    process = start(tmp_path, path)
    wait_until(lambda: done(path) >= 3, process)
    sent = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5 * crowd()
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    assert done(path) >= 3
    saved = f"{done(path)} of {open_surface(path).grid.size} points are saved in {path}"
    assert errors.splitlines()[-1] == f"{said}: {saved}; run the same command to resume"


def test_the_first_ctrl_c_finishes_the_point_the_second_does_not(tmp_path: Path) -> None:
    write_module(tmp_path, 1.2)
    finished = {}
    for times in (1, 2):
        path = tmp_path / f"{times}.h5"
        process = start(tmp_path, path)
        wait_until(lambda path=path: done(path) >= 1, process)  # type: ignore[misc]
        had = done(path)
        time.sleep(0.3)  # within the next point
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        for line in process.stderr:
            if "Ctrl-C again quits now" in line:
                break
        if times == 2:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
        finished[times] = done(path) - had
    assert finished == {1: 1, 2: 0}


@pytest.mark.parametrize("words", [["-m", "landscape.sample"], ["-m", "landscape", "sample"]])
def test_ctrl_c_during_the_imports_is_answered_by_one_line(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "torch.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    inherited = environment()
    path = f"{tmp_path}:{inherited['PYTHONPATH']}"
    process = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**inherited, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stderr == "interrupted: nothing was written\n"
    assert process.returncode in (130, -signal.SIGINT)
