"""Running statistics of batch normalization that follow the point.

In evaluation mode batch normalization uses the mean and variance estimated during training.
Elsewhere in weight space these belong to a different network. By default they are kept, as in
Li et al.; they can be interpolated between the solutions that span a plane, or re-estimated at
every point, as for a network trained there (Garipov et al., arXiv 1802.10026, appendix A.2).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from landscape.data import in_memory
from landscape.evaluate.statistics_of_norms import reestimate_statistics
from landscape.grid import FloatArray
from landscape.params import Params
from landscape.plane import Coordinates, Interpolated, Plane, Reestimated
from landscape.problem import Problem

BN_STATISTICS = {
    "stored": "stored",
    "interpolate": "interpolated",
    "reestimate": "re-estimated",
}
"""Values of the ``bn`` option, and how a surface records each."""


_POINTS_AT_ONCE = 256


class StatisticsUpdate(Protocol):
    """Sets the running statistics of a network for a point, after its parameters are set."""

    def follow(self, coordinates: Coordinates) -> None:
        """The statistics of one point."""


class FixedStatistics:
    """The stored statistics, at every point."""

    def follow(self, coordinates: Coordinates) -> None:
        """Change nothing."""


class LinearStatistics:
    """Statistics that are linear in the coordinates; a variance below 0 makes the loss NaN."""

    def __init__(self, plane: Plane, model: nn.Module) -> None:
        self._buffers = dict(model.named_buffers())
        device = next(iter(self._buffers.values())).device
        self._plane = plane.to(device)

    def follow(self, coordinates: Coordinates) -> None:
        """The statistics of one point."""
        for name, value in self._plane.at(coordinates).items():
            self._buffers[name].copy_(_or_nan(value) if name.endswith("var") else value)


def _or_nan(variance: Tensor) -> Tensor:
    return torch.where(variance < 0, math.nan, variance)


def count_negative_variances(statistics: Plane, points: FloatArray) -> int:
    """The number of points at which an interpolated variance is below 0.

    Parameters
    ----------
    statistics
        Means and variances by buffer name, as of :class:`~landscape.plane.Interpolated`.
    points
        Shape (n, axes).
    """

    def variances(of: Params) -> Tensor:
        return torch.cat([v.flatten() for name, v in of.items() if name.endswith("var")])

    origin = variances(statistics.origin)
    axes = torch.stack([variances(axis) for axis in statistics.axes]).to(origin.dtype)
    return sum(
        int((origin + part.to(origin.dtype) @ axes < 0).any(dim=1).sum())
        for part in torch.from_numpy(points).split(_POINTS_AT_ONCE)
    )


class BatchStatistics:
    """Statistics re-estimated from the training split, or from the first split if there is none."""

    def __init__(self, model: nn.Module, problem: Problem, batch_size: int) -> None:
        self._model, self._problem, self._batch_size = model, problem, batch_size
        split = "train" if "train" in problem.splits else next(iter(problem.splits))
        self._examples = in_memory(problem.splits[split])

    def follow(self, coordinates: Coordinates) -> None:
        """One pass over the examples."""
        batches = self._examples.even_batches(self._problem.dtype, self._batch_size)
        run = partial(self._problem.objective.outputs, self._model)
        reestimate_statistics(self._model, batches, run)


def statistics_update(plane: Plane, model: nn.Module, problem: Problem) -> StatisticsUpdate:
    """The update of the running statistics of ``model`` that a plane requires."""
    if isinstance(plane.statistics, Interpolated):
        return LinearStatistics(plane.statistics.plane, model)
    if isinstance(plane.statistics, Reestimated):
        return BatchStatistics(model, problem, plane.statistics.batch_size)
    return FixedStatistics()
