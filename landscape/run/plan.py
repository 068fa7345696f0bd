"""What a run will do, worked out from what is asked for, before any point is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.data import in_memory
from landscape.errors import InputError
from landscape.evaluate import Settings, Tolerance, choose_settings
from landscape.evaluate.batch_norm import BN_STATISTICS
from landscape.extent import common_extent
from landscape.grid import Grid, automatic_range, parse_range
from landscape.plane import Plane, Reestimated
from landscape.planes import Kind, Run, Spanned, moving_statistics, span
from landscape.planes.choose import axes_of, is_drawn
from landscape.problem import Problem
from landscape.quantity import Quantity
from landscape.run.job import Job, quantities_of, whole_network_in
from landscape.surface import Attribute, Surface

Range = str | npt.ArrayLike

RANDOM_RANGE = "-1:1:25"
_MOST_DRAWS = 1000

Agree = Callable[[str, Callable[[], Any]], Any]
"""One value for all who work on a surface, by its name: that of the function given, which only one
of them calls. It is made of what JSON has."""


def by_oneself(name: str, make: Callable[[], Any]) -> Any:
    """Who works alone agrees."""
    return make()


@dataclass(frozen=True, eq=False)
class Plan:
    """Planes, grid and points of a run.

    Attributes
    ----------
    problem
        Network, examples and metrics.
    drawn, planes
        The directions of each draw, and the planes that they span.
    grid
        Where the points lie.
    tolerance
        How many examples a point takes; None is all.
    whole_network
        Names of what is measured of the network as a whole.
    counted
        Which parameters that is taken of.
    facts
        What the surface says of the plane and its range.
    choose
        From the attributes of a file that the run goes on with, or None, to settings and facts.
    """

    problem: Problem
    drawn: Sequence[Spanned]
    planes: Sequence[Plane]
    grid: Grid
    tolerance: Tolerance | None
    whole_network: Sequence[str]
    counted: str
    facts: Mapping[str, Attribute]
    choose: Callable[[Mapping[str, Attribute] | None], tuple[Settings, dict[str, Attribute]]]

    def begin(
        self, stored: Mapping[str, Attribute] | None, agree: Agree = by_oneself
    ) -> tuple[Job, Surface]:
        """How points are measured, and a surface with none of them done.

        Parameters
        ----------
        stored
            Attributes of the surface that the run goes on with, if there is one.
        agree
            By whom the settings are chosen.
        """

        def chosen() -> list[Any]:
            settings, facts = self.choose(stored)
            return [asdict(settings), facts]

        settings, facts = agree("settings", chosen)
        if self.tolerance is not None:
            facts["tolerance_relative"] = self.tolerance.relative
            facts["tolerance_absolute"] = self.tolerance.absolute
        whole = whole_network_in(self.problem, self.planes, self.whole_network, self.counted)
        surface = _empty(
            quantities_of(self.problem, self.planes, whole),
            self.grid,
            self.planes,
            self.drawn,
            {**self.problem.attributes, **facts, **self.facts},
        )
        return Job(self.problem, self.planes, Settings(**settings), self.tolerance, whole), surface


def make_plan(
    problem: Problem,
    x: Range = "default",
    y: Range | None = "default",
    *,
    directions: Kind = "random",
    normalization: str | None = None,
    ignored: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    bn: str = "stored",
    whole_network: Sequence[str] = (),
    trajectories: Sequence[str | Path | Run] = (),
    tolerance: str | Tolerance | None = None,
    precision: str = "float32",
    batch_size: int | None = None,
    tuned: bool = True,
    agree: Agree = by_oneself,
) -> Plan:
    """The plan of :func:`landscape.sample_surface`, whose parameters these are.

    Raises
    ------
    InputError
        For whatever cannot be used.
    """
    allowed = Tolerance.parse(tolerance) if isinstance(tolerance, str) else tolerance
    if allowed is not None:
        for examples in problem.splits.values():
            in_memory(examples)  # a stream is refused before anything is written
    if repeats > 1 and trajectories:
        raise InputError(
            f"--trajectory with --repeats {repeats}: a path has another place in each draw; show "
            "it in a surface of one draw"
        )
    axes = _count_axes(directions, y)
    drawn = _drawn(problem, directions, axes, normalization, ignored, seed, repeats)
    statistics = moving_statistics(problem, drawn[0], bn)
    planes = [one.plane(problem.origin, statistics) for one in drawn]

    def ranged() -> list[Any]:
        grid, facts = _grid(problem, planes[0], _ranges(drawn[0], x, y))
        return [[values.tolist() for values in grid.axes.values()], facts]

    coordinates, range_facts = agree("grid", ranged)
    grid = Grid(*(np.asarray(values) for values in coordinates))
    facts: dict[str, Attribute] = {**drawn[0].attributes, "bn_statistics": BN_STATISTICS[bn]}
    facts.update(range_facts)
    if isinstance(statistics, Reestimated):
        facts["bn_batch_size"] = statistics.batch_size

    def choose(
        stored: Mapping[str, Attribute] | None,
    ) -> tuple[Settings, dict[str, Attribute]]:
        return choose_settings(
            problem,
            planes[0],
            grid,
            precision=precision,
            batch_size=batch_size,
            tuned=tuned,
            one_by_one=allowed is not None,
            stored=stored,
        )

    return Plan(
        problem,
        drawn,
        planes,
        grid,
        allowed,
        whole_network,
        _counted(drawn[0], ignored),
        facts,
        choose,
    )


def _count_axes(directions: Kind, y: Range | None) -> int:
    if y is None:
        return 1
    if isinstance(directions, Spanned):
        return len(directions.directions)
    if isinstance(directions, str) and isinstance(y, str) and y == "default":
        return axes_of(directions)
    return 2


def _drawn(
    problem: Problem,
    directions: Kind,
    axes: int,
    normalization: str | None,
    ignored: str | None,
    seed: int,
    repeats: int,
) -> list[Spanned]:
    if not 1 <= repeats <= _MOST_DRAWS:
        raise InputError(f"--repeats {repeats}: expected a whole number from 1 to {_MOST_DRAWS}")
    if repeats > 1 and not is_drawn(directions):
        raise InputError(
            f"--repeats {repeats}: the directions are not drawn at random, so every draw would be "
            "the same; repeat random directions, or those of a function of your own"
        )
    return [
        span(problem, directions, axes, normalization=normalization, ignored=ignored, seed=seed + k)
        for k in range(repeats)
    ]


def _ranges(spanned: Spanned, x: Range, y: Range | None) -> list[Range]:
    known = list(spanned.ranges) or [RANDOM_RANGE] * 2
    given = [x] if y is None or len(spanned.directions) == 1 else [x, y]
    return [
        own if isinstance(one, str) and one == "default" else one
        for one, own in zip(given, known, strict=False)
    ]


def _grid(
    problem: Problem, plane: Plane, ranges: Sequence[Range]
) -> tuple[Grid, dict[str, Attribute]]:
    """The grid, and the level behind its range where that is found automatically."""
    x = ranges[0]
    if isinstance(x, str) and x.startswith("auto"):
        extent = common_extent([(problem, plane)])
        values = automatic_range(x, extent.distance)
        return Grid(values, None if len(ranges) == 1 else values), {"range_level": extent.level}
    named = zip(ranges, ("x", "y"), strict=False)
    parsed = [parse_range(a, n) if isinstance(a, str) else np.asarray(a) for a, n in named]
    return Grid(*parsed), {}


def _empty(
    quantities: dict[str, Quantity],
    grid: Grid,
    planes: Sequence[Plane],
    drawn: Sequence[Spanned],
    facts: dict[str, Attribute],
) -> Surface:
    """A surface with nothing computed; facts of directions are those of the first draw."""
    axes: dict[str, dict[str, Attribute]] = {}
    lengths = np.mean([plane.norms for plane in planes], axis=0)
    for name, direction, length in zip(grid.axes, drawn[0].directions, lengths, strict=True):
        axes[name] = {**direction.attributes, "norm": float(length)}
    if len(planes) > 1:
        facts["repeats"] = len(planes)
    elif len(planes[0].axes) == 2:
        facts["axes_cosine"] = planes[0].cosine
    return Surface(grid, quantities, attributes=facts, axes=axes)


def _counted(spanned: Spanned, ignored: str | None) -> str:
    """Which parameters a derivative is taken of: as for the directions, where they say it."""
    said = str(spanned.directions[0].attributes.get("ignore", "biasbn"))
    return said if ignored is None else ignored
