"""Adaptive evaluation: each point uses as many examples as its standard error needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch

from landscape.data import Batches, Examples, Rows, Split, in_memory
from landscape.errors import InputError, argument
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.ratio import linearized
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import (
    Sample,
    Tolerance,
    first_look,
    needed_around,
    sample_until_within,
    stratified,
)
from landscape.grid import CoarserCells, FloatArray
from landscape.plane import Plane
from landscape.problem import Column, Problem, gathered
from landscape.problem.column import joined
from landscape.quantity import stderr_name
from landscape.surface import Surface


def evaluate_to_tolerance(
    problem: Problem,
    plane: Plane,
    surface: Surface,
    tolerance: Tolerance,
    indices: Iterable[int],
    settings: Settings | None = None,
) -> Iterator[tuple[int, dict[str, float]]]:
    """Like :func:`landscape.evaluate.evaluate`, on a subset of the examples of each split.

    Every point uses a prefix of one fixed order of the examples, in which each prefix contains its
    share of every class; its length is what the standard error of the loss, the first metric,
    needs. See :mod:`landscape.evaluate.stopping`.

    Parameters
    ----------
    surface
        Provides the coordinates, and the results of earlier levels of the coarse-to-fine order:
        the sample size of a point depends on the means, errors and counts at the corners of the
        coarser cell around it. These must be done: record each result before requesting the next.
    indices
        Which points, coarse to fine. Values depend neither on the order within a level, nor on
        which points of it are evaluated here or were evaluated before.

    Raises
    ------
    InputError
        If the examples are a stream, whose order cannot be chosen, or given batches, which cannot
        be divided.
    """
    settings = settings or Settings()
    samplers = [
        _Sampler(problem, split, one_by_one(problem, examples), tolerance, settings)
        for split, examples in problem.splits.items()
    ]
    cells, points = CoarserCells(surface.grid.shape), surface.grid.points()
    with exactly(problem.objective.needs_gradients):
        network = PointNetwork(problem, plane.to(problem.device), settings)
    for index in indices:
        around = cells.around(index)
        if not surface.done.ravel()[around].all():
            raise ValueError(f"point {index} requested before the coarser points around it")
        found: dict[str, float] = {}
        # Exited before the caller's own code runs.
        with exactly(problem.objective.needs_gradients):
            network.move_to(points[index])
            for sampler in samplers:
                found.update(sampler.measure(network, surface, around, cells.level(index)))
        yield index, found


def one_by_one(problem: Problem, examples: Split) -> Examples | Rows:
    """The examples of a split, if each can be measured by itself.

    Raises
    ------
    InputError
        Saying why not.
    """
    held = in_memory(examples)
    if isinstance(held, Batches):
        raise InputError(
            f"{argument('tolerance')}: these examples are in batches that cannot be divided, "
            "because they were given so, the objective returns one number for a batch, or the "
            "noise is fixed by batch; give tensors or a Dataset and an objective that returns a "
            f"number per example, or leave {argument('tolerance')} out"
        )
    if not all(problem.is_per_example(name) for name in problem.metrics):
        raise InputError(
            f"{argument('tolerance')} needs an objective that returns a number per example, "
            f"(n,) or a pair of (n,), not one for a batch; or leave {argument('tolerance')} out"
        )
    return held


class _Sampler:
    """One split in its sampling order, evaluated at the network's current point."""

    def __init__(
        self,
        problem: Problem,
        split: str,
        examples: Examples | Rows,
        tolerance: Tolerance,
        settings: Settings,
    ) -> None:
        self._problem, self._split = problem, split
        self._tolerance, self._settings = tolerance, settings
        self._names = [problem.prefixed(split, name) for name in problem.metrics]
        self._count = problem.prefixed(split, "count")
        labels = None if examples.labels is None else examples.labels.cpu().long().numpy()
        self._sample: Sample = stratified(labels, len(examples), examples.population)
        self._examples = examples[torch.from_numpy(self._sample.order).to(examples.device)]

    def measure(
        self, network: PointNetwork, surface: Surface, around: Sequence[int], level: int
    ) -> dict[str, float]:
        """Means, standard errors and count, by quantity name."""
        drawn: list[Column] = []

        def draw(n: int) -> FloatArray:
            nonlocal drawn
            done = len(drawn[0].values) if drawn else 0
            if n > done:
                new = self._columns(network, done, n)
                pairs = zip(drawn, new, strict=True) if drawn else ((c,) for c in new)
                drawn = [joined(pair) for pair in pairs]
            return linearized(drawn[0])

        count, mean, stderr = sample_until_within(
            self._tolerance,
            self._sample,
            draw,
            self._needed(surface, around),
            first_look(level, len(self._examples)),
        )
        loss, *others = self._names
        found = {loss: mean, stderr_name(loss): stderr, self._count: float(count)}
        for name, column in zip(others, drawn[1:], strict=True):
            found[name], found[stderr_name(name)] = self._other(linearized(column))
        return found

    def _other(self, values: FloatArray) -> tuple[float, float]:
        """Mean and error of a metric other than the one that determined the number of examples.

        The few examples of a class often all have the same value, as with an accuracy, so their
        variance is underestimated: the error is at least that of an unstratified sample.
        """
        mean, stderr = self._sample.mean_and_stderr(values)
        _, simple = mean_and_stderr(values, self._sample.population)
        return mean, max(stderr, simple)

    def _columns(self, network: PointNetwork, start: int, stop: int) -> list[Column]:
        dtype, size = self._problem.dtype, self._settings.batch_size
        batches = self._examples[start:stop].batches(dtype, size)
        return gathered(self._problem.objective, network, batches)

    def _needed(self, surface: Surface, around: Sequence[int]) -> float:
        """Mean number of examples that the points around need, from their recorded values."""
        loss = self._names[0]
        columns = [
            surface.values[name].ravel()[list(around)]
            for name in (loss, stderr_name(loss), self._count)
        ]
        known = list(zip(*(column.tolist() for column in columns), strict=True))
        return needed_around(self._tolerance, known, self._sample.population)
