"""Compute points of a surface with the settings chosen for a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from landscape.errors import InputError, argument
from landscape.evaluate import Settings, Tolerance, ToTolerance, evaluation_for
from landscape.evaluate.measures import with_measures
from landscape.grid import FloatArray
from landscape.hessian.curvature import WholeNetwork
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.quantity import Quantity
from landscape.run.draws import (
    measure_draws,
    name_in_draw,
    quantities_of_draws,
    surface_of_draw,
)
from landscape.run.loop import Measure
from landscape.run.stage import stage
from landscape.surface import Surface


@dataclass(frozen=True, eq=False)
class Job:
    """What to compute, and how.

    ``planes``: one, or one per random draw. ``tolerance``: determines the number of examples per
    point; None is all. ``whole_network``: curvature quantities, per plane; may be empty.
    ``rules``: how points are sampled to it, by names of attributes of the file. ``progress``:
    whether a long step before the first point is named.
    """

    problem: Problem
    planes: Sequence[Plane]
    settings: Settings
    tolerance: Tolerance | None
    whole_network: Sequence[WholeNetwork] = ()
    rules: frozenset[str] = frozenset()
    progress: bool = False

    def measure(self, surface: Surface) -> Measure:
        """A function that computes points of a surface, in one plane or in all draws."""
        if len(self.planes) == 1:
            return self._in_plane(0, surface)
        quantities = quantities_of_one(self.problem, self.whole_network)
        measures = [
            self._in_plane(k, surface_of_draw(surface, quantities, k + 1))
            for k in range(len(self.planes))
        ]
        return measure_draws(measures, quantities)

    @property
    def counts(self) -> list[str]:
        """Names of the quantities that count the examples evaluated at a point."""
        names = [self.problem.prefixed(split, "count") for split in self.problem.splits]
        if len(self.planes) == 1:
            return names
        one, draws = self.problem.quantities, range(1, len(self.planes) + 1)
        return [name_in_draw(one, name, draw) for name in names for draw in draws]

    def at(self, points: FloatArray) -> Iterator[dict[str, float]]:
        """Values at arbitrary points of the first plane, over all examples, in order."""
        evaluation = evaluation_for(self.problem, self.settings)
        found = evaluation(
            self.problem, self.planes[0], points, range(len(points)), settings=self.settings
        )
        return (values for _, values in found)

    def _in_plane(self, k: int, surface: Surface) -> Measure:
        plane, points = self.planes[k], surface.grid.points()
        if self.tolerance is None:
            evaluation: Callable[..., Any] = evaluation_for(self.problem, self.settings)
            measured: Measure = partial(
                evaluation, self.problem, plane, points, settings=self.settings
            )
        else:
            measured = self._to_tolerance(plane, surface, self.tolerance)
        whole = self.whole_network[k] if self.whole_network else None

        def complete(indices: Iterable[int]) -> Iterator[tuple[int, dict[str, float]]]:
            found = measured(indices)
            if self.problem.measured:
                found = with_measures(self.problem, plane, points, found)
            return found if whole is None else whole.added(plane, points, found)

        return complete

    def _to_tolerance(self, plane: Plane, surface: Surface, tolerance: Tolerance) -> Measure:
        measured = ToTolerance(
            self.problem,
            plane,
            surface,
            tolerance,
            self.settings,
            with_losses="tolerance_strata" in self.rules,
            predicted="tolerance_prediction" in self.rules,
        )

        def named(indices: Iterable[int]) -> Iterator[tuple[int, dict[str, float]]]:
            with stage("measuring all examples at the trained weights", progress=self.progress):
                measured.prepare()
            yield from measured(indices)

        return named


def quantities_of_one(
    problem: Problem, whole_network: Sequence[WholeNetwork]
) -> dict[str, Quantity]:
    """Quantities at a point of one plane."""
    own = {**problem.quantities, **problem.measured}
    return {**own, **(whole_network[0].quantities if whole_network else {})}


def quantities_of(
    problem: Problem, planes: Sequence[Plane], whole_network: Sequence[WholeNetwork]
) -> dict[str, Quantity]:
    """Quantities of a surface of one plane or of several draws."""
    one = quantities_of_one(problem, whole_network)
    return one if len(planes) == 1 else quantities_of_draws(one, len(planes))


def whole_network_in(problem: Problem, planes: Sequence[Plane], ignore: str) -> list[WholeNetwork]:
    """The curvature quantities that the problem requests, per plane.

    Raises
    ------
    InputError
        If the batch-norm statistics depend on the point: derivatives are those of the loss with
        stored statistics.
    """
    names = problem.whole_network
    if names and planes[0].statistics is not None:
        raise InputError(
            f"{', '.join(names)}: derivatives are those of the network with its stored "
            f"batch-norm statistics; leave {argument('bn')} out"
        )
    return [WholeNetwork(problem, names, ignore=ignore) for _ in planes] if names else []
