"""Real launches by torchrun of a network whose points take a given time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from landscape.store import open_surface
from tests.survival.runs import ROOT

# With its default store, torchrun 2.13 makes a node that joins late wait forever.
LATE = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}

MODULE = """
import os, time
import torch

def slow_loss(output, target):
    time.sleep({seconds})
    with open("pids/" + os.environ.get("RANK", "0"), "w") as file:
        file.write(str(os.getpid()))
    losses = torch.nn.functional.cross_entropy(output, target, reduction="none")
    return losses * {factor} if os.environ.get("RANK") == "1" else losses

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 12), torch.nn.ReLU(),
                               torch.nn.Linear(12, 10))
"""


def write_module(folder: Path, seconds: float, factor: float = 1.0) -> None:
    """The user's module ``slow``; losses on rank 1 are multiplied by ``factor``."""
    (folder / "pids").mkdir(exist_ok=True)
    (folder / "slow.py").write_text(MODULE.format(seconds=seconds, factor=factor))


def arguments(count: int, output: str, *more: str) -> list[str]:
    network = ["--model", "slow:network", "--loss", "slow:slow_loss", "--limit", "100"]
    grid = [f"--x=-1:1:{count}", f"--y=-1:1:{count}", "--tune", "off", "--device", "cpu"]
    return ["landscape.sample", *network, *grid, "-o", output, *more]


def start(
    folder: Path, launcher: list[str], module: list[str], **more: str
) -> subprocess.Popen[str]:
    """Start ``torchrun`` in a folder, with options and additional environment variables."""
    more["OMP_NUM_THREADS"] = "1"
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *launcher, "-m", *module],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder}", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def pid_of(folder: Path, rank: int) -> int:
    """Process ID of a rank that has started to compute."""
    return int((folder / "pids" / str(rank)).read_text())


def parts_hold(folder: Path, ranks: int, points: int) -> bool:
    """Whether the part of each rank contains that many points."""
    files = [folder / f"out.h5.part-rank{rank}" for rank in range(ranks)]
    return all(f.exists() and int(open_surface(f).done.sum()) >= points for f in files)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[str], most: float = 90) -> None:
    """Wait until ``ready``; fail if the process ends first."""
    deadline = time.monotonic() + most
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
