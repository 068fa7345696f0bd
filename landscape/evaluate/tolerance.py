"""Adaptive evaluation: each point uses as many examples as its standard error needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch

from landscape.data import Batches, Examples, Rows, Split, in_memory
from landscape.errors import InputError, argument
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.ratio import linearized
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import Sample, Stopping, Tolerance, stratified
from landscape.evaluate.strata import at_spread_points, by_losses
from landscape.evaluate.tail import ASKED, HEAVY, HeavyTail, heavy_tail
from landscape.grid import CoarserCells, FloatArray, Grid
from landscape.plane import Plane
from landscape.problem import Column, Problem, gathered
from landscape.problem.column import joined
from landscape.quantity import stderr_name
from landscape.surface import HEAVY_TAIL, Surface


class ToTolerance:
    """Like :func:`landscape.evaluate.evaluate`, on a subset of the examples of each split.

    Every point uses a prefix of one fixed order of the examples, in which each prefix contains its
    share of every stratum; its length is what the standard error of the loss, the first metric,
    needs. See :mod:`landscape.evaluate.stopping` and :mod:`landscape.evaluate.strata`.

    Parameters
    ----------
    surface
        Provides the coordinates, and the results of earlier levels of the coarse-to-fine order:
        the sample size of a point depends on the means, errors and counts at the corners of the
        coarser cell around it. These must be done: record each result before requesting the next.
    with_losses
        Whether all examples are measured first at the trained weights (and, if their losses have a
        heavy tail, at the corners of the grid), to find strata; otherwise these are the classes,
        as in files of earlier versions.

    Raises
    ------
    InputError
        If the examples are a stream, whose order cannot be chosen, or given batches, which cannot
        be divided.
    """

    def __init__(
        self,
        problem: Problem,
        plane: Plane,
        surface: Surface,
        tolerance: Tolerance,
        settings: Settings | None = None,
        *,
        with_losses: bool = True,
    ) -> None:
        self._problem, self._plane, self._surface = problem, plane, surface
        self._settings = settings or Settings()
        self._network: PointNetwork | None = None
        self._cells, self._points = CoarserCells(surface.grid.shape), surface.grid.points()
        self._samplers = [
            _Sampler(problem, split, examples, tolerance, self._settings, with_losses)
            for split, examples in problem.splits.items()
        ]

    def prepare(self) -> PointNetwork:
        """Find the strata, the first time; returns the network that moves to the points."""
        if self._network is None:
            with exactly(self._problem.objective.needs_gradients):
                plane = self._plane.to(self._problem.device)
                network = PointNetwork(self._problem, plane, self._settings)
                for sampler in self._samplers:
                    sampler.prepare(network, self._surface.grid)
            _note_tails(self._surface, {one.loss: one.tail for one in self._samplers if one.tail})
            self._network = network
        return self._network

    def __call__(self, indices: Iterable[int]) -> Iterator[tuple[int, dict[str, float]]]:
        """Evaluate points.

        Parameters
        ----------
        indices
            Which points, coarse to fine. Values depend neither on the order within a level, nor on
            which points of it are evaluated here or were evaluated before.
        """
        network = self.prepare()
        for index in indices:
            if not self._surface.done.ravel()[self._cells.around(index)].all():
                raise ValueError(f"point {index} requested before the coarser points around it")
            found: dict[str, float] = {}
            # Exited before the caller's own code runs.
            with exactly(self._problem.objective.needs_gradients):
                network.move_to(self._points[index])
                for sampler in self._samplers:
                    found.update(sampler.measure(network, self._surface, index))
            yield index, found


def _note_tails(surface: Surface, tails: dict[str, HeavyTail]) -> None:
    """Say of which losses no interval can be promised, and what is done."""
    for loss, tail in tails.items():
        warnings.warn(
            f"the {loss} of single examples has a heavy tail ({tail}; below {HEAVY:g} the variance "
            "depends on the few largest), so it cannot be promised that ±1.96 standard errors "
            "cover 95%; points take examples until the standard error is half as large as asked",
            stacklevel=4,
        )
    if tails:
        surface.attributes[HEAVY_TAIL] = "; ".join(f"{k}: {tail}" for k, tail in tails.items())


def evaluate_to_tolerance(
    problem: Problem,
    plane: Plane,
    surface: Surface,
    tolerance: Tolerance,
    indices: Iterable[int],
    settings: Settings | None = None,
) -> Iterator[tuple[int, dict[str, float]]]:
    """The points with these indices, coarse to fine, by :class:`ToTolerance`."""
    yield from ToTolerance(problem, plane, surface, tolerance, settings)(indices)


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
        examples: Split,
        tolerance: Tolerance,
        settings: Settings,
        with_losses: bool,
    ) -> None:
        self._problem, self._tolerance, self._settings = problem, tolerance, settings
        self._names = [problem.prefixed(split, name) for name in problem.metrics]
        self._count = problem.prefixed(split, "count")
        self._with_losses = with_losses
        self._examples = one_by_one(problem, examples)
        self._in_full: dict[int, list[Column]] = {}
        self.loss = self._names[0]
        self.tail: HeavyTail | None = None

    def prepare(self, network: PointNetwork, grid: Grid) -> None:
        """Choose the order of the examples."""
        examples = self._examples
        labels = None if examples.labels is None else examples.labels.cpu().long().numpy()
        if self._with_losses:
            losses = at_spread_points(
                grid, self._tolerance, lambda place: self._all_at(network, grid, place)
            )
            self._sample: Sample = by_losses(losses, labels, examples.population)
            self.tail = heavy_tail(grid, losses[0], lambda place: self._some_at(network, place))
        else:
            self._sample = stratified(labels, len(examples), examples.population)
        self._examples = examples[torch.from_numpy(self._sample.order).to(examples.device)]
        tolerance = self._tolerance if self.tail is None else self.tail.stricter(self._tolerance)
        self._stopping = Stopping(tolerance, self._sample, grid.shape, self._in_full)

    def _all_at(self, network: PointNetwork, grid: Grid, coordinates: FloatArray) -> FloatArray:
        """Losses of all examples at a point, whose values are kept if it is one of the grid."""
        network.move_to(coordinates)
        columns = self._columns(network, 0, len(self._examples))
        for index in np.flatnonzero((grid.points() == coordinates).all(axis=1)).tolist():
            self._in_full[index] = columns
        return linearized(columns[0])

    def _some_at(self, network: PointNetwork, coordinates: FloatArray) -> FloatArray:
        """Losses of a random part of the examples at a point."""
        network.move_to(coordinates)
        chosen = np.random.default_rng(0).permutation(len(self._examples))[:ASKED]
        some = self._examples[torch.from_numpy(chosen).to(self._examples.device)]
        return linearized(self._values(network, some)[0])

    def measure(self, network: PointNetwork, surface: Surface, index: int) -> dict[str, float]:
        """Means, standard errors and count, by quantity name."""
        if index in self._in_full:
            return self._with_all(self._in_full[index])
        drawn: list[Column] = []

        def draw(n: int) -> FloatArray:
            nonlocal drawn
            done = len(drawn[0].values) if drawn else 0
            if n > done:
                new = self._columns(network, done, n)
                pairs = zip(drawn, new, strict=True) if drawn else ((c,) for c in new)
                drawn = [joined(pair) for pair in pairs]
            return linearized(drawn[0], self._sample.shares(n))

        count, mean, stderr = self._stopping.at(
            index, draw, lambda around: self._known(surface, around)
        )
        loss, *others = self._names
        found = {loss: mean, stderr_name(loss): stderr, self._count: float(count)}
        for name, column in zip(others, drawn[1:], strict=True):
            values = linearized(column, self._sample.shares(count))
            found[name], found[stderr_name(name)] = self._sample.of_metric(values)
        return found

    def _with_all(self, columns: Sequence[Column]) -> dict[str, float]:
        """The values of all examples."""
        found = {self._count: float(len(self._examples))}
        for name, column in zip(self._names, columns, strict=True):
            values = linearized(column)
            found[name], found[stderr_name(name)] = mean_and_stderr(values, self._sample.population)
        return found

    def _columns(self, network: PointNetwork, start: int, stop: int) -> list[Column]:
        return self._values(network, self._examples[start:stop])

    def _values(self, network: PointNetwork, examples: Examples | Rows) -> list[Column]:
        batches = examples.batches(self._problem.dtype, self._settings.batch_size)
        return gathered(self._problem.objective, network, batches)

    def _known(self, surface: Surface, around: Sequence[int]) -> list[tuple[float, float, float]]:
        """Mean, standard error and count of points, as recorded."""
        loss = self._names[0]
        columns = [
            surface.values[name].ravel()[list(around)].tolist()
            for name in (loss, stderr_name(loss), self._count)
        ]
        return list(zip(*columns, strict=True))
