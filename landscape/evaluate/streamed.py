"""Streamed evaluation: each batch is read, decoded and moved once, and evaluated at K points.

Data larger than memory are read once per K points, not once per point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.settings import Settings
from landscape.evaluate.statistics import Moments
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem
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
                moments = [Moments() for _ in chunk]
                for batch in examples.batches(problem.dtype, settings.batch_size):
                    for network, gathered in zip(networks, moments, strict=False):
                        gathered.add(problem.objective.values(network, batch))
                for values, gathered in zip(found, moments, strict=True):
                    values.update(_summary(problem, split, gathered, examples.population))
        yield from zip(chunk, found, strict=True)


def points_at_once(problem: Problem) -> int:
    """K: the number of points whose weights fit into :data:`MEMORY`, from 1 to 64."""
    size = sum(p.numel() * p.element_size() for p in problem.model.parameters())
    return max(1, min(_AT_MOST, MEMORY // max(size, 1)))


def _summary(problem: Problem, split: str, gathered: Moments, population: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, (mean, stderr) in zip(
        problem.metrics, gathered.means_and_stderrs(population), strict=True
    ):
        key = problem.prefixed(split, name)
        found[key], found[stderr_name(key)] = mean, stderr
    found[problem.prefixed(split, "count")] = float(gathered.count)
    return found
