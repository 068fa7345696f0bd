"""The command under torchrun: ranks that die, join late, are stopped, or compute wrong values."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

import landscape.sample
from landscape.store import open_surface
from tests.distributed.small import check_same
from tests.distributed.torchrun import (
    LATE,
    arguments,
    free_port,
    parts_hold,
    pid_of,
    start,
    wait_until,
    write_module,
)

ONE_NODE = ["--standalone", "--nproc-per-node=2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules this process can import, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow", raising=False)
    return tmp_path


def check_as_plain(folder: Path, count: int, *more: str) -> None:
    _, *words = arguments(count, "plain.h5", *more)
    assert landscape.sample.main(words) == 0
    check_same(open_surface(folder / "out.h5"), open_surface(folder / "plain.h5"))
    left = {one.name for one in folder.iterdir()} - {"slow.py", "pids", "__pycache__"}
    assert left == {"out.h5", "plain.h5"}


def test_a_rank_killed_half_way_with_restarts(folder: Path) -> None:
    """kill -9 of one rank: torchrun restarts all, and they resume from the parts."""
    write_module(folder, 0.25)
    launcher = [*ONE_NODE, "--max-restarts=1", "--monitor-interval=0.2"]
    process = start(folder, launcher, arguments(7, "out.h5"))
    wait_until(lambda: parts_hold(folder, 2, 6), process)
    write_module(folder, 0.0)
    os.kill(pid_of(folder, 1), signal.SIGKILL)
    said = process.communicate(timeout=100)[0]
    assert process.returncode == 0, said
    assert said.count("out.h5: 49 of 49 points") == 1  # printed by one rank
    check_as_plain(folder, 7)


@pytest.mark.long
def test_without_restarts_the_same_command_resumes(folder: Path) -> None:
    write_module(folder, 0.25)
    process = start(folder, ONE_NODE, arguments(7, "out.h5", "--tolerance", "10%,0.05"))
    wait_until(lambda: parts_hold(folder, 2, 3), process)
    os.kill(pid_of(folder, 0), signal.SIGKILL)
    process.communicate(timeout=100)
    assert process.returncode != 0
    assert parts_hold(folder, 2, 3)
    write_module(folder, 0.0)
    again = start(folder, ONE_NODE, arguments(7, "out.h5", "--tolerance", "10%,0.05"))
    said = again.communicate(timeout=100)[0]
    assert again.returncode == 0, said
    check_as_plain(folder, 7, "--tolerance", "10%,0.05")


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_torchrun_saves(folder: Path, number: signal.Signals) -> None:
    write_module(folder, 0.25)
    process = start(folder, ONE_NODE, arguments(7, "out.h5"))
    wait_until(lambda: parts_hold(folder, 2, 6), process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert parts_hold(folder, 2, 6)
    write_module(folder, 0.0)
    again = start(folder, ONE_NODE, arguments(7, "out.h5"))
    said = again.communicate(timeout=100)[0]
    assert again.returncode == 0, said
    check_as_plain(folder, 7)


@pytest.mark.long
@pytest.mark.parametrize("more", [[], ["--tolerance", "10%,0.05"]], ids=str)
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_25_by_25_by_ranks(folder: Path, ranks: int, more: list[str]) -> None:
    write_module(folder, 0.0)
    launcher = ["--standalone", f"--nproc-per-node={ranks}"]
    process = start(folder, launcher, arguments(25, "out.h5", *more))
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    check_as_plain(folder, 25, *more)


@pytest.mark.long
@pytest.mark.parametrize("more", [[], ["--tolerance", "10%,0.05"]], ids=str)
def test_25_by_25_with_a_node_that_joins_late_and_a_rank_that_dies(
    folder: Path, more: list[str]
) -> None:
    write_module(folder, 0.1)
    elastic = ["--nnodes=1:2", "--nproc-per-node=1", "--max-restarts=3", "--monitor-interval=0.2"]
    elastic += ["--rdzv-backend=c10d", f"--rdzv-endpoint=localhost:{free_port()}"]
    elastic += ["--rdzv-id=late", "--rdzv-conf=last_call_timeout=2,join_timeout=60"]
    first = start(folder, elastic, arguments(25, "out.h5", *more), **LATE)
    wait_until(lambda: parts_hold(folder, 1, 10), first)
    second = start(folder, elastic, arguments(25, "out.h5", *more), **LATE)
    wait_until(lambda: parts_hold(folder, 2, 10), first)
    os.kill(pid_of(folder, 1), signal.SIGKILL)
    write_module(folder, 0.0)
    said = [one.communicate(timeout=200)[0] for one in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], "\n".join(said)
    check_as_plain(folder, 25, *more)


@pytest.mark.long
def test_a_broken_rank_stops_the_run(folder: Path) -> None:
    write_module(folder, 0.1, factor=1.001)
    process = start(folder, ONE_NODE, arguments(7, "out.h5", "--verify", "20%"))
    said = process.communicate(timeout=100)[0]
    assert process.returncode != 0
    named = r"error: values of rank (0|1) differ from those recomputed by rank (1|0)"
    assert re.search(named, said), said
    assert not (folder / "out.h5").exists()
    assert list(folder.glob("out.h5.part-*")) == []
