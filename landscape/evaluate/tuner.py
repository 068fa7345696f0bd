"""Trying the admissible settings for a moment on real points, and taking the fastest."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.evaluate.network import PointNetwork
from landscape.evaluate.resident import exactly
from landscape.evaluate.settings import Settings
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem

BATCH_SIZES = (64, 128, 256)
ROUNDS = 3
_AT_MOST = 256  # examples a trial
_ROUNDING = 1e-3  # relative to the largest output: float32 through a hundred layers


@dataclass
class _Trial:
    """One way of computing, and the seconds each of its rounds took."""

    settings: Settings
    network: PointNetwork
    seconds: list[float]


def tune(
    problem: Problem, plane: Plane, points: FloatArray, base: Settings, *, fixed: bool = False
) -> Settings:
    """The fastest settings that give the same outputs to rounding.

    Folding and memory layout are tried in all combinations with every batch size, in turn, and
    the smallest time of each counts, so that a moment's noise decides nothing. A combination
    whose outputs differ from the plain ones is not admissible.

    Parameters
    ----------
    problem, plane
        What will be measured.
    points
        Shape (n, number of axes): two or more points of the run, the first two are used.
    base
        The plain settings.
    fixed
        Whether the batch size of ``base`` is to be kept.
    """
    examples = next(iter(problem.splits.values()))
    inputs, _ = problem.prepare(examples.head(_AT_MOST), 0, _AT_MOST)
    layouts = {
        replace(base, fold=fold, channels_last=last)
        for fold in (False, True)
        for last in ((False, True) if inputs.ndim == 4 else (False,))
    }
    with exactly():
        place = plane.to(problem.device)
        plain = PointNetwork(problem, place, base)
        networks = {layout: PointNetwork(problem, place, layout) for layout in layouts}
        expected = _outputs(plain, points[:2], inputs)
        admissible = {
            layout: network
            for layout, network in networks.items()
            if _equal(_outputs(network, points[:2], inputs), expected)
        }
        trials = [
            _Trial(replace(layout, batch_size=size), network, [])
            for layout, network in admissible.items()
            for size in ((base.batch_size,) if fixed else BATCH_SIZES)
        ]
        return _fastest(trials, inputs) if trials else base


def _outputs(network: PointNetwork, points: FloatArray, inputs: Tensor) -> list[Tensor]:
    found = []
    for point in points:
        network.move_to(point)
        found.append(network(inputs[:32]))
    return found


def _equal(found: list[Tensor], expected: list[Tensor]) -> bool:
    """Equal to rounding, NaN and infinity included."""
    return all(
        torch.allclose(
            a,
            b,
            rtol=_ROUNDING,
            atol=_ROUNDING * float(b[b.isfinite()].abs().max()) if b.isfinite().any() else 0.0,
            equal_nan=True,
        )
        for a, b in zip(found, expected, strict=True)
    )


def _fastest(trials: Iterable[_Trial], inputs: Tensor) -> Settings:
    trials = list(trials)
    for _ in range(ROUNDS):
        for trial in trials:
            _synchronize(inputs.device)
            start = time.perf_counter()
            for batch in inputs.split(trial.settings.batch_size):
                trial.network(batch)
            _synchronize(inputs.device)
            trial.seconds.append(time.perf_counter() - start)
    return min(trials, key=lambda trial: min(trial.seconds)).settings


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
