"""Sampling a surface into a file: open or resume, measure what is missing, save as it goes."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from landscape.directions import Direction, DirectionMaker, make_directions
from landscape.errors import InputError
from landscape.evaluate import (
    Tolerance,
    choose_settings,
    evaluate_to_tolerance,
    evaluation_for,
)
from landscape.evaluate.resident import in_memory
from landscape.extent import common_extent
from landscape.grid import Grid, automatic_range, coarse_to_fine, parse_range
from landscape.params import Params
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.store import open_surface, save_surface
from landscape.surface import Attribute, Surface
from landscape.version import __version__

Range = str | npt.ArrayLike
Measure = Callable[[Sequence[int]], Iterator[tuple[int, dict[str, float]]]]

SAVE_EVERY_S = 2.0
"""Seconds of work that an abrupt end may cost at most, beside the point in hand."""

# Facts of the moment or of the place: they may differ when a run goes on. All else must agree.
_MAY_DIFFER = {
    "checkpoint",
    "data",
    "title",
    "sessions",
    "seconds",
    "images_per_second",
    "versions",
    "date",
    "file",
}


def sample_surface(
    problem: Problem,
    x: Range = "-1:1:25",
    y: Range | None = "-1:1:25",
    *,
    path: str | Path | None = None,
    directions: str | DirectionMaker | Sequence[Params | Direction] = "random",
    normalization: str = "filter",
    ignored: str = "biasbn",
    seed: int = 0,
    tolerance: str | Tolerance | None = None,
    precision: str = "float32",
    batch_size: int | None = None,
    tuned: bool = True,
    title: str | None = None,
    progress: bool = True,
) -> Surface:
    """Measure a problem on a grid of a random plane around its trained weights.

    Parameters
    ----------
    problem
        Network, examples and metrics.
    x, y
        Coordinates: ``start:stop:count`` or an increasing array; ``y=None`` for a line. With
        ``auto:count`` for ``x`` both axes run as far as the loss takes to rise: see
        :func:`landscape.extent.common_extent`.
    path
        A file that is written as the points come. If it is there already and belongs to the same
        run, only the missing points are computed.
    directions, normalization, ignored, seed
        See :func:`landscape.directions.make_directions`.
    tolerance
        ``2%`` or ``2%,0.01``: every point on a growing part of the examples until the standard
        error of its loss is at most 2% of it, or 0.01 if that is larger. None: all examples.
    precision, batch_size, tuned
        See :func:`landscape.evaluate.choose_settings`.
    title
        Kept in the file and shown on pictures.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Surface
        With every point done.

    Raises
    ------
    InputError
        If the file belongs to another run (what differs is named), is no surface, or cannot be
        written; and for whatever cannot be used.
    """
    allowed = Tolerance.parse(tolerance) if isinstance(tolerance, str) else tolerance
    if allowed is not None:
        for examples in problem.splits.values():
            in_memory(examples)  # a stream is refused before anything is written
    made = make_directions(
        problem.origin,
        1 if y is None else 2,
        kind=directions,
        normalization=normalization,
        ignored=ignored,
        seed=seed,
    )
    plane = Plane(problem.origin, [d.vector for d in made])
    grid, range_facts = _grid(problem, plane, x, y)
    found = open_surface(path) if path is not None and Path(path).exists() else None
    settings, facts = choose_settings(
        problem,
        plane,
        grid,
        precision=precision,
        batch_size=batch_size,
        tuned=tuned,
        one_by_one=allowed is not None,
        stored=found.attributes if found is not None else None,
    )
    if allowed is not None:
        facts.update(tolerance_relative=allowed.relative, tolerance_absolute=allowed.absolute)
    surface = _empty(problem, grid, plane, made, {**facts, **range_facts})
    if title:
        surface.attributes["title"] = title
    renamed = found is not None and title is not None and found.attributes.get("title") != title
    if found is not None and path is not None:
        surface = _resumed(found, surface, Path(path))
    if path is not None and (renamed or not surface.complete):
        save_surface(surface, path)  # a folder that cannot be written to is found now
    if surface.complete:
        return surface
    measure: Measure
    if allowed is None:
        measure = partial(
            evaluation_for(problem, settings), problem, plane, grid.points(), settings=settings
        )
    else:
        measure = partial(
            evaluate_to_tolerance, problem, plane, surface, allowed, settings=settings
        )
    counts = [problem.prefixed(split, "count") for split in problem.splits]
    _fill(surface, measure, counts, Path(path) if path is not None else None, progress)
    return surface


def _grid(
    problem: Problem, plane: Plane, x: Range, y: Range | None
) -> tuple[Grid, dict[str, Attribute]]:
    """The grid, and the level behind its range where that is found automatically."""
    if isinstance(x, str) and x.startswith("auto"):
        extent = common_extent([(problem, plane)])
        values = automatic_range(x, extent.distance)
        return Grid(values, None if y is None else values), {"range_level": extent.level}
    axes = [parse_range(a, n) if isinstance(a, str) else a for n, a in [("x", x), ("y", y)]]
    return Grid(*[a for a in axes if a is not None]), {}  # type: ignore[arg-type]


def _empty(
    problem: Problem,
    grid: Grid,
    plane: Plane,
    made: Sequence[Direction],
    facts: dict[str, Attribute],
) -> Surface:
    axes: dict[str, dict[str, Attribute]] = {}
    for name, direction, length in zip(grid.axes, made, plane.norms, strict=True):
        axes[name] = {**direction.attributes, "norm": length}
    attributes = {**problem.attributes, **facts}
    if len(made) == 2:
        attributes["axes_cosine"] = plane.cosine
    return Surface(grid, problem.quantities, attributes=attributes, axes=axes)


def _resumed(found: Surface, wanted: Surface, path: Path) -> Surface:
    """The surface in the file, if it is of the run that is wanted.

    Raises
    ------
    InputError
        Naming every difference: what the file has and what was asked for.
    """
    differences = _differences(found, wanted)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences)
        raise InputError(
            f"{path} belongs to another run, and is left as it is; it differs in\n{listed}\n"
            "give another output file, or the settings of the file to go on with it"
        )
    found.attributes.update({k: v for k, v in wanted.attributes.items() if k in _MAY_DIFFER})
    return found


def _differences(found: Surface, wanted: Surface) -> list[str]:
    lines = []
    if not found.grid.same_as(wanted.grid):
        lines.append(f"grid: the file has {found.grid}, asked for {wanted.grid}")
    if set(found.quantities) != set(wanted.quantities):
        has, asked = ", ".join(found.quantities), ", ".join(wanted.quantities)
        lines.append(f"quantities: the file has {has}; asked for {asked}")
    pairs = [("", found.attributes, wanted.attributes)]
    pairs += [(f"{n} axis ", found.axes.get(n, {}), wanted.axes[n]) for n in wanted.axes]
    for where, has_all, asked_all in pairs:
        for key in sorted({*has_all, *asked_all} - _MAY_DIFFER):
            has_one, asked_one = has_all.get(key), asked_all.get(key)
            if not _agree(has_one, asked_one):
                lines.append(f"{where}{key}: the file has {has_one}, asked for {asked_one}")
    return lines


def _agree(a: object, b: object) -> bool:
    """Equal; for measured numbers (norms, cosines) up to the order of a sum."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def _fill(
    surface: Surface,
    measure: Measure,
    counts: Sequence[str],
    path: Path | None,
    progress: bool,
) -> None:
    """Compute the missing points, coarse to fine; save as it goes, and whatever happens."""
    order = coarse_to_fine(surface.grid.shape)
    missing = order[~surface.done.ravel()[order]].tolist()
    started = saved = time.monotonic()
    computed = images = 0
    bar = tqdm(
        total=surface.grid.size,
        initial=surface.grid.size - len(missing),
        unit="point",
        desc=path.name if path else "sampling",
        disable=not progress,
    )
    try:
        for index, values in measure(missing):
            surface.record(index, values)
            computed += 1
            images += sum(int(values[name]) for name in counts)
            now = time.monotonic()
            rate = images / max(now - started, 1e-9)
            bar.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
            bar.update()
            if path is not None and now - saved > SAVE_EVERY_S:
                save_surface(surface, path)
                saved = time.monotonic()
    finally:
        bar.close()
        _note_session(surface, computed, images, time.monotonic() - started)
        if path is not None:
            save_surface(surface, path)


def _note_session(surface: Surface, points: int, images: int, seconds: float) -> None:
    """Date, versions and speed of this sitting; earlier sittings stay in ``sessions``."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    versions = f"landscape {__version__}, torch {torch.__version__}, numpy {np.__version__}"
    try:
        sessions = json.loads(str(surface.attributes.get("sessions", "[]")))
    except ValueError as error:
        raise InputError(f"attribute 'sessions' is no JSON list: {error}") from None
    rate = images / seconds if seconds > 0 else 0.0
    sessions.append(
        {
            "date": now,
            "versions": versions,
            "points": points,
            "seconds": round(seconds, 3),
            "images_per_second": round(rate, 1),
        }
    )
    surface.attributes.update(
        sessions=json.dumps(sessions),
        date=now,
        versions=versions,
        seconds=round(sum(s["seconds"] for s in sessions), 3),
        images_per_second=round(rate, 1),
    )
