"""Benchmark of the engine against the limits of a GPU, with the time for 51×51 points.

ResNet-56 at 32×32 over 50,000 images stored on the GPU as bytes. For each method it prints images
per second, the fraction of two limits, and the time for 2,601 points:

- arithmetic: 0.25 GFLOP per image, at the rate of a large matrix product measured first;
- memory: every activation written once and read once, at the bandwidth of a large copy.

    python scripts/bench_gpu.py -o bench_gpu.json

Without a CUDA device it prints a message and stops.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landscape.data import Examples
from landscape.data.preprocess import CIFAR10
from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluate
from landscape.evaluate.tuner import tune, tune_batch_size
from landscape.models import CifarResNet
from landscape.plane import Plane
from landscape.problem import Problem

FLOP_AN_IMAGE = 0.25e9
GRID_POINTS = 51 * 51
IMAGES = 50_000


def activation_bytes(model: torch.nn.Module, element: int) -> float:
    """Bytes per image moved by a network without fusion: outputs of its layers, in and out."""
    moved = [0]

    def count(module: torch.nn.Module, _: Any, output: torch.Tensor) -> None:
        moved[0] += 2 * output.numel() * element

    layers = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        model(torch.zeros(1, 3, 32, 32))
    for hook in hooks:
        hook.remove()
    return float(moved[0])


def median_seconds(work: Callable[[], object], device: str = "cuda", rounds: int = 5) -> float:
    """The median time of some work, after a warm-up round."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    times = []
    for _ in range(rounds + 1):
        wait()
        start = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def ceilings(device: str = "cuda", *, small: bool = False) -> dict[str, float]:
    """FLOP per second of a large matrix product by precision, bytes per second of a large copy."""
    found = {}
    side = 64 if small else 8192
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a = torch.randn(side, side, device=device, dtype=dtype)
        found[f"flop_{name}"] = 2 * side**3 / median_seconds(lambda a=a: a @ a, device)  # type: ignore[misc]
    source = torch.randn(2**12 if small else 2**30, device=device)
    target = torch.empty_like(source)
    copied = median_seconds(lambda: target.copy_(source), device)
    found["bytes"] = 2 * source.numel() * 4 / copied
    return found


def main() -> int:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=20, help="points to time (20)")
    parser.add_argument("-o", "--output", default="bench_gpu.json")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device available to PyTorch: nothing was measured")
        return 1
    torch.manual_seed(0)
    model = CifarResNet(56).eval()
    images = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8)
    examples = Examples(images, torch.randint(0, 10, (IMAGES,)), CIFAR10, "random")
    problem = Problem(model, {"train": examples}, device="cuda")
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    points = np.linspace(-1, 1, options.points + 1)[:, None].repeat(2, axis=1)
    tuned = tune(problem, plane, points, Settings())
    reduced = tune(problem, plane, points, Settings(reduced="bfloat16"))
    ways = {
        "plain": Settings(batch_size=2048),
        "float32": tune_batch_size(problem, plane, tuned),
        "bfloat16": tune_batch_size(problem, plane, reduced),
    }
    limits = ceilings()
    result: dict[str, Any] = {"device": torch.cuda.get_device_name(), "ceilings": limits}
    exact: list[float] = []
    for name, settings in ways.items():
        found = evaluate(problem, plane, points, range(len(points)), settings)
        losses = [next(found)[1]["train_loss"]]  # built and captured
        start = time.perf_counter()
        losses += [values["train_loss"] for _, values in found]
        rate = options.points * IMAGES / (time.perf_counter() - start)
        exact = exact or losses
        precision = "bfloat16" if settings.reduced else "float32"
        arithmetic = limits[f"flop_{precision}"] / FLOP_AN_IMAGE
        memory = limits["bytes"] / activation_bytes(model, 2 if settings.reduced else 4)
        error = max(abs(a - b) / b for a, b in zip(losses, exact, strict=True))
        minutes = GRID_POINTS * IMAGES / rate / 60
        print(
            f"{name:>9} {rate:9.0f} images/s: {rate / arithmetic:.1%} of the arithmetic limit, "
            f"{rate / memory:.1%} of the memory limit; 51×51×50,000 in {minutes:.1f} minutes; "
            f"relative difference of losses from plain at most {error:.1e}"
        )
        result[name] = {
            **{"images_per_second": rate, "losses": losses, "minutes": minutes},
            "settings": asdict(settings),
        }
        Path(options.output).write_text(json.dumps(result, indent=1))
    print(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
