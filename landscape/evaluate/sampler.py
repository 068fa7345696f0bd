"""The examples of one split in their sampling order, at one point after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from landscape.data import Batches, Examples, Rows, Split, in_memory
from landscape.errors import InputError, argument
from landscape.evaluate.interpolated import Known, interpolated
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.predicted import Predicting
from landscape.evaluate.ratio import linearized
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import (
    Sample,
    Stopping,
    Tolerance,
    sample_until_within,
    stratified,
)
from landscape.evaluate.strata import LossStrata, at_spread_points, by_losses
from landscape.evaluate.tail import ASKED, HeavyTail, heavy_tail
from landscape.grid import CoarserCells, FloatArray, Grid, IntArray
from landscape.problem import Column, Problem, gathered
from landscape.quantity import stderr_name
from landscape.surface import Surface


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


class Sampler:
    """One split in its sampling order, evaluated at the network's current point.

    Parameters
    ----------
    cells
        The corners from which a point is predicted; points of their levels are kept.
    longest
        Number of examples that are kept of a point; 0 if none are predicted.

    Raises
    ------
    InputError
        See :func:`one_by_one`.
    """

    def __init__(
        self,
        problem: Problem,
        split: str,
        examples: Split,
        tolerance: Tolerance,
        settings: Settings,
        cells: CoarserCells,
        longest: int,
    ) -> None:
        self._problem, self._tolerance, self._settings = problem, tolerance, settings
        self._names = [problem.prefixed(split, name) for name in problem.metrics]
        self._count = problem.prefixed(split, "count")
        self._cells, self._longest = cells, longest
        self._examples = one_by_one(problem, examples)
        self._in_full: dict[int, list[Column]] = {}
        self._predicting: Predicting | None = None
        self._weighted = False
        self.loss = self._names[0]
        self.tail: HeavyTail | None = None

    def prepare(self, network: PointNetwork, surface: Surface, *, with_losses: bool) -> None:
        """Choose the order of the examples; ``with_losses``: by those of all examples, too."""
        examples, grid = self._examples, surface.grid
        self._points = grid.points() + 0.0  # -0 is 0
        labels = None if examples.labels is None else examples.labels.cpu().long().numpy()
        if with_losses:
            losses = at_spread_points(
                grid, self._tolerance, lambda place: self._all_at(network, grid, place)
            )
            self._sample: Sample = by_losses(losses, labels, examples.population)
            self.tail = heavy_tail(grid, losses[0], lambda place: self._some_at(network, place))
            if self.tail is not None:
                self._tolerance = self.tail.stricter(self._tolerance)
        else:
            self._sample = stratified(labels, len(examples), examples.population)
        order = self._sample.order
        self._examples = examples[torch.from_numpy(order).to(examples.device)]
        self._stopping = Stopping(self._tolerance, self._sample, grid.shape, self._in_full)
        if self._longest and isinstance(self._sample, LossStrata) and not self._weighted:
            self._predicting = Predicting(self._tolerance, self._sample, self._longest)
            for index, columns in self._in_full.items():
                values = np.stack([linearized(column)[order] for column in columns])
                self._keep(surface, index, self._predicting.of_all(values))

    def _all_at(self, network: PointNetwork, grid: Grid, coordinates: FloatArray) -> FloatArray:
        """Losses of all examples at a point, whose values are kept if it is one of the grid."""
        network.move_to(coordinates)
        columns = self._columns(network, np.arange(len(self._examples)))
        self._weighted |= any(column.weights is not None for column in columns)
        for index in np.flatnonzero((grid.points() == coordinates).all(axis=1)).tolist():
            self._in_full[index] = columns
        return linearized(columns[0])

    def _some_at(self, network: PointNetwork, coordinates: FloatArray) -> FloatArray:
        """Losses of a random part of the examples at a point."""
        network.move_to(coordinates)
        chosen = np.random.default_rng(0).permutation(len(self._examples))[:ASKED]
        return linearized(self._columns(network, chosen)[0])

    def lacks(self, surface: Surface, index: int) -> bool:
        """Whether predictions need a point of which nothing is kept."""
        return self._predicting is not None and index not in self._kept(surface)

    def measure(self, network: PointNetwork, surface: Surface, index: int) -> dict[str, float]:
        """Means, standard errors and count, by quantity name."""
        if index in self._in_full:
            return self._with_all(self._in_full[index])
        here = _Here(self._sample, lambda places: self._columns(network, places))
        if self._predicting is None:
            count, mean, stderr = self._stopping.at(
                index, here.losses, lambda around: self._known(surface, around)
            )
            found = self._of_sample(here, count, mean, stderr)
        else:
            found = self._predicted(self._predicting, here, surface, index)
        return {**found, self._count: float(here.count)}

    def _predicted(
        self, predicting: Predicting, here: _Here, surface: Surface, index: int
    ) -> dict[str, float]:
        """Values predicted from the corners and corrected or, if that costs more, of a sample."""
        kept = self._kept(surface)
        around = [
            Known.unpacked(kept[corner], len(self._names)) for corner in self._cells.around(index)
        ]
        cell = interpolated(around, self._cells.weights(index, surface.grid)) if around else None
        seed = self._points[index].view(np.uint32).tolist()
        reached = self._cells.reached(index)
        estimate = None if cell is None else predicting.at(cell, seed, here.measure, reached)
        if estimate is not None:
            found: dict[str, float] = {}
            for name, (mean, stderr) in zip(self._names, estimate.results, strict=True):
                found[name], found[stderr_name(name)] = mean, stderr
            known = estimate.known
        else:
            needed = math.nan if cell is None else cell.needed
            first = self._sample.first_at(self._cells.level(index))
            count, mean, stderr = sample_until_within(
                self._tolerance, self._sample, here.losses, needed, first
            )
            found = self._of_sample(here, count, mean, stderr)
            known = predicting.of_sample(here.first(count), mean, stderr, cell)
        self._keep(surface, index, known)
        return found

    def _of_sample(self, here: _Here, n: int, mean: float, stderr: float) -> dict[str, float]:
        """The values of the first n examples, which are those of the loss given."""
        loss, *others = self._names
        found = {loss: mean, stderr_name(loss): stderr}
        for k, name in enumerate(others, start=1):
            found[name], found[stderr_name(name)] = self._sample.of_metric(here.linearized(k, n))
        return found

    def _with_all(self, columns: Sequence[Column]) -> dict[str, float]:
        """The values of all examples."""
        found = {self._count: float(len(self._examples))}
        for name, column in zip(self._names, columns, strict=True):
            values = linearized(column)
            found[name], found[stderr_name(name)] = mean_and_stderr(values, self._sample.population)
        return found

    def _columns(self, network: PointNetwork, places: IntArray) -> list[Column]:
        """The values of examples at the current point."""
        dtype, size = self._problem.dtype, self._settings.batch_size
        if places[-1] - places[0] + 1 == places.size:
            examples = self._examples[int(places[0]) : int(places[-1]) + 1]
        else:
            examples = self._examples[torch.from_numpy(places).to(self._examples.device)]
        return gathered(self._problem.objective, network, examples.batches(dtype, size))

    def _kept(self, surface: Surface) -> dict[int, npt.NDArray[np.float32]]:
        return surface.kept.setdefault(self.loss, {})

    def _keep(self, surface: Surface, index: int, known: Known) -> None:
        if self._cells.level(index) <= self._cells.finest:
            self._kept(surface)[index] = known.packed()

    def _known(self, surface: Surface, around: Sequence[int]) -> list[tuple[float, float, float]]:
        """Mean, standard error and count of points, as recorded."""
        columns = [
            surface.values[name].ravel()[list(around)].tolist()
            for name in (self.loss, stderr_name(self.loss), self._count)
        ]
        return list(zip(*columns, strict=True))


class _Here:
    """The examples measured at one point, by their places in the sample.

    ``columns``: measures those at some places.
    """

    def __init__(self, sample: Sample, columns: Callable[[IntArray], list[Column]]) -> None:
        self._sample, self._columns = sample, columns
        self._have = np.zeros(sample.order.size, bool)
        self._values: list[FloatArray] = []
        self._weights: list[FloatArray | None] = []

    @property
    def count(self) -> int:
        """The number measured."""
        return int(self._have.sum())

    def measure(self, places: IntArray) -> FloatArray:
        """Values, shape (metrics, n), of examples that have not been measured."""
        found = self._columns(places)
        if not self._values:
            self._values = [np.full(self._have.size, np.nan) for _ in found]
            self._weights = [
                None if c.weights is None else np.zeros(self._have.size) for c in found
            ]
        for column, values, weights in zip(found, self._values, self._weights, strict=True):
            values[places] = column.values.double().cpu().numpy()
            if column.weights is not None and weights is not None:
                weights[places] = column.weights.double().cpu().numpy()
        self._have[places] = True
        return np.stack([values[places] for values in self._values])

    def first(self, n: int) -> FloatArray:
        """Values of the first n examples, shape (metrics, n); measures those that are missing."""
        missing = np.flatnonzero(~self._have[:n])
        if missing.size:
            self.measure(missing)
        return np.stack([values[:n] for values in self._values])

    def losses(self, n: int) -> FloatArray:
        """The losses of the first n, whose mean is the weighted one."""
        self.first(n)
        return self.linearized(0, n)

    def linearized(self, metric: int, n: int) -> FloatArray:
        """Values of the first n, whose mean is the weighted one."""
        weights = self._weights[metric]
        column = Column(
            torch.from_numpy(self._values[metric][:n]),
            None if weights is None else torch.from_numpy(weights[:n]),
        )
        return linearized(column, self._sample.shares(n))
