"""Part files of a surface: their names, and how they are merged."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from landscape.atomic import remove_unfinished
from landscape.errors import InputError
from landscape.evaluate import Settings
from landscape.kept import take
from landscape.lock import only_writer
from landscape.run.agreement import disagreements, point_words
from landscape.run.resume import differences_of
from landscape.run.shard import Shard
from landscape.store import open_surface
from landscape.surface import Surface

_MIDDLE = ".part-"
_SHOWN = 5

WAYS = {*Settings().attributes(torch.float32), "channels_blocked"} - {"precision"}
"""Attributes of the evaluation method, which may differ between parts: values agree to rounding."""


def part_of_rank(path: Path, rank: int) -> Path:
    """The part file of a rank, such as ``out.h5.part-rank3`` next to ``out.h5``."""
    return path.with_name(f"{path.name}{_MIDDLE}rank{rank}")


def part_of_shard(path: Path, shard: Shard) -> Path:
    """The part file of a shard, such as ``out.h5.part-2of8`` next to ``out.h5``."""
    return path.with_name(f"{path.name}{_MIDDLE}{shard.number}of{shard.of}")


def parts_beside(path: Path) -> list[Path]:
    """The part files next to a surface file."""
    if not path.parent.is_dir():
        return []
    begins = f"{path.name}{_MIDDLE}"
    return sorted(one for one in path.parent.iterdir() if one.name.startswith(begins))


def parts_of_ranks(path: Path) -> list[Path]:
    """The part files written by ranks."""
    return [one for one in parts_beside(path) if one.name.startswith(f"{path.name}{_MIDDLE}rank")]


def remove_parts_of_ranks(path: Path) -> None:
    """Delete the part files of ranks, and what killed ranks have left unfinished of them."""
    for file in parts_of_ranks(path):
        with contextlib.suppress(OSError):
            file.unlink()
    begins = f".{path.name}{_MIDDLE}rank"
    for file in list(path.parent.glob("*.tmp")):
        if file.name.startswith(begins):
            part = file.with_name(file.stem.removeprefix("."))
            with contextlib.suppress(OSError, InputError), only_writer(part):
                remove_unfinished(part)


def remove_left_parts(path: Path, surface: Surface) -> None:
    """Delete the part files of a killed run of ranks that a complete surface has made useless.

    Those of another run are kept, and those that a rank is writing.
    """
    for part in parts_of_ranks(path):
        with contextlib.suppress(OSError, InputError), only_writer(part):
            held = open_surface(part)
            if surface.complete and not differences_of(held, surface, WAYS):
                part.unlink()
                remove_unfinished(part)


def read_parts(path: Path) -> dict[str, Surface]:
    """Read a surface file and its parts, as far as they exist, by path.

    The file is read last: if a part disappears meanwhile, another rank has written all points to
    the file.
    """
    parts = {str(part): open_if_there(part) for part in parts_beside(path)}
    read = {str(path): open_if_there(path), **parts}
    return {name: surface for name, surface in read.items() if surface is not None}


def open_if_there(path: Path) -> Surface | None:
    """The surface in a file, or None if the file does not exist (any more)."""
    try:
        return open_surface(path) if path.exists() else None
    except InputError:
        if path.exists():
            raise
        return None


def merged(parts: Mapping[str, Surface]) -> Surface:
    """Merge parts into one surface with all their points.

    ``parts``: at least one, by their names in messages. Raises an InputError if they are of
    different runs (naming the differences), or differ by more than rounding at common points
    (naming points and values).
    """
    (first, one), *others = parts.items()
    whole = copy.deepcopy(one)
    origin = np.where(whole.done, 0, -1)
    names = list(parts)
    for number, (name, part) in enumerate(others, start=1):
        differences = differences_of(part, one, WAYS, (name, first))
        if differences:
            listed = "\n".join(f"  {line}" for line in differences)
            raise InputError(
                f"{name} is not a part of the same surface as {first}; differences:\n{listed}\n"
                "merge parts of one run only"
            )
        _check_overlap(whole, [names[k] for k in origin.ravel()], name, part)
        new = part.done & ~whole.done
        for quantity, values in whole.values.items():
            values[new] = part.values[quantity][new]
        whole.done |= new
        origin[new] = number
        whole.trajectories.update(part.trajectories)
        take(whole.kept, part.kept, np.flatnonzero(new).tolist())
    _note_sessions(whole, parts)
    said = (str(part.attributes.get("versions", "")).split("; ") for part in parts.values())
    known = dict.fromkeys(one for versions in said for one in versions if one)
    if known:
        whole.attributes["versions"] = "; ".join(known)
    return whole


def check_complete(surface: Surface, what: str) -> None:
    """Raise an :class:`InputError` that names the first missing points, if any."""
    missing = surface.missing()
    if missing.size:
        shown = "; ".join(point_words(surface.grid, int(k)) for k in missing[:_SHOWN])
        more = f"; and {missing.size - _SHOWN} more" if missing.size > _SHOWN else ""
        raise InputError(
            f"{what}: {missing.size} of {surface.grid.size} points are missing ({shown}{more}); "
            "give the parts that contain them, or run the unfinished shards again"
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
            f"{name} differs from other parts at common points (its value is given last):\n"
            + "\n".join(lines + more)
            + "\none of the machines computes wrong or different values; find out which, delete "
            "its part and run it again"
        )


def _note_sessions(whole: Surface, parts: Mapping[str, Surface]) -> None:
    """Record the sessions of all parts, each once, and their total seconds."""
    sessions: list[dict[str, object]] = []
    for name, part in parts.items():
        try:
            listed = json.loads(str(part.attributes.get("sessions", "[]")))
        except ValueError as error:
            raise InputError(f"{name}: attribute 'sessions' is not a JSON list: {error}") from None
        sessions += [one for one in listed if one not in sessions]
    if sessions:
        seconds = sum(float(str(one.get("seconds", 0.0))) for one in sessions)
        whole.attributes.update(sessions=json.dumps(sessions), seconds=round(seconds, 3))
