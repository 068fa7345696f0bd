"""Running statistics of batch normalization that follow the point.

In evaluation mode a batch normalization uses the mean and variance that were gathered while the
network was trained. Elsewhere in weight space they are those of another network: the default, as
in Li et al., keeps them; they may be interpolated between the solutions that span a plane, or
computed anew at every point, which is what a network trained there would have (Garipov et al.,
arXiv 1802.10026, appendix A.2).
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from torch import nn

from landscape.data import in_memory
from landscape.evaluate.statistics_of_norms import reestimate_statistics
from landscape.plane import Coordinates, Interpolated, Plane, Reestimated
from landscape.problem import Problem

BN_STATISTICS = {
    "stored": "stored",
    "interpolate": "interpolated",
    "reestimate": "re-estimated",
}
"""What is asked for, and what a surface says of it."""


class Following(Protocol):
    """Brings the running statistics of a network to a point, once its parameters are there."""

    def follow(self, coordinates: Coordinates) -> None:
        """The statistics of one point."""


class Kept:
    """The stored statistics, wherever the point is."""

    def follow(self, coordinates: Coordinates) -> None:
        """Nothing moves."""


class Moved:
    """Statistics that are linear in the coordinates; variances are at least 0."""

    def __init__(self, plane: Plane, model: nn.Module) -> None:
        self._buffers = dict(model.named_buffers())
        device = next(iter(self._buffers.values())).device
        self._plane = plane.to(device)

    def follow(self, coordinates: Coordinates) -> None:
        """The statistics of one point."""
        for name, value in self._plane.at(coordinates).items():
            self._buffers[name].copy_(value.clamp(min=0) if name.endswith("var") else value)


class Anew:
    """Statistics of the training examples, or of the only ones there are."""

    def __init__(self, model: nn.Module, problem: Problem, batch_size: int) -> None:
        self._model, self._problem, self._batch_size = model, problem, batch_size
        split = "train" if "train" in problem.splits else next(iter(problem.splits))
        self._examples = in_memory(problem.splits[split])

    def follow(self, coordinates: Coordinates) -> None:
        """One pass over the examples."""
        batches = self._examples.even_batches(self._problem.dtype, self._batch_size)
        run = partial(self._problem.objective.outputs, self._model)
        reestimate_statistics(self._model, batches, run)


def following(plane: Plane, model: nn.Module, problem: Problem) -> Following:
    """What brings the statistics of ``model`` to the points of a plane."""
    if isinstance(plane.statistics, Interpolated):
        return Moved(plane.statistics.plane, model)
    if isinstance(plane.statistics, Reestimated):
        return Anew(model, problem, plane.statistics.batch_size)
    return Kept()
