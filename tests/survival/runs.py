"""A slow run in its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from landscape.store import open_surface

ROOT = Path(__file__).parents[2]

MODULE = """
import time
import torch

def slow_loss(output, target):
    time.sleep({seconds})
    return torch.nn.functional.cross_entropy(output, target, reduction="none")

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
"""

ARGUMENTS = [
    *["--model", "slow:network", "--loss", "slow:slow_loss", "--limit", "4"],
    *["--x=-1:1:9", "--y=-1:1:8", "--tune", "off", "--device", "cpu"],
]


def write_module(folder: Path, seconds: float, more: str = "") -> None:
    """The user's module ``slow``, whose batches take the given time, and ``more`` of it."""
    (folder / "slow.py").write_text(MODULE.format(seconds=seconds) + more)


def start(folder: Path, output: Path, *more: str) -> subprocess.Popen[str]:
    """Start ``landscape.sample`` of the module in ``folder``, 9×8 points of one batch each."""
    return subprocess.Popen(
        [sys.executable, "-m", "landscape.sample", *ARGUMENTS, "-o", str(output), *more],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def done(path: Path) -> int:
    """Number of points in the file; 0 if it does not exist."""
    return int(open_surface(path).done.sum()) if path.exists() else 0


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until ``ready``; fail if the process ends first."""
    deadline = time.monotonic() + 60
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
