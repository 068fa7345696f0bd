"""Benchmark of the engine against the usual loops, in one interleaved run.

Part one: images per second of ResNet-56 at 32×32 at a few points of a plane,

- ``loader``: the loop of existing tools: a DataLoader with two workers over PIL images that are
  decoded again for every point, batch 128, ``.item()`` at every batch;
- ``plain``: images in memory, float32, the unmodified network;
- ``untuned``: the same as computed by landscape.sample with ``--tune off``;
- ``float32``: the tuned settings (folding, fusion, memory layout, batch size);
- ``bfloat16``: the same in bfloat16.

The first two run in one process, as another program would, and ours in another, which keeps freed
memory as the commands do (``landscape.memory``). They run in turn, never at the same time; medians
are compared, and each loss is checked. The bfloat16 peak of the CPU is measured too, by a large
matrix product. Then the same, without the loader, on the digits. Part two (``--scaling``): seconds
and the share of time outside the network's forward passes, against the number of points, the
number of examples and the size of the network.

    python scripts/bench_engine.py --weights li2018_resnet56.t7 --data cifar10:PATH -o bench.json
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples, load
from landscape.data.preprocess import CIFAR10
from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluation_for
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.tuner import tune, tune_abreast, tune_batch_size
from landscape.grid import FloatArray, Grid
from landscape.memory import keep_freed_memory
from landscape.models import CifarResNet
from landscape.models.named import build_network
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface


class PilImages(Dataset):  # type: ignore[type-arg]
    """Images as in existing tools: decoded and normalized one by one at every access."""

    def __init__(self, examples: Examples) -> None:
        self.images = examples.inputs.permute(0, 2, 3, 1).numpy()
        self.targets = examples.targets
        self.mean = torch.tensor(CIFAR10.mean).reshape(3, 1, 1)
        self.std = torch.tensor(CIFAR10.std).reshape(3, 1, 1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        from PIL import Image

        image = np.asarray(Image.fromarray(self.images[i]))
        tensor = torch.from_numpy(image.transpose(2, 0, 1).copy()).float() / 255
        return (tensor - self.mean) / self.std, int(self.targets[i])


def loader_loop(problem: Problem, plane: Plane, points: FloatArray) -> list[float]:
    """The loop of existing tools; returns the loss at each point."""
    examples = problem.splits["train"]
    loader = DataLoader(PilImages(examples), batch_size=128, num_workers=2)
    losses, model = [], copy.deepcopy(problem.model)
    for point in points:
        plane.write(point, model)
        total = 0.0
        with torch.no_grad():
            for inputs, targets in loader:
                loss = F.cross_entropy(model(inputs), targets)
                total += loss.item() * len(inputs)
        losses.append(total / len(examples))
    return losses


def evaluated(
    settings: Settings, problem: Problem, plane: Plane, points: FloatArray
) -> list[float]:
    """Our evaluation with given settings; returns the loss at each point."""
    evaluation = evaluation_for(problem, settings)
    found = dict(evaluation(problem, plane, points, range(len(points)), settings))
    return [found[i]["train_loss"] for i in range(len(points))]


def tuned_settings(problem: Problem, plane: Plane, points: FloatArray) -> dict[str, Settings]:
    """Tuned settings in two precisions."""
    layouts = tune(problem, plane, points, Settings())
    reduced = [replace(settings, reduced="bfloat16") for settings in layouts]
    return {
        "float32": tune_abreast(problem, plane, tune_batch_size(problem, plane, layouts)),
        "bfloat16": tune_abreast(problem, plane, tune_batch_size(problem, plane, reduced)),
    }


PLAIN = partial(evaluated, Settings())
Way = Callable[[Problem, Plane, FloatArray], list[float]]
Subject = tuple[Problem, Plane, FloatArray]
_subject: list[Subject] = []  # in a measuring process


def _begin(subject: Callable[[], Subject], as_a_command: bool, starting: str) -> None:
    # Otherwise the workers of a loader would be spawned like this process, which takes seconds.
    multiprocessing.set_start_method(starting, force=True)
    if as_a_command:
        keep_freed_memory()
    _subject[:] = [subject()]


def _answer(question: Callable[..., Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    answer = question(*_subject[0])
    return answer, time.perf_counter() - start


class Measuring:
    """A separate process that holds a subject and runs functions on it."""

    def __init__(self, subject: Callable[[], Subject], *, as_a_command: bool) -> None:
        as_programs_do = multiprocessing.get_start_method()
        self._pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _begin, (subject, as_a_command, as_programs_do)
        )

    def __call__(self, question: Callable[..., Any]) -> tuple[Any, float]:
        """The result, and the seconds it took there."""
        return self._pool.submit(_answer, question).result()

    def __enter__(self) -> Measuring:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def compare(subject: Callable[[], Subject], others: dict[str, Way], rounds: int) -> dict[str, Any]:
    """Run every method in turn, repeatedly; print medians and differences of the losses."""
    with (
        Measuring(subject, as_a_command=False) as theirs,
        Measuring(subject, as_a_command=True) as ours,
    ):
        ways = {name: (theirs, way) for name, way in others.items()}
        ways["untuned"] = (ours, PLAIN)
        for name, settings in ours(tuned_settings)[0].items():
            print(f"{name:>9} is {settings}")
            ways[name] = (ours, partial(evaluated, settings))
        images = ours(images_of)[0]
        rates: dict[str, list[float]] = {name: [] for name in ways}
        losses: dict[str, list[float]] = {}
        for round_ in range(rounds + 1):  # the first warms up
            for name, (process, way) in ways.items():
                losses[name], seconds = process(way)
                if round_:
                    rates[name].append(images / seconds)
    report(rates, losses)
    return {"images": images, "rates": rates, "losses": losses}


def report(rates: dict[str, list[float]], losses: dict[str, list[float]]) -> None:
    """Print the median rates, their ratios, and the largest differences of the losses."""
    medians = {name: statistics.median(r) for name, r in rates.items()}
    for name in rates:
        error = max(abs(a - b) / b for a, b in zip(losses[name], losses["plain"], strict=True))
        ratios = ", ".join(
            f"{medians[name] / medians[other]:.2f} of {other}"
            for other in ("plain", "loader", "untuned")
            if other in medians
        )
        print(
            f"{name:>9} {medians[name]:7.0f} images/s, {ratios}; "
            f"relative difference of losses from plain at most {error:.1e}"
        )


def images_of(problem: Problem, plane: Plane, points: FloatArray) -> int:
    """Number of images evaluated in a round."""
    return len(points) * len(problem.splits["train"])


def ceiling(problem: Problem) -> float:
    """Images per second in bfloat16 at the rate of one large matrix product."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        batch = problem.splits["train"].head(1).batch(problem.dtype)
        problem.objective.outputs(problem.model, batch)
    a, b = (torch.randn(1024, 1024).bfloat16() for _ in range(2))
    seconds: list[float] = []
    while not seconds or (len(seconds) < 9 and sum(seconds) < 1):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    rate = float(2 * 1024**3 / min(seconds) / counter.get_total_flops())
    print(f"  ceiling {rate:7.0f} images/s, at the rate of a large bfloat16 matrix product")
    return rate


def digits(depth: int, limit: int, side: int) -> Subject:
    """A few small images: a ResNet on the digits, as in the default job."""
    torch.manual_seed(0)
    examples = load("digits", "train", limit=limit)
    problem = Problem(CifarResNet(depth, in_channels=1).eval(), {"train": examples})
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    return problem, plane, Grid(np.linspace(-1, 1, side), np.linspace(-1, 1, side)).points()


def resnet(
    depth: int,
    weights: str | None,
    shortcuts: str | None,
    data: str | None,
    limit: int,
    points: int,
) -> Subject:
    """Images of 32×32 on a diagonal of a random plane."""
    torch.manual_seed(0)
    if data:
        examples = load(data, "train", limit=limit)
    else:
        images = torch.randint(0, 256, (limit, 3, 32, 32), dtype=torch.uint8)
        examples = Examples(images, torch.randint(0, 10, (limit,)), CIFAR10, "random")
    if weights:
        model = build_network(None, read_checkpoint(weights), shortcuts=shortcuts).model
    else:
        model = CifarResNet(depth).eval()
    problem = Problem(model, {"train": examples})
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    return problem, plane, np.linspace(0, 0.25, points)[:, None] * [1.0, -1.0]


@contextmanager
def forward_clock() -> Iterator[list[float]]:
    """Seconds spent in the networks' forward passes (exact on a CPU)."""
    seconds = [0.0]
    real = PointNetwork.__call__

    def timed(self: PointNetwork, inputs: Tensor) -> Tensor:
        start = time.perf_counter()
        output = real(self, inputs)
        seconds[0] += time.perf_counter() - start
        return output

    PointNetwork.__call__ = timed  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        PointNetwork.__call__ = real  # type: ignore[method-assign]


def one_run(problem: Problem, points: int, folder: Path) -> dict[str, float]:
    """A whole run with saving and progress, on a line of points.

    Tuning is not timed; one point at a time, so that times of threads do not add up.
    """
    path = folder / "bench.h5"
    path.unlink(missing_ok=True)
    grid = Grid(np.linspace(-1, 1, points))
    plane = Plane(problem.origin, [make_directions(problem.origin, 1)[0].vector])
    few = problem.with_splits({"train": problem.splits["train"].head(512)})
    tuned = tune_batch_size(few, plane, tune(few, plane, grid.points()[[0, -1]], Settings()))
    chosen = (tuned, tuned.attributes(problem.dtype))
    chosen_before = mock.patch("landscape.run.plan.choose_settings", return_value=chosen)
    with chosen_before, forward_clock() as forward:
        start = time.perf_counter()
        sample_surface(problem, grid.x, None, path=path)
        wall = time.perf_counter() - start
    path.unlink()
    return {"points": points, "seconds": wall, "outside_forward": 1 - forward[0] / wall}


def repeated(examples: Examples, n: int) -> Examples:
    """``n`` examples by repetition, which does not affect the cost."""
    index = torch.arange(n) % len(examples)
    return Examples(
        examples.inputs[index], examples.targets[index], examples.preprocess, examples.source
    )


def scaling(problem: Problem, folder: Path) -> dict[str, list[dict[str, float]]]:
    """Part two."""
    examples = problem.splits["train"]
    small = problem.with_splits({"train": repeated(examples, 20)})
    found: dict[str, list[dict[str, float]]] = {"points": [], "examples": [], "networks": []}
    for points in (9, 81, 289, 2601):
        found["points"].append({"examples": 20, **one_run(small, points, folder)})
    for n in (500, 1000, 5000, 50000):
        many = problem.with_splits({"train": repeated(examples, n)})
        found["examples"].append({"examples": n, **one_run(many, 2, folder)})
    for depth in (8, 20, 56, 110):
        network = Problem(CifarResNet(depth).eval(), {"train": repeated(examples, 1000)})
        found["networks"].append({"depth": depth, **one_run(network, 5, folder)})
    for part, rows in found.items():
        for row in rows:
            print(part, ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
    return found


def environment() -> dict[str, Any]:
    """Hardware and versions."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "processor": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", help="a ResNet-56 checkpoint; without it, untrained weights")
    parser.add_argument("--depth", type=int, default=56, help="layers without a checkpoint (56)")
    parser.add_argument("--shortcuts", help="if the checkpoint does not determine them")
    parser.add_argument("--data", help="cifar10:PATH; without it, random images")
    parser.add_argument("--examples", type=int, default=1000, help="examples per point (1000)")
    parser.add_argument("--points", type=int, default=6, help="points per round (6)")
    parser.add_argument("--digits", type=int, default=25, help="points along an axis (25)")
    parser.add_argument("--rounds", type=int, default=5, help="(5)")
    parser.add_argument("--scaling", action="store_true", help="run part two too (minutes)")
    parser.add_argument("-o", "--output", default="bench_engine.json")
    options = parser.parse_args()
    of_cifar = partial(
        resnet,
        options.depth,
        options.weights,
        options.shortcuts,
        options.data,
        options.examples,
        options.points,
    )
    result: dict[str, Any] = {"environment": environment()}
    before = ceiling(of_cifar()[0])
    result["compare"] = compare(of_cifar, {"loader": loader_loop, "plain": PLAIN}, options.rounds)
    result["ceiling"] = [before, ceiling(of_cifar()[0])]
    few = min(options.examples, 400)
    print(f"digits, 8×8, {few} of them at each of {options.digits}×{options.digits} points")
    of_digits = partial(digits, options.depth, few, options.digits)
    result["digits"] = compare(of_digits, {"plain": PLAIN}, options.rounds)
    if options.scaling:
        keep_freed_memory()
        result["scaling"] = scaling(of_cifar()[0], Path(options.output).parent)
    Path(options.output).write_text(json.dumps(result, indent=1))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
