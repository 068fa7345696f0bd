"""From a problem and what is asked for to a complete surface."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt

from landscape.atomic import remove_unfinished
from landscape.data import in_memory
from landscape.errors import InputError
from landscape.evaluate import Tolerance, choose_settings
from landscape.evaluate.norms import BN_STATISTICS
from landscape.extent import common_extent
from landscape.grid import Grid, automatic_range, parse_range
from landscape.lock import only_writer
from landscape.plane import Plane, Reestimated
from landscape.planes import Kind, Run, Spanned, moving_statistics, read_runs, span
from landscape.planes.choose import axes_of, is_drawn
from landscape.planes.paths import places_of, same_places, with_losses
from landscape.problem import Problem
from landscape.run.barrier import lacks_barrier, note_barrier
from landscape.run.filling import fill
from landscape.run.identity import resumed
from landscape.run.job import Job, quantities_of, whole_network_in
from landscape.store import open_surface, save_surface
from landscape.surface import Attribute, Quantity, Surface, Trajectory

Range = str | npt.ArrayLike

RANDOM_RANGE = "-1:1:25"
_MOST_DRAWS = 1000


def sample_surface(
    problem: Problem,
    x: Range = "default",
    y: Range | None = "default",
    *,
    path: str | Path | None = None,
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
    title: str | None = None,
    progress: bool = True,
) -> Surface:
    """Measure a problem on a grid of a line or plane around its trained weights.

    Parameters
    ----------
    problem
        Network, examples and metrics.
    x, y
        Coordinates: ``start:stop:count`` or an increasing array; ``y=None`` for a line. By
        default the range that belongs to the directions, ``-1:1:25`` for random ones. With
        ``auto:count`` for ``x`` both axes run as far as the loss takes to rise: see
        :func:`landscape.extent.common_extent`.
    path
        A file that is written as the points come. If it is there already and belongs to the same
        run, only the missing points are computed.
    directions, normalization, ignored, seed
        See :func:`landscape.planes.span`.
    repeats
        R draws of the directions, of seeds ``seed`` to ``seed`` + R − 1, in one surface: see
        :mod:`landscape.run.draws`.
    bn
        Running statistics of batch normalization: ``stored`` with the network, at every point (as
        Li et al.); ``interpolate`` between those of the solutions that span the plane;
        ``reestimate`` at every point from the training examples.
    whole_network
        More quantities, of the network as a whole: ``eigen_ratio`` (of the Hessian) and
        ``gradient_norm``; see :mod:`landscape.evaluate.curvature`. They take the parameters that
        ``ignored`` leaves, and many times as long as a loss.
    trajectories
        Training runs, or folders of their checkpoints, whose paths in the plane are stored with
        it. Those of ``pca:RUN`` are in any case.
    tolerance
        ``2%`` or ``2%,0.01``: every point on a growing part of the examples until the standard
        error of its loss is at most 2% of it, or 0.01 if that is larger. None: all examples.
    precision, batch_size, tuned
        See :func:`landscape.evaluate.choose_settings`.
    title
        Kept in the file and shown on pictures.
    progress
        Whether to show progress bars.

    Returns
    -------
    Surface
        With every point done.

    Raises
    ------
    InputError
        If the file belongs to another run (what differs is named), is being written by another
        one, is no surface, or cannot be written; and for whatever cannot be used.
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
    grid, range_facts = _grid(problem, planes[0], _ranges(drawn[0], x, y))
    with only_writer(path) if path is not None else nullcontext():
        found = None
        if path is not None and Path(path).exists():
            remove_unfinished(path)
            found = open_surface(path)
        settings, facts = choose_settings(
            problem,
            planes[0],
            grid,
            precision=precision,
            batch_size=batch_size,
            tuned=tuned,
            one_by_one=allowed is not None,
            stored=found.attributes if found is not None else None,
        )
        if allowed is not None:
            facts.update(tolerance_relative=allowed.relative, tolerance_absolute=allowed.absolute)
        facts = {**problem.attributes, **facts}
        facts.update(drawn[0].attributes, bn_statistics=BN_STATISTICS[bn], **range_facts)
        if isinstance(statistics, Reestimated):
            facts["bn_batch_size"] = statistics.batch_size
        whole = whole_network_in(problem, planes, whole_network, _counted(drawn[0], ignored))
        surface = _empty(quantities_of(problem, planes, whole), grid, planes, drawn, facts)
        if title:
            surface.attributes["title"] = title
        renamed = found is not None and title is not None and found.attributes.get("title") != title
        if found is not None and path is not None:
            surface = resumed(found, surface, Path(path))
        runs = _runs(drawn[0], trajectories)
        new_paths = _new_paths(surface, runs, problem, planes[0])
        open_ends = bool(drawn[0].solutions) and lacks_barrier(surface)
        changed = renamed or bool(new_paths) or open_ends or not surface.complete
        if path is not None and changed:
            save_surface(surface, path)  # a folder that cannot be written to is found now
        job = Job(problem, planes, settings, allowed, whole)
        for run, places in new_paths:
            surface.trajectories[run.name] = with_losses(
                places, run, problem, planes[0], job.at, progress
            )
        if not surface.complete:
            fill(surface, job.measure(surface), job.counts, Path(path) if path else None, progress)
        if open_ends:
            note_barrier(surface, problem, drawn[0].solutions[0])
        if path is not None and changed:
            save_surface(surface, path)
        return surface


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


def _runs(spanned: Spanned, more: Sequence[str | Path | Run]) -> list[Run]:
    """All runs whose paths belong to the surface.

    Raises
    ------
    InputError
        If two have one name.
    """
    read = iter(read_runs([one for one in more if not isinstance(one, Run)]))
    runs = [*spanned.runs, *(one if isinstance(one, Run) else next(read) for one in more)]
    names = [run.name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two runs are called {name!r}; leave one out, or call its folder something else"
            )
    return runs


def _new_paths(
    surface: Surface, runs: Sequence[Run], problem: Problem, plane: Plane
) -> list[tuple[Run, Trajectory]]:
    """The runs whose paths the surface does not hold, or holds from other checkpoints."""
    placed = [(run, places_of(run, problem, plane)) for run in runs]
    held = surface.trajectories
    return [
        (run, places)
        for run, places in placed
        if run.name not in held or not same_places(held[run.name], places)
    ]
