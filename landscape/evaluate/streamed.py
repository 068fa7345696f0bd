"""Streamed evaluation: each batch is read, decoded and moved once, and evaluated at K points.

Data larger than memory are read once per K points, not once per point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch

from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.ratio import RatioMoments
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import Moments
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Column, OwnObjective, Problem
from landscape.quantity import stderr_name

MEMORY = 512 * 2**20
"""Bytes that the weights of the K points may take together."""

_AT_MOST = 64


def evaluate_streamed(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    indices: Iterable[int],
    settings: Settings | None = None,
) -> Iterator[tuple[int, dict[str, float]]]:
    """Like :func:`landscape.evaluate.evaluate`, for data that are read again in every pass.

    The batches are those of the stream. Means and variances are accumulated on the device, in
    float64 (float32 on Apple MPS, which has no float64).
    """
    settings = settings or Settings()
    plane = plane.to(problem.device)
    at_once = points_at_once(problem)
    apart = isinstance(problem.objective, OwnObjective)
    networks: list[PointNetwork] = []
    waiting = iter(indices)
    while chunk := list(islice(waiting, at_once)):
        with exactly(problem.objective.needs_gradients):
            while len(networks) < len(chunk):
                networks.append(PointNetwork(problem, plane, settings))
            for network, index in zip(networks, chunk, strict=False):
                network.move_to(points[index])
            found: list[dict[str, float]] = [{} for _ in chunk]
            for split, examples in problem.splits.items():
                moments = [Gathered(apart) for _ in chunk]
                for batch in examples.batches(problem.dtype, settings.batch_size):
                    for network, gathered in zip(networks, moments, strict=False):
                        gathered.add(problem.objective.columns(network, batch))
                for values, gathered in zip(found, moments, strict=True):
                    values.update(_summary(problem, split, gathered))
        yield from zip(chunk, found, strict=True)


def points_at_once(problem: Problem) -> int:
    """K: the number of points whose weights fit into :data:`MEMORY`, from 1 to 64."""
    size = sum(p.numel() * p.element_size() for p in problem.model.parameters())
    return max(1, min(_AT_MOST, MEMORY // max(size, 1)))


def _summary(problem: Problem, split: str, gathered: Gathered) -> dict[str, float]:
    found: dict[str, float] = {}
    populations = [
        problem.population(split, name, count)
        for name, count in zip(problem.metrics, gathered.counts, strict=True)
    ]
    for name, (mean, stderr) in zip(
        problem.metrics, gathered.means_and_stderrs(populations), strict=True
    ):
        key = problem.prefixed(split, name)
        found[key] = mean
        if problem.has_stderr(split, name):
            found[stderr_name(key)] = stderr
    found[problem.prefixed(split, "count")] = float(len(problem.splits[split]))
    return found


class Gathered:
    """Moments of every metric: together, which takes fewer steps, or each by itself.

    Parameters
    ----------
    apart
        Whether metrics may differ in their numbers of values, or have weights.
    """

    def __init__(self, apart: bool) -> None:
        self._separately = apart
        self.counts: list[int] = []
        self._together: Moments | None = None
        self._apart: list[Moments | RatioMoments] = []

    def add(self, columns: Sequence[Column]) -> None:
        """Add the columns of a batch."""
        first = self._together is None and not self._apart
        if first and not self._separately:
            self._together = Moments()
        elif first:
            self._apart = [Moments() if c.weights is None else RatioMoments() for c in columns]
        if self._together is not None:
            self._together.add(torch.stack([column.values for column in columns]))
            self.counts = [self._together.count] * len(columns)
            return
        for moments, column in zip(self._apart, columns, strict=True):
            if isinstance(moments, RatioMoments):
                moments.add(column)
            else:
                moments.add(column.values[None])
        self.counts = [moments.count for moments in self._apart]

    def means_and_stderrs(self, populations: Sequence[float]) -> list[tuple[float, float]]:
        """Per metric."""
        if self._together is not None:
            return self._together.means_and_stderrs(populations[0])
        return [
            moments.mean_and_stderr(population)
            if isinstance(moments, RatioMoments)
            else moments.means_and_stderrs(population)[0]
            for moments, population in zip(self._apart, populations, strict=True)
        ]
