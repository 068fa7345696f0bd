"""Point-by-point evaluation over examples that stay on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from torch import Tensor, nn

from landscape.data import Batches, Examples, Rows, in_memory
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.ratio import linearized
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import mean_and_stderr
from landscape.grid import FloatArray
from landscape.plane import Coordinates, Plane
from landscape.problem import Column, OutputObjective, Problem, gathered
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
            columns = columns_of(problem, network, in_memory(examples), batch_size)
            found.update(summary(problem, split, columns))
    return found


def columns_of(
    problem: Problem, network: Movable, examples: Examples | Rows | Batches, batch_size: int
) -> list[Column]:
    """The values of every metric for all examples, in their order.

    A network that is captured as a graph reads the examples as they are stored.
    """
    if not isinstance(network, PointNetwork):
        batches = examples.batches(problem.dtype, batch_size)
        return gathered(problem.objective, network, batches)
    by_output = isinstance(problem.objective, OutputObjective) and isinstance(examples, Examples)
    stored = by_output and network.reads_stored
    with network.checked_later() as were_too_large:
        while True:
            if stored and isinstance(examples, Examples):
                reading = partial(network, preprocess=examples.preprocess)
                stored_batches = examples.stored_batches(batch_size)
                columns = gathered(problem.objective, reading, stored_batches)
            else:
                batches = examples.batches(problem.dtype, batch_size)
                columns = gathered(problem.objective, network, batches)
            if not were_too_large():
                return columns
            network.recompute()


def mean_loss(
    problem: Problem,
    network: Callable[[Tensor], Tensor] | None = None,
    *,
    batch_size: int = _BATCH,
) -> float:
    """The mean loss of a network, by default the problem's own, over the first split."""
    examples = next(iter(problem.splits.values()))
    with exactly(problem.objective.needs_gradients):
        batches = examples.batches(problem.dtype, batch_size)
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
