"""Two runs on one output: the second is rejected, and a lock left by a dead run is ignored."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import landscape.run.saving
from landscape.errors import InputError
from landscape.lock import only_writer
from landscape.run.saving import Saver
from landscape.surface import Surface
from tests.survival.runs import done, start, wait_until, write_module
from tests.survival.test_clock import sampled

HOLD = """
import sys, time
from landscape.lock import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""

WAITING = """
import os
from pathlib import Path
without_waiting, go = slow_loss, Path("go")

def slow_loss(output, target):
    lock = Path(".out.h5.lock")
    while lock.exists() and f"process {os.getpid()} " in lock.read_text() and not go.exists():
        time.sleep(0.02)
    return without_waiting(output, target)
"""
"""More of the module: every batch of the run that holds the lock waits for the file ``go``."""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_error_names_host_and_process_and_the_lock_ends_with_its_holder(
    tmp_path: Path,
) -> None:
    path = tmp_path / "surface.h5"
    process = holder(path)
    named = f"{path} is being written by process {process.pid} on {socket.gethostname()} since"
    with pytest.raises(InputError, match=named), only_writer(path):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / ".surface.h5.lock").exists()  # stale
    with only_writer(path):
        assert f"process {os.getpid()} " in (tmp_path / ".surface.h5.lock").read_text()
    assert list(tmp_path.iterdir()) == []


def test_one_process_does_not_write_twice_and_others_are_free(tmp_path: Path) -> None:
    a, b = tmp_path / "a.h5", tmp_path / "b.h5"
    refused = pytest.raises(InputError, match="is being written by")
    with only_writer(a), only_writer(b), refused, only_writer(a):
        pass
    with only_writer(tmp_path / "a.h5"):
        pass


def test_a_run_killed_after_the_last_point_is_completed(tmp_path: Path) -> None:
    """All points are saved, but not the attributes of the session."""
    whole = sampled(tmp_path / "whole.h5")
    path = tmp_path / "s.h5"
    saved: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Saver, "save_sometimes", Saver.save)
        keep = landscape.run.saving.save_surface

        def kept(surface: Surface, to: Path) -> None:
            keep(surface, to)
            saved.append(path.read_bytes())

        patch.setattr(landscape.run.saving, "save_surface", kept)
        sampled(path)
    path.write_bytes(saved[-2])  # after the last point, before the end
    (tmp_path / ".s.h5.tmp").write_bytes(saved[-1][:5000])
    found = sampled(path)
    assert found.complete
    assert found.attributes["versions"] == whole.attributes["versions"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.h5", "whole.h5"]


def test_no_lock_is_made_in_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"), only_writer(tmp_path / "no" / "a.h5"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_second_sample_is_rejected_and_the_first_continues(tmp_path: Path) -> None:
    write_module(tmp_path, 0.5, WAITING)
    path = tmp_path / "out.h5"
    first = start(tmp_path, path)
    wait_until((tmp_path / ".out.h5.lock").exists, first)
    second = start(tmp_path, path)
    _, said = second.communicate(timeout=60)
    assert second.returncode == 2, said
    assert f"is being written by process {first.pid} on " in said
    assert done(path) == 0
    (tmp_path / "go").touch()
    wait_until(lambda: done(path) > 0, first)
    first.terminate()
    assert first.wait(timeout=30) == 143
