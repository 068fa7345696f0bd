"""Resolve a request into planes, grid and settings before any point is computed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from landscape.device import own_context
from landscape.directions.file import is_direction_file
from landscape.errors import InputError, argument
from landscape.evaluate import Settings, choose_settings
from landscape.evaluate.batch_norm import BN_STATISTICS, count_negative_variances
from landscape.evaluate.sampler import one_by_one
from landscape.extent import common_extent
from landscape.grid import Grid, automatic_range, parse_range
from landscape.outputs import check_kind, check_outputs
from landscape.plane import Interpolated, Plane, Reestimated
from landscape.planes import Spanned, moving_statistics, span
from landscape.planes.choose import axes_of
from landscape.problem import Problem
from landscape.quantity import Quantity
from landscape.run.earlier import by_rules_of_file
from landscape.run.job import Job, quantities_of, whole_network_in
from landscape.run.ranges import RANDOM_RANGE, Range
from landscape.run.record import REQUEST
from landscape.run.request import Request
from landscape.run.shard import WHOLE
from landscape.run.stage import stage
from landscape.storable import check_size
from landscape.surface import NEGATIVE_VARIANCES, Attribute, Surface

_RULES = {
    "tolerance_strata": "classes and losses",
    "tolerance_prediction": "from coarser points",
}
"""How points are sampled to a tolerance; files of earlier versions go on as they began."""

Agree = Callable[[str, Callable[[], Any]], Any]
"""Returns one value of the given name to all processes: the result of the function, called by only
one of them. It must be serializable as JSON."""


def single_process(name: str, make: Callable[[], Any]) -> Any:
    """Return the value of ``make``: there are no other processes."""
    return make()


@dataclass(frozen=True, eq=False)
class Plan:
    """Planes, grid and points of a run.

    ``drawn``, ``planes``: directions of each draw, and the planes they span. ``counted``: the
    ``ignore`` of derivatives: which parameters they include. ``facts``: attributes of the plane and
    its range.
    """

    problem: Problem
    request: Request
    drawn: Sequence[Spanned]
    planes: Sequence[Plane]
    grid: Grid
    counted: str
    facts: Mapping[str, Attribute]

    def begin(
        self, stored: Mapping[str, Attribute] | None, agree: Agree = single_process
    ) -> tuple[Job, Surface]:
        """The job that computes points, and a surface without any point done.

        ``stored``: attributes of the surface that the run resumes, or None. ``agree``: gives all
        processes the same settings.
        """

        def chosen() -> list[Any]:
            settings, facts = self.choose(stored)
            if self.request.tolerance is not None:
                begun = stored if stored is not None and "tolerance_relative" in stored else None
                facts |= {k: v for k, v in _RULES.items() if begun is None or k in begun}
            return [asdict(settings), facts]

        whole = whole_network_in(self.problem, self.planes, self.counted)
        quantities = quantities_of(self.problem, self.planes, whole)
        if self.request.path is not None:
            check_size(self.grid, len(quantities))
        with stage("timing ways of computing a point", progress=self.request.progress):
            settings, facts = agree("settings", chosen)
        tolerance = self.request.allowed
        if tolerance is not None:
            facts["tolerance_relative"] = tolerance.relative
            facts["tolerance_absolute"] = tolerance.absolute
        surface = _empty(
            quantities,
            self.grid,
            self.planes,
            self.drawn,
            {**self.problem.attributes, **facts, **self.facts, REQUEST: self.request.as_json()},
        )
        narrow = Settings(**settings).stored_as or self.problem.dtype
        if narrow in _HALF:
            _note_resolution(surface, self.planes[0], narrow)
        job = Job(
            self.problem,
            self.planes,
            Settings(**settings),
            tolerance,
            whole,
            rules=frozenset(facts) & frozenset(_RULES),
            progress=self.request.progress,
        )
        return job, surface

    def choose(
        self, stored: Mapping[str, Attribute] | None
    ) -> tuple[Settings, dict[str, Attribute]]:
        """The settings and their attributes; ``stored`` are those of the file to resume."""
        request = self.request
        # Shards cannot agree on the fastest settings: each uses plain ones, or those of its file.
        by_default = None if request.shard == WHOLE or stored is not None else False
        return choose_settings(
            self.problem,
            self.planes[0],
            self.grid,
            precision=request.precision,
            batch_size=request.batch_size,
            tune=by_default if request.tune is None else bool(request.tune),
            one_by_one=request.tolerance is not None,
            stored=stored,
        )


@own_context()
def make_plan(problem: Problem, request: Request, agree: Agree = single_process) -> Plan:
    """Plan a call of :func:`landscape.sample_surface`.

    ``agree``: gives all processes the same grid, where it depends on the loss. Raises an InputError
    for invalid options.
    """
    _check_outputs(problem, request)
    problem.check_unchanged()
    if request.tolerance is not None:
        for examples in problem.splits.values():
            one_by_one(problem, examples)  # raises before anything is written
    if request.filters:
        problem = problem.with_filters(str(request.filters))
    problem = by_rules_of_file(problem, request, agree)
    with stage("computing the directions", progress=request.progress):
        drawn = _drawn(problem, request)
    problem = drawn[0].problem or problem
    statistics = moving_statistics(problem, drawn[0], request.bn)
    planes = [one.plane(problem.origin, statistics) for one in drawn]

    def ranged() -> list[Any]:
        grid, facts = _grid(problem, planes[0], _ranges(drawn[0], request.x, request.y))
        return [[values.tolist() for values in grid.axes.values()], facts]

    with stage("searching the range", progress=request.progress):
        coordinates, range_facts = agree("grid", ranged)
    grid = Grid(*(np.asarray(values) for values in coordinates))
    _check_within(grid, problem.dtype)
    facts: dict[str, Attribute] = {
        **drawn[0].attributes,
        "bn_statistics": BN_STATISTICS[request.bn],
        **range_facts,
    }
    if isinstance(statistics, Reestimated):
        facts["bn_batch_size"] = statistics.batch_size
    elif isinstance(statistics, Interpolated):
        undefined = count_negative_variances(statistics.plane, grid.points())
        if undefined:
            facts[NEGATIVE_VARIANCES] = undefined

    counted = _counted(drawn[0], request.ignore)
    return Plan(problem, request, drawn, planes, grid, counted, facts)


def _check_outputs(problem: Problem, request: Request) -> None:
    inputs: list[object] = [request.directions, *request.trajectories]
    inputs += [problem.attributes.get(key) for key in ("checkpoint", "data", "problem")]
    directions = request.save_directions
    check_outputs({"path": request.path, "save_directions": directions}, inputs)
    check_outputs({"save_directions": directions}, [request.refine])
    check_kind(directions, "a direction file", is_direction_file)


def _drawn(problem: Problem, request: Request) -> list[Spanned]:
    kind, axes = request.directions, _count_axes(request)
    return [
        span(
            problem,
            kind,
            axes,
            norm=request.norm,
            ignore=request.ignore,
            seed=request.seed + k,
            progress=request.progress,
        )
        for k in range(request.repeats)
    ]


def _count_axes(request: Request) -> int:
    if request.y is None:
        return 1
    if isinstance(request.directions, Spanned):
        return len(request.directions.directions)
    if isinstance(request.directions, str) and request.y == "default":
        return axes_of(request.directions)
    return 2


def _ranges(spanned: Spanned, x: Range, y: Range | None) -> list[Range]:
    known = list(spanned.ranges) or [RANDOM_RANGE] * 2
    given = [x] if y is None or len(spanned.directions) == 1 else [x, y]
    if _is_automatic(x) and spanned.ranges and not _is_automatic(spanned.ranges[0]):
        # What the plane is spanned by determines its range: checkpoints, solutions.
        return [_with_count(own, str(x)) for own in spanned.ranges[: len(given)]]
    return [
        own if isinstance(one, str) and one == "default" else one
        for one, own in zip(given, known, strict=False)
    ]


def _is_automatic(one: Range) -> bool:
    return isinstance(one, str) and one.startswith("auto")


def _with_count(own: str, automatic: str) -> str:
    """``-3:5:11`` for ``-3:5:25`` and ``auto:11``."""
    count = automatic_range(automatic, 1.0).size
    return f"{own.rpartition(':')[0]}:{count}" if ":" in automatic else own


def _grid(
    problem: Problem, plane: Plane, ranges: Sequence[Range]
) -> tuple[Grid, dict[str, Attribute]]:
    """The grid, and the loss level of its range where that is automatic."""
    x = ranges[0]
    if _is_automatic(x):
        extent = common_extent([(problem, plane)])
        values = automatic_range(str(x), extent.distance)
        return Grid(values, None if len(ranges) == 1 else values), {"range_level": extent.level}
    named = zip(ranges, ("x", "y"), strict=False)
    parsed = [parse_range(a, n) if isinstance(a, str) else np.asarray(a) for a, n in named]
    return Grid(*parsed), {}


def _check_within(grid: Grid, dtype: torch.dtype) -> None:
    largest = torch.finfo(dtype).max
    for name, axis in grid.axes.items():
        if np.abs(axis).max() > largest:
            raise InputError(
                f"{argument(name)}: coordinates up to {np.abs(axis).max():.3g}, but the largest "
                f"number of the network's {str(dtype).removeprefix('torch.')} is {largest:.2g}; "
                "give a narrower range"
            )


def _empty(
    quantities: dict[str, Quantity],
    grid: Grid,
    planes: Sequence[Plane],
    drawn: Sequence[Spanned],
    facts: dict[str, Attribute],
) -> Surface:
    """A surface without any point done; attributes of directions are those of the first draw."""
    axes: dict[str, dict[str, Attribute]] = {}
    lengths = np.mean([plane.norms for plane in planes], axis=0)
    for name, direction, length in zip(grid.axes, drawn[0].directions, lengths, strict=True):
        axes[name] = {**direction.attributes, "norm": float(length)}
    if len(planes) > 1:
        facts["repeats"] = len(planes)
    elif len(planes[0].axes) == 2:
        facts["axes_cosine"] = planes[0].cosine
    return Surface(grid, quantities, attributes=facts, axes=axes)


_HALF = (torch.float16, torch.bfloat16)


def _note_resolution(surface: Surface, plane: Plane, dtype: torch.dtype) -> None:
    """Record the resolution of each axis, and warn of coordinates below it."""
    for (name, values), least in zip(
        surface.grid.axes.items(), plane.resolutions(dtype), strict=True
    ):
        surface.axes[name]["resolution"] = least
        steps = np.abs(values[values != 0.0])
        if steps.size and steps.min() < least:
            precision = str(dtype).removeprefix("torch.")
            warnings.warn(
                f"the {name} axis has coordinates down to {steps.min():.2g}, but most weights in "
                f"{precision} do not change below {least:.2g}; measure the network in float32 for "
                "finer steps",
                stacklevel=2,
            )


def _counted(spanned: Spanned, ignore: str | None) -> str:
    """The ``ignore`` of derivatives: by default that of the directions."""
    recorded = str(spanned.directions[0].attributes.get("ignore", "biasbn"))
    return recorded if ignore is None else ignore
