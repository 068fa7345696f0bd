"""Trying the admissible settings for a moment on real points, and taking the fastest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.evaluate.network import PointNetwork
from landscape.evaluate.resident import exactly
from landscape.evaluate.settings import Settings
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem

BATCH_SIZES = (64, 128, 256, 512)
ROUNDS = 3
_FEW, _MANY = 128, 512  # examples of a trial: of layouts, of batch sizes
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

    First folding, working in place and memory layout are tried in all combinations, then batch
    sizes with the fastest of them. Trials take turns and the smallest time of each counts, so that
    a moment's noise decides nothing. A combination whose outputs differ from the plain ones is
    not admissible.

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
    inputs, _ = problem.prepare(next(iter(problem.splits.values())).head(_MANY), 0, _MANY)
    layouts = [
        replace(base, fold=fold, in_place=in_place, channels_last=last)
        for fold, in_place in ((False, False), (True, False), (True, True), (False, True))
        for last in ((False, True) if inputs.ndim == 4 else (False,))
    ]
    with exactly():
        place = plane.to(problem.device)
        expected = _outputs(PointNetwork(problem, place, base), points[:2], inputs)
        networks = {layout: PointNetwork(problem, place, layout) for layout in layouts}
        admissible = [
            _Trial(layout, network, [])
            for layout, network in networks.items()
            if _equal(_outputs(network, points[:2], inputs), expected)
        ]
        if not admissible:
            return base
        best = _fastest(admissible, inputs[:_FEW])
        if fixed:
            return best.settings
        sizes = [size for size in BATCH_SIZES if size < 2 * len(inputs)] or BATCH_SIZES[:1]
        trials = [_Trial(replace(best.settings, batch_size=n), best.network, []) for n in sizes]
        return _fastest(trials, inputs).settings


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


def _fastest(trials: Sequence[_Trial], inputs: Tensor) -> _Trial:
    for _ in range(ROUNDS):
        for trial in trials:
            _synchronize(inputs.device)
            start = time.perf_counter()
            for batch in inputs.split(trial.settings.batch_size):
                trial.network(batch)
            _synchronize(inputs.device)
            trial.seconds.append(time.perf_counter() - start)
    return min(trials, key=lambda trial: min(trial.seconds))


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
