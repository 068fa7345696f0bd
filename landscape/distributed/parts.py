"""Parts of one surface: what they are called, and how they become one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from landscape.errors import InputError
from landscape.run.agreement import disagreements, point_words
from landscape.run.resume import differences_of
from landscape.run.shard import Shard
from landscape.store import open_surface
from landscape.surface import Surface

_MIDDLE = ".part-"
_SHOWN = 5

WAYS = (
    "batch_norm_folded",
    "in_place",
    "convolutions_fused",
    "channels_last",
    "channels_blocked",
    "batch_size",
    "cuda_graphs",
    "compiled",
    "points_at_once",
)
"""Attributes that say how fast a surface was computed; what it says is the same to rounding."""


def part_of_rank(path: Path, rank: int) -> Path:
    """``out.h5.part-rank3``, beside ``out.h5``."""
    return path.with_name(f"{path.name}{_MIDDLE}rank{rank}")


def part_of_shard(path: Path, shard: Shard) -> Path:
    """``out.h5.part-2of8``, beside ``out.h5``."""
    return path.with_name(f"{path.name}{_MIDDLE}{shard.number}of{shard.of}")


def parts_beside(path: Path) -> list[Path]:
    """The parts of a surface file that lie beside it."""
    if not path.parent.is_dir():
        return []
    begins = f"{path.name}{_MIDDLE}"
    return sorted(one for one in path.parent.iterdir() if one.name.startswith(begins))


def parts_of_ranks(path: Path) -> list[Path]:
    """Those of them that ranks of a launch have left."""
    return [one for one in parts_beside(path) if one.name.startswith(f"{path.name}{_MIDDLE}rank")]


def read_parts(path: Path) -> dict[str, Surface]:
    """The surface file and its parts, as far as they are there, by their paths.

    Parts that go away meanwhile, as another rank has written the whole, are in the file: it is
    read last.
    """
    parts = {str(part): open_if_there(part) for part in parts_beside(path)}
    read = {str(path): open_if_there(path), **parts}
    return {name: surface for name, surface in read.items() if surface is not None}


def open_if_there(path: Path) -> Surface | None:
    """The surface in a file, or None where there is no such file (any more)."""
    try:
        return open_surface(path) if path.exists() else None
    except InputError:
        if path.exists():
            raise
        return None


def merged(parts: Mapping[str, Surface]) -> Surface:
    """One surface of all the points that any part holds.

    Parameters
    ----------
    parts
        At least one, by the names that messages call them.

    Raises
    ------
    InputError
        If they are of different runs (what differs is named), or differ by more than rounding in a
        point that several hold (naming points and values).
    """
    (first, one), *others = parts.items()
    whole = Surface(
        one.grid,
        dict(one.quantities),
        {name: values.copy() for name, values in one.values.items()},
        one.done.copy(),
        dict(one.attributes),
        one.axes,
        dict(one.trajectories),
    )
    origin = np.where(whole.done, 0, -1)
    names = list(parts)
    for number, (name, part) in enumerate(others, start=1):
        differences = differences_of(part, one, WAYS)
        if differences:
            listed = "\n".join(
                f"  {line}".replace("the file has", f"{name} has").replace("asked for", "there")
                for line in differences
            )
            raise InputError(
                f"{name} is no part of the same surface as {first}; it differs in\n{listed}\n"
                "merge parts of one run only"
            )
        _check_overlap(whole, [names[k] for k in origin.ravel()], name, part)
        new = part.done & ~whole.done
        for quantity, values in whole.values.items():
            values[new] = part.values[quantity][new]
        whole.done |= new
        origin[new] = number
        whole.trajectories.update(part.trajectories)
    _note_sessions(whole, parts)
    return whole


def check_complete(surface: Surface, what: str) -> None:
    """Raise an :class:`InputError` that names the first points that are missing."""
    missing = surface.missing()
    if missing.size:
        shown = "; ".join(point_words(surface.grid, int(k)) for k in missing[:_SHOWN])
        more = f"; and {missing.size - _SHOWN} more" if missing.size > _SHOWN else ""
        raise InputError(
            f"{what}: {missing.size} of {surface.grid.size} points are missing ({shown}{more}); "
            "give the parts that hold them, or run the shards that are not finished again"
        )


def _check_overlap(whole: Surface, origin: list[str], name: str, part: Surface) -> None:
    both = np.flatnonzero((whole.done & part.done).ravel())
    found = disagreements(
        {q: values.ravel()[both] for q, values in whole.values.items()},
        {q: part.values[q].ravel()[both] for q in whole.values},
        both,
    )
    if found:
        lines = [f"  {one.at(part.grid)} ({origin[one.index]})" for one in found[:_SHOWN]]
        more = [f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise InputError(
            f"{name} differs from other parts in points that both hold (its value comes last):\n"
            + "\n".join(lines + more)
            + "\none of the machines computes wrongly, or differently; find out which, delete its "
            "part and run it again"
        )


def _note_sessions(whole: Surface, parts: Mapping[str, Surface]) -> None:
    """The sittings of all parts, each once, and the seconds of them all."""
    sessions: list[dict[str, object]] = []
    for name, part in parts.items():
        try:
            listed = json.loads(str(part.attributes.get("sessions", "[]")))
        except ValueError as error:
            raise InputError(f"{name}: attribute 'sessions' is no JSON list: {error}") from None
        sessions += [one for one in listed if one not in sessions]
    if sessions:
        seconds = sum(float(str(one.get("seconds", 0.0))) for one in sessions)
        whole.attributes.update(sessions=json.dumps(sessions), seconds=round(seconds, 3))
