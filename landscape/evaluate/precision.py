"""Measure whether a reduced precision is good enough on a given plane."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from landscape.evaluate.in_memory import evaluate
from landscape.evaluate.settings import Settings
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem

RELATIVE_BOUND, ABSOLUTE_BOUND = 0.02, 0.002
"""The largest accepted error of a loss: 2% of it plus 0.002 (see :class:`Measured`)."""

_EXAMPLES = 256


@dataclass(frozen=True)
class Measured:
    """The error of a reduced precision.

    ``error``: the largest |L' − L| / (0.02 |L| + 0.002) over the points tried, where L is the loss
    in the network's own precision and L' in the reduced one; infinite where only one is finite.
    ``points``: number of points tried.
    """

    error: float
    points: int

    @property
    def good_enough(self) -> bool:
        """Whether the error of every loss is at most 2% plus 0.002."""
        return self.error <= 1.0


def measure_precision(
    problem: Problem, plane: Plane, grid_points: FloatArray, settings: Settings
) -> Measured:
    """Compare ``settings.reduced`` with the network's own precision on a few points of the plane.

    The points are the corners of the grid, the point nearest to the trained network, points next
    to it and half-way out: a deep network without shortcuts is as sensitive at its minimum as
    anywhere. A few hundred examples of each split are used.
    """
    few = problem.with_splits({name: e.head(_EXAMPLES) for name, e in problem.splits.items()})
    chosen = probe_points(grid_points)
    exact = dict(evaluate(few, plane, grid_points, chosen, replace(settings, reduced=None)))
    reduced = dict(evaluate(few, plane, grid_points, chosen, settings))
    losses = [few.prefixed(split, "loss") for split in few.splits]
    errors = [_error(reduced[i][name], exact[i][name]) for i in chosen for name in losses]
    return Measured(max(errors), len(chosen))


def probe_points(grid_points: FloatArray) -> list[int]:
    """Indices of the points used by :func:`measure_precision`."""
    low, high = grid_points.min(axis=0), grid_points.max(axis=0)
    wanted = [np.zeros(grid_points.shape[1])]
    for share in (0.1, 0.5, 1.0):
        for signs in np.ndindex(*(2,) * grid_points.shape[1]):
            wanted.append(share * np.where(signs, high, low))
    nearest = [int(((grid_points - point) ** 2).sum(axis=1).argmin()) for point in wanted]
    return sorted(set(nearest))


def _error(reduced: float, exact: float) -> float:
    if np.isnan(reduced) and np.isnan(exact):
        return 0.0
    if not (np.isfinite(reduced) and np.isfinite(exact)):
        return 0.0 if reduced == exact else float("inf")
    return abs(reduced - exact) / (RELATIVE_BOUND * abs(exact) + ABSOLUTE_BOUND)
