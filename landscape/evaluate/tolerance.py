"""Adaptive evaluation: each point uses as many examples as its standard error needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.sampler import Sampler
from landscape.evaluate.settings import Settings
from landscape.evaluate.stopping import Tolerance
from landscape.evaluate.tail import HEAVY, HeavyTail
from landscape.grid import CoarserCells, Grid, lattice_sizes
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.surface import HEAVY_TAIL, Surface

KEPT_BYTES = 100_000_000
"""Most that is kept of the points of coarser levels."""

LONGEST = 4096
"""Most examples that are kept of a point."""

_LARGEST_LATTICE = 5_000  # points whose examples predict those of others


class ToTolerance:
    """Like :func:`landscape.evaluate.evaluate`, on a subset of the examples of each split.

    The examples have one fixed order, in which each prefix contains its share of every stratum
    (:mod:`landscape.evaluate.strata`). A point uses a prefix whose length is what the standard
    error of the loss, the first metric, needs (:mod:`landscape.evaluate.stopping`). Inside cells
    of coarser points most losses of the prefix are predicted from the corners, and a few examples
    are measured, where that costs less (:mod:`landscape.evaluate.predicted`).

    Parameters
    ----------
    surface
        Provides the coordinates, and the results of earlier levels of the coarse-to-fine order:
        those at the corners of the coarser cell around a point determine which examples are
        measured there. What is kept of these is in ``surface.kept``, at most 100 MB: the corners
        are points of the finest lattice of up to 5,000 points, with up to 4,096 examples each.
    with_losses
        Whether all examples are measured first at the trained weights (and, if their losses have a
        heavy tail, at the corners of the grid), to find strata; otherwise these are the classes,
        as in files of earlier versions.
    predicted
        Whether losses are predicted: not in files of earlier versions, and never if the objective
        returns weights.

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
        predicted: bool = True,
    ) -> None:
        self._problem, self._plane, self._surface = problem, plane, surface
        self._settings = settings or Settings()
        self._network: PointNetwork | None = None
        self._points = surface.grid.points()
        rows = len(problem.splits) * (len(problem.metrics) + 1)
        finest, longest = _kept_of(surface.grid, rows) if predicted and with_losses else (None, 0)
        self._cells = CoarserCells(surface.grid.shape, finest)
        self._samplers = [
            Sampler(problem, split, examples, tolerance, self._settings, self._cells, longest)
            for split, examples in problem.splits.items()
        ]
        self._with_losses = with_losses

    def prepare(self) -> PointNetwork:
        """Find the strata, the first time; returns the network that moves to the points."""
        if self._network is None:
            with exactly(self._problem.objective.needs_gradients):
                plane = self._plane.to(self._problem.device)
                network = PointNetwork(self._problem, plane, self._settings)
                for sampler in self._samplers:
                    sampler.prepare(network, self._surface, with_losses=self._with_losses)
            _note_tails(self._surface, {one.loss: one.tail for one in self._samplers if one.tail})
            self._network = network
        return self._network

    def __call__(self, indices: Iterable[int]) -> Iterator[tuple[int, dict[str, float]]]:
        """Evaluate points.

        Parameters
        ----------
        indices
            Which points, coarse to fine. Values depend neither on the order within a level, nor on
            which points of it are evaluated here or were evaluated before. Coarser points are
            evaluated again if nothing is kept of them.
        """
        network = self.prepare()
        for index in indices:
            if not self._surface.done.ravel()[self._cells.around(index)].all():
                raise ValueError(f"point {index} requested before the coarser points around it")
            # Exited before the caller's own code runs.
            with exactly(self._problem.objective.needs_gradients):
                found = self._at(network, index)
            yield index, found

    def _at(self, network: PointNetwork, index: int) -> dict[str, float]:
        """The values at a point."""
        for corner in self._cells.around(index):
            if any(sampler.lacks(self._surface, corner) for sampler in self._samplers):
                self._at(network, corner)
        network.move_to(self._points[index])
        found: dict[str, float] = {}
        for sampler in self._samplers:
            found.update(sampler.measure(network, self._surface, index))
        return found


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


def _kept_of(grid: Grid, rows: int) -> tuple[int, int]:
    """The finest level whose points are kept, and the number of examples of each.

    ``rows``: numbers that are kept of an example.
    """
    sizes = lattice_sizes(grid.shape)
    finest = max([0, *(k for k, size in enumerate(sizes[:-1]) if size <= _LARGEST_LATTICE)])
    one = np.dtype(np.float32).itemsize * rows * sizes[finest]
    return finest, min(LONGEST, KEPT_BYTES // one)


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
