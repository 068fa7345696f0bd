"""What a run that is not complete keeps of its points, beside their values.

It belongs to a surface in memory, in its file and between ranks, until every point is done.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError

Kept = dict[str, dict[int, npt.NDArray[np.float32]]]
"""By the name of a quantity and the flat index of a point: any numbers, shape (n,)."""

_ARRAYS: dict[str, np.dtype[np.int64] | np.dtype[np.float32]] = {
    "points": np.dtype(np.int64),
    "lengths": np.dtype(np.int64),
    "numbers": np.dtype(np.float32),
}


def take(kept: Kept, other: Kept, points: Collection[int]) -> None:
    """Add what ``other`` keeps of these points."""
    for name, held in other.items():
        own = kept.setdefault(name, {})
        own.update({index: held[index] for index in points if index in held})


def arrays(kept: Kept, points: Collection[int]) -> dict[str, dict[str, npt.NDArray[np.generic]]]:
    """As three arrays for each name that keeps something of these points."""
    found: dict[str, dict[str, npt.NDArray[np.generic]]] = {}
    for name, held in kept.items():
        own = sorted(set(points) & set(held))
        if own:
            rows = [held[index] for index in own]
            found[name] = {
                "points": np.array(own, np.int64),
                "lengths": np.array([row.size for row in rows], np.int64),
                "numbers": np.concatenate(rows),
            }
    return found


def from_arrays(
    stored: Mapping[str, Mapping[str, npt.NDArray[np.generic]]], size: int, where: str
) -> Kept:
    """The inverse of :func:`arrays`.

    ``size``: of the grid. ``where``: the file, in messages. Raises an InputError if the arrays do
    not belong together.
    """
    found: Kept = {}
    for name, held in stored.items():
        points, lengths, numbers = (held.get(what) for what in _ARRAYS)
        if points is None or lengths is None or numbers is None or not _fit(held, size):
            raise InputError(f"{where}: {name}: what was kept is incomplete; the file is damaged")
        parts = np.split(numbers.astype(np.float32), np.cumsum(lengths)[:-1].tolist())
        found[name] = dict(zip(points.tolist(), parts, strict=True))
    return found


def _fit(held: Mapping[str, npt.NDArray[np.generic]], size: int) -> bool:
    kinds = all(array.ndim == 1 and array.dtype == _ARRAYS[name] for name, array in held.items())
    if not kinds:
        return False
    points, lengths = (np.asarray(held[what], np.int64) for what in ("points", "lengths"))
    inside = points.size > 0 and points.min() >= 0 and points.max() < size
    return bool(
        inside
        and np.unique(points).size == lengths.size == points.size
        and lengths.min() >= 0
        and lengths.sum() == held["numbers"].size
    )


def sha256(held: Mapping[str, npt.NDArray[np.generic]]) -> str:
    """Of the arrays of one name."""
    digest = hashlib.sha256()
    for what in _ARRAYS:
        digest.update(np.ascontiguousarray(held[what]).data)
    return digest.hexdigest()


def packed(kept: Kept, points: Collection[int]) -> bytes:
    """What is kept of these points as bytes; empty if that is nothing."""
    named = {
        f"{name}/{what}": array
        for name, held in arrays(kept, points).items()
        for what, array in held.items()
    }
    if not named:
        return b""
    file = io.BytesIO()
    np.savez(file, **named)  # type: ignore[arg-type]
    return file.getvalue()


def unpacked(data: bytes, size: int) -> Kept:
    """The inverse of :func:`packed`; ``size``: of the grid."""
    if not data:
        return {}
    stored: dict[str, dict[str, npt.NDArray[np.generic]]] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        for key in file.files:
            name, _, what = key.rpartition("/")
            stored.setdefault(name, {})[what] = file[key]
    return from_arrays(stored, size, "values of another rank")
