"""Benchmark of two torchrun ranks with one thread each against one process with two threads.

Every round runs both in turn on the same plane of a network on scikit-learn's digits (a ResNet-20
with random weights, unless ``--weights`` gives another), into separate files. ``sampling`` is the
seconds recorded in the files, ``wall`` the whole command including its start. The values of both
are compared.

    python scripts/bench_ranks.py --points 25 --limit 500 --rounds 3 -o ranks.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from landscape.checkpoint import save_checkpoint
from landscape.models import CifarResNet
from landscape.store import open_surface
from landscape.surface import Surface

TORCHRUN = ["-m", "torch.distributed.run", "--standalone"]


def ways(ranks: int) -> dict[str, tuple[list[str], int]]:
    """Per method the launcher, and the threads of each process."""
    return {
        f"{ranks} ranks": ([*TORCHRUN, f"--nproc-per-node={ranks}"], 1),
        f"{ranks} threads": ([], ranks),
    }


def timed(launcher: list[str], threads: int, words: list[str], output: Path) -> dict[str, float]:
    """A new run: seconds of sampling and of the whole command."""
    output.unlink(missing_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [sys.executable, *launcher, "-m", "landscape.sample", *words, "-o", str(output)]
    started = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    return {"sampling": float(open_surface(output).attributes["seconds"]), "wall": wall}


def largest_difference(one: Surface, other: Surface) -> float:
    """The largest relative difference of the losses."""
    a, b = one[one.main_quantity], other[other.main_quantity]
    return float(np.max(np.abs(a - b) / np.abs(a)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--weights", help="checkpoint of a network on digits (default: a random ResNet-20)"
    )
    parser.add_argument("--points", type=int, default=25, help="points along each axis (25)")
    parser.add_argument("--limit", type=int, default=500, help="examples (500)")
    parser.add_argument("--ranks", type=int, default=2, help="number of ranks, and of threads (2)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both (3)")
    parser.add_argument("--tune", default="on", help="on or off (on)")
    parser.add_argument("-o", "--output", type=Path, default=Path("ranks.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = options.weights
        if weights is None:
            torch.manual_seed(0)
            facts = {"name": "resnet20", "shortcuts": "projection"}
            weights = folder / "weights.pt"
            save_checkpoint(weights, CifarResNet(20, in_channels=1), facts)
        axis = f"-0.5:0.5:{options.points}"
        words = ["--weights", str(weights), "--limit", str(options.limit), f"--x={axis}"]
        words += [f"--y={axis}", "--device", "cpu", "--tune", options.tune]
        times: dict[str, list[dict[str, float]]] = {way: [] for way in ways(options.ranks)}
        for _ in range(options.rounds):
            for way, (launcher, threads) in ways(options.ranks).items():
                times[way].append(timed(launcher, threads, words, folder / f"{way}.h5"))
                print(way, {k: round(v, 2) for k, v in times[way][-1].items()}, flush=True)
        difference = largest_difference(*(open_surface(folder / f"{way}.h5") for way in times))
    medians = {
        way: {kind: statistics.median(one[kind] for one in runs) for kind in ("sampling", "wall")}
        for way, runs in times.items()
    }
    ranks, threads = medians.values()
    ratios = {kind: ranks[kind] / threads[kind] for kind in ranks}
    environment = {"torch": torch.__version__, "cores": os.cpu_count(), "on": platform.platform()}
    result = {
        "environment": environment,
        "times": times,
        "medians": medians,
        "ratio_ranks_to_threads": ratios,
        "largest_relative_difference": difference,
    }
    options.output.write_text(json.dumps(result, indent=1))
    print("ranks to threads:", {kind: round(value, 3) for kind, value in ratios.items()})
    print(f"largest relative difference of a loss: {difference:.2g}")


if __name__ == "__main__":
    main()
