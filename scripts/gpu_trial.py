"""Eight minutes on a GPU: is it right, what is fastest, how long does 51×51×50,000 take.

    python scripts/gpu_trial.py --shared ../shared -o gpu_trial.json

It runs as it stands on a bare machine with torch and this checkout. Every step is a process with a
limit of its own: one that fails or hangs costs only itself, and the file is written after each.
Bring along ``weights/li2018_resnet56.t7``, ``weights/li2018_resnet56_noshort.t7`` and
``data/cifar10_subset.npz`` in one folder (``--shared``); its images are repeated to 50,000 on the
GPU. Without them weights and images are random, which shows times but is a weak check of values.
``--dry-run`` goes through the same steps in seconds on the CPU, with small numbers.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from bench_gpu import GRID_POINTS, ceilings, median_seconds

from landscape.build import build_problem
from landscape.data import Examples
from landscape.data.preprocess import CIFAR10
from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluate
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.models import CifarResNet
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run.loop import versions

LIMITS_S = (40, 80, 120, 50, 70, 150, 20, 60)
NETWORKS = {"resnet56": None, "resnet56_noshort": "none"}
POINTS = np.array([[0.0, 0.0], [0.5, 0.2], [-0.5, 0.4], [1.0, -1.0], [-1.0, -1.0]])
BEST = Settings(fold=True, in_place=True, channels_last=True, graphs=True, reduced="bfloat16")
GEOMETRY = ([1, 1], [1, 1], [1, 1], 1)  # padding, stride, dilation, groups
SHAPES = ((16, 32), (32, 16), (64, 8))  # channels and side of the stages


class Trial:
    """What the steps have in common: the size of the work, and what earlier steps found."""

    def __init__(self, shared: Path | None, dry: bool, results: dict[str, Any]) -> None:
        self.device = "cpu" if dry else "cuda"
        self.dry, self.shared, self.results = dry, shared, results
        self.images = 16 if dry else 50_000

    def settings(self, settings: Settings) -> Settings:
        return replace(settings, graphs=False, compiled=False) if self.dry else settings

    def problem(self, name: str = "resnet56", images: int | None = None) -> tuple[Problem, Plane]:
        count = images or self.images
        if self.shared is None:
            torch.manual_seed(0)
            model = CifarResNet(8 if self.dry else 56, shortcuts=NETWORKS[name] or "projection")
            side = 8 if self.dry else 32
            pictures = torch.randint(0, 256, (min(count, 1000), 3, side, side), dtype=torch.uint8)
            few = Examples(pictures, torch.randint(0, 10, (len(pictures),)), CIFAR10, "random")
            problem = Problem(model.eval(), {"train": few}, device=self.device)
        else:
            problem = build_problem(
                weights=self.shared / "weights" / f"li2018_{name}.t7",
                shortcuts=NETWORKS[name],
                data=f"cifar10:{self.shared / 'data' / 'cifar10_subset.npz'}",
                device=self.device,
            )
        ((split, examples),) = problem.splits.items()
        assert isinstance(examples, Examples)
        rows = torch.arange(count, device=examples.device) % len(examples)
        tiled = Examples(examples.inputs[rows], examples.targets[rows], examples.preprocess)
        plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
        return problem.with_splits({split: tiled}), plane

    def rate(self, problem: Problem, plane: Plane, settings: Settings) -> float:
        """Images a second, after the network is built and captured."""
        (examples,) = problem.splits.values()
        with exactly():
            network = PointNetwork(problem, plane.to(problem.device), settings)
            network.move_to([0.1, 0.1])
            batch = examples.head(settings.batch_size).batch(problem.dtype)
            work = lambda: problem.objective.outputs(network, batch)  # noqa: E731
            work(), work()
            return len(batch) / median_seconds(work, self.device, 3)


def versions_and_ceilings(trial: Trial) -> dict[str, Any]:
    name = "cpu" if trial.dry else torch.cuda.get_device_name()
    return {"device": name, "versions": versions(), **ceilings(trial.device, small=trial.dry)}


def values(trial: Trial) -> dict[str, Any]:
    """Both networks at five points: float32 and bfloat16 against the CPU's float32."""
    found = {}
    for name in NETWORKS:
        problem, plane = trial.problem(name, 8 if trial.dry else 256)
        rows = range(2 if trial.dry else len(POINTS))
        expected = dict(evaluate(problem.to("cpu"), plane, POINTS, rows))
        key = next(name for name in expected[0] if name.endswith("loss"))
        for way in (Settings(), replace(BEST, reduced=None), BEST):
            losses = dict(evaluate(problem, plane, POINTS, rows, trial.settings(way)))
            errors = [abs(losses[i][key] / expected[i][key] - 1) for i in rows]
            found[f"{name}: {way}"] = {"largest_relative_error": max(errors)}
    return found


def ways(trial: Trial) -> dict[str, Any]:
    """Precision, layout, batch size, graphs and cuDNN's trials; written as they come."""
    problem, plane = trial.problem(images=16 if trial.dry else 4096)
    sizes = (8,) if trial.dry else (128, 256, 384, 512, 1024, 2048, 4096)
    precisions = ("bfloat16",) if trial.dry else ("bfloat16", "tf32", None)
    layouts = [BEST, replace(BEST, fold=False), replace(BEST, channels_last=False)]
    found: dict[str, Any] = {}
    for reduced, size, layout in itertools.product(precisions, sizes, layouts):
        for graphs, benchmark in ((True, False), (True, True), (False, False)):
            way = replace(layout, reduced=reduced, batch_size=size, graphs=graphs)
            way = trial.settings(replace(way, cudnn_benchmark=benchmark and not trial.dry))
            found[str(way)] = {"images_per_second": trial.rate(problem, plane, way), **asdict(way)}
            print(json.dumps(found), flush=True)
            if trial.dry:
                return found
    return found


def winner(trial: Trial) -> Settings:
    """The fastest way of bfloat16 so far."""
    rates = [r for step in ("2", "5") for r in trial.results.get(step, {}).values()]
    rated = [r for r in rates if isinstance(r, dict) and r.get("reduced") == "bfloat16"]
    if not rated:
        return replace(BEST, batch_size=16 if trial.dry else 2048)
    best = max(rated, key=lambda r: float(r["images_per_second"]))
    return Settings(**{k: v for k, v in best.items() if k != "images_per_second"})


def kernels(trial: Trial) -> dict[str, Any]:
    """The kernels of a pass by time."""
    way = replace(trial.settings(winner(trial)), graphs=False)
    problem, plane = trial.problem(images=way.batch_size)
    (examples,) = problem.splits.values()
    kind = torch.profiler.ProfilerActivity
    with exactly():
        network = PointNetwork(problem, plane.to(problem.device), way)
        batch = examples.head(way.batch_size).batch(problem.dtype)
        problem.objective.outputs(network, batch)
        with torch.profiler.profile(activities=[kind.CPU if trial.dry else kind.CUDA]) as seen:
            problem.objective.outputs(network, batch)
    rows = sorted(seen.key_averages(), key=lambda row: -_time(row))[:12]
    return {row.key[:80]: {"calls": row.count, "microseconds": _time(row)} for row in rows}


def _time(row: Any) -> float:
    return float(getattr(row, "self_device_time_total", 0) or row.self_cpu_time_total)


def fused_operations(trial: Trial) -> dict[str, Any]:
    """cuDNN's convolution with sum and rectifier by shape: time, error, and whether NaN is kept."""
    if trial.dry:
        return {"skipped": "cuDNN is on a GPU only"}
    found = {}
    for (channels, side), last in itertools.product(SHAPES, (True, False)):
        layout = torch.channels_last if last else torch.contiguous_format
        x = torch.randn(2048, channels, side, side, device="cuda", dtype=torch.bfloat16)
        x = x.contiguous(memory_format=layout)
        w = torch.randn(channels, channels, 3, 3, device="cuda", dtype=torch.bfloat16) * 0.1
        w, b = w.contiguous(memory_format=layout), torch.randn_like(w[:, 0, 0, 0])
        plain = lambda x=x, w=w, b=b: F.relu(F.conv2d(x, w, b, padding=1))  # noqa: E731
        fused = lambda x=x, w=w, b=b: torch.cudnn_convolution_relu(x, w, b, *GEOMETRY)  # noqa: E731
        summed = lambda x=x, w=w, b=b: torch.cudnn_convolution_add_relu(  # noqa: E731
            x, w, x, 1.0, b, *GEOMETRY
        )
        exact = F.relu(F.conv2d(x.float(), w.float(), b.float(), padding=1))
        odd = x.clone()
        odd[0, 0, 0, 0] = float("nan")
        found[f"{channels} channels at {side}, {layout}"] = {
            "plain_s": median_seconds(plain, "cuda", 5),
            "relu_s": median_seconds(fused, "cuda", 5),
            "add_relu_s": median_seconds(summed, "cuda", 5),
            "relu_error": float((fused().float() - exact).abs().max() / exact.abs().max()),
            "keeps_nan": bool(fused(odd, w, b).isnan().any()),
        }
    return found


def inductor(trial: Trial) -> dict[str, Any]:
    """Compiled kernels, inside our own graph and without it."""
    if trial.dry:
        return {"skipped": "compiling takes a minute"}
    way = winner(trial)
    problem, plane = trial.problem(images=way.batch_size)
    found = {}
    for graphs in (True, False):
        compiled = replace(way, compiled=True, graphs=graphs, in_place=False)
        rate = trial.rate(problem, plane, compiled)
        found[str(compiled)] = {"images_per_second": rate, **asdict(compiled)}
        print(json.dumps(found), flush=True)
    return found


def persistent_kernel(trial: Trial) -> dict[str, Any]:
    return {"skipped": "no such kernel in this version"}


def whole_points(trial: Trial) -> dict[str, Any]:
    """Forty points over all images with the winner, twice: the time of 51×51 of them."""
    way, count = trial.settings(winner(trial)), 2 if trial.dry else 40
    problem, plane = trial.problem()
    points = np.linspace(-1, 1, count + 1)[:, None].repeat(2, axis=1)
    found: dict[str, Any] = {"settings": str(way)}
    for turn in ("first", "second"):
        results = evaluate(problem, plane, points, range(count + 1), way)
        next(results)  # built and captured
        start = time.perf_counter()
        losses = [values for _, values in results]
        seconds = time.perf_counter() - start
        found[turn] = {
            "images_per_second": len(losses) * trial.images / seconds,
            "minutes_for_51x51": seconds / len(losses) * GRID_POINTS / 60,
        }
    return found


STEPS: tuple[Callable[[Trial], dict[str, Any]], ...] = (
    *(versions_and_ceilings, values, ways, kernels),
    *(fused_operations, inductor, persistent_kernel, whole_points),
)


def main() -> int:
    """Run every step in a process of its own, or one of them here."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, help="folder with weights/ and data/")
    parser.add_argument("--dry-run", action="store_true", help="small numbers on the CPU")
    parser.add_argument("--step", type=int, choices=range(len(STEPS)), help="one step, here")
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu_trial.json"))
    options = parser.parse_args()
    if not options.dry_run and not torch.cuda.is_available():
        print("no CUDA device available to PyTorch: nothing was measured (try --dry-run)")
        return 1
    results = json.loads(options.output.read_text()) if options.output.exists() else {}
    trial = Trial(options.shared, options.dry_run, results)
    if options.step is not None:
        print(json.dumps(STEPS[options.step](trial)), flush=True)
        return 0
    if options.dry_run:  # in one process, which starts once
        for number, step in enumerate(STEPS):
            results[str(number)] = step(trial)
            options.output.write_text(json.dumps(results, indent=1))
    else:
        for number, limit in enumerate(LIMITS_S):
            results[str(number)] = alone(number, limit, options)
            options.output.write_text(json.dumps(results, indent=1))
    for number, step in enumerate(STEPS):
        print(f"| {number} {step.__name__} | {json.dumps(results[str(number)])[:160]} |")
    return 0


def alone(number: int, limit: float, options: argparse.Namespace) -> dict[str, Any]:
    """One step in its own process; what it printed last, also if it fails or takes too long."""
    shared = [] if options.shared is None else ["--shared", str(options.shared)]
    command = [sys.executable, __file__, "--step", str(number), "-o", str(options.output), *shared]
    command += ["--dry-run"] if options.dry_run else []
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            status = subprocess.run(
                command, stdout=out, stderr=err, timeout=limit, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            status = None
        out.seek(0), err.seek(0)
        lines = [line for line in out.read().splitlines() if line.startswith("{")]
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        if status != 0:
            found["failed"] = f"over {limit} s" if status is None else err.read()[-500:]
        return found


if __name__ == "__main__":
    sys.exit(main())
