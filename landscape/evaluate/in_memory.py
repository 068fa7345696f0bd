"""Point-by-point evaluation over examples that stay on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from torch import Tensor, nn

from landscape.data import in_memory
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.ratio import linearized
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import mean_and_stderr
from landscape.grid import FloatArray
from landscape.plane import Coordinates, Plane
from landscape.problem import Column, Problem, gathered
from landscape.problem.column import joined, on_cpu
from landscape.quantity import stderr_name

_BATCH = 250


def evaluate(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    indices: Iterable[int],
    settings: Settings | None = None,
) -> Iterator[tuple[int, dict[str, float]]]:
    """Evaluate the problem at given points of a plane.

    Parameters
    ----------
    problem, plane
        What is evaluated, and where.
    points
        Shape (size, number of axes): all coordinates of the grid.
    indices
        Which rows of ``points`` to evaluate, in this order.
    settings
        How to evaluate; None runs the unmodified network in its own precision and layout.

    Yields
    ------
    tuple
        The index, and the value of every quantity of the problem there. Values do not depend on
        which other points are evaluated, or in which order. NaN and infinity are passed through.
    """
    settings = settings or Settings()
    with exactly(problem.objective.needs_gradients):
        network = PointNetwork(problem, plane.to(problem.device), settings)
    for index in indices:
        yield index, measure(problem, network, points[index], settings.batch_size)


class Movable(Protocol):
    """A network that can be moved to a point of a plane; ``module`` is the network itself."""

    @property
    def module(self) -> nn.Module: ...

    def move_to(self, coordinates: Coordinates) -> None: ...

    def __call__(self, inputs: Tensor) -> Tensor: ...


def measure(
    problem: Problem, network: Movable, coordinates: Coordinates, batch_size: int
) -> dict[str, float]:
    """Every quantity of the problem at one point."""
    with exactly(problem.objective.needs_gradients):  # exited before the caller's own code runs
        network.move_to(coordinates)
        found: dict[str, float] = {}
        for split, examples in problem.splits.items():
            # One transfer per split and point, not one per batch.
            batches = in_memory(examples).batches(problem.dtype, batch_size)
            columns = gathered(problem.objective, network, batches)
            found.update(summary(problem, split, columns))
    return found


def mean_loss(problem: Problem, network: Callable[[Tensor], Tensor] | None = None) -> float:
    """The mean loss of a network, by default the problem's own, over the first split."""
    examples = next(iter(problem.splits.values()))
    with exactly(problem.objective.needs_gradients):
        batches = examples.batches(problem.dtype, _BATCH)
        moved = network or problem.model
        parts = [problem.objective.loss_column(moved, batch) for batch in batches]
        column = joined([Column(part.values.detach(), part.weights) for part in parts])
    return on_cpu([column])[0].mean().item()


def summary(problem: Problem, split: str, columns: Sequence[Column]) -> dict[str, float]:
    """Means, standard errors and count of one split, by quantity name."""
    found: dict[str, float] = {}
    for name, column in zip(problem.metrics, columns, strict=True):
        key, values = problem.prefixed(split, name), linearized(column)
        mean, stderr = mean_and_stderr(values, problem.population(split, name, len(values)))
        found[key] = mean
        if problem.has_stderr(split, name):
            found[stderr_name(key)] = stderr
    found[problem.prefixed(split, "count")] = float(len(problem.splits[split]))
    return found
