"""The axes of a surface, and the convention that maps arrays to coordinates.

``values[j, i]`` is the value at ``y[j], x[i]`` everywhere: in arrays, in HDF5, in pictures. On a
line (no ``y``) it is ``values[i]`` at ``x[i]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError, argument

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_LARGEST_COUNT = 1_000_000
_MOST_SHOWN = 9


def parse_range(text: str, name: str = "x") -> FloatArray:
    """Parse coordinates from ``start:stop:count``, or from one number for a single point.

    Both ends are included. A coordinate meant to be 0 is exactly 0 (not 1e-17), so that the trained
    network is a point of every symmetric grid of odd size.

    >>> parse_range("-1:1:5").tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]

    Raises
    ------
    InputError
        If the text is not of that form, a number is not finite, or there is no point.
    """

    def wrong(why: str) -> InputError:
        return InputError(
            f"{argument(name, text)}: {why}; expected start:stop:count with start below stop and a "
            f"count of at least 2, such as {argument(name, '-1:1:51')}, or one number for a single "
            "point"
        )

    parts = text.split(":")
    if len(parts) not in (1, 3):
        raise wrong(f"{len(parts)} parts between colons")
    try:
        start = float(parts[0])
        stop = float(parts[1]) if len(parts) == 3 else start
    except ValueError:
        raise wrong("the ends are not numbers") from None
    try:
        count = int(parts[2]) if len(parts) == 3 else 1
    except ValueError:
        raise wrong(f"{parts[2]!r} is not a whole number of points") from None
    if not np.isfinite(stop - start):
        raise wrong("the ends are not finite, or too far apart")
    if count < 1:
        raise wrong(f"{count} points")
    if count == 1 and start != stop:
        raise wrong("one point cannot have two ends")
    if count > _LARGEST_COUNT:
        raise wrong(f"more than {_LARGEST_COUNT:,} points on one axis")
    if count > 1 and start >= stop:
        raise wrong("start is not below stop")
    values = np.linspace(start, stop, count)
    values[np.abs(values) < 1e-12 * max(stop - start, 1.0)] = 0.0
    return values


def automatic_range(text: str, distance: float) -> FloatArray:
    """Coordinates from ``auto`` or ``auto:count``: ``count`` (25) of them, ±``distance``.

    Raises an InputError if the text is not of that form, or the count is below 2.
    """
    word, colon, count = text.partition(":")
    if word != "auto" or (colon and not (count.isdecimal() and int(count) > 1)):
        raise InputError(
            f"{argument('x', text)}: expected auto, or auto:count with at least 2 points, "
            f"such as {argument('x', 'auto:51')}"
        )
    return parse_range(f"{-distance!r}:{distance!r}:{count or 25}")


def _axis(values: npt.ArrayLike, name: str) -> FloatArray:
    axis = np.array(values, dtype=np.float64)
    if axis.ndim != 1 or axis.size == 0:
        raise InputError(
            f"axis {name} has shape {axis.shape}: expected a one-dimensional, non-empty array"
        )
    if not np.isfinite(axis).all() or (np.diff(axis) <= 0).any():
        shown = np.array2string(axis, threshold=8, separator=", ")
        raise InputError(f"axis {name} must be finite and strictly increasing, got {shown}")
    axis.flags.writeable = False
    return axis


@dataclass(frozen=True, eq=False)
class Grid:
    """A rectangular grid (``x`` and ``y``) or a line (``x`` alone) of coordinates.

    Parameters
    ----------
    x
        Shape (nx,): strictly increasing coordinates along the first direction.
    y
        Shape (ny,): along the second direction, or None for a line.

    Examples
    --------
    >>> from landscape import Grid, parse_range
    >>> grid = Grid(parse_range("-1:1:5"), parse_range("0:1:3"))
    >>> grid.shape, grid.size  # (ny, nx)
    ((3, 5), 15)
    >>> grid.points()[:2].tolist()  # x runs fastest
    [[-1.0, 0.0], [-0.5, 0.0]]
    """

    x: FloatArray
    y: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", _axis(self.x, "x"))
        if self.y is not None:
            object.__setattr__(self, "y", _axis(self.y, "y"))

    @property
    def shape(self) -> tuple[int, ...]:
        """(ny, nx), or (nx,) on a line."""
        return (self.x.size,) if self.y is None else (self.y.size, self.x.size)

    @property
    def size(self) -> int:
        """The number of points."""
        return int(np.prod(self.shape))

    @property
    def axes(self) -> dict[str, FloatArray]:
        """The axes by name, ``x`` first."""
        return {"x": self.x} if self.y is None else {"x": self.x, "y": self.y}

    @property
    def plane(self) -> tuple[FloatArray, FloatArray]:
        """Both axes of a plane."""
        assert self.y is not None
        return self.x, self.y

    @property
    def by_array_axis(self) -> tuple[FloatArray, ...]:
        """The axes in the order of the axes of arrays: (y, x), or (x,) on a line."""
        return (self.x,) if self.y is None else (self.y, self.x)

    def points(self) -> FloatArray:
        """All coordinates, shape (size, number of axes), each row ``(x,)`` or ``(x, y)``.

        Row ``k`` belongs to ``values.reshape(-1)[k]`` of any array of this grid's shape.
        """
        if self.y is None:
            return self.x[:, None].copy()
        x, y = np.meshgrid(self.x, self.y, indexing="xy")  # both (ny, nx)
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def same_as(self, other: Grid) -> bool:
        """Whether both grids have exactly the same coordinates."""
        own, others = list(self.axes.values()), list(other.axes.values())
        return len(own) == len(others) and all(map(np.array_equal, own, others))

    def __str__(self) -> str:
        return " ".join(f"{name}={_axis_words(v)}" for name, v in self.axes.items())


def _axis_words(axis: FloatArray) -> str:
    """``-1:1:9`` for even steps, else the coordinates, the first few of many."""
    ends = f"{axis[0]:g}:{axis[-1]:g}:{axis.size}"
    even = np.linspace(axis[0], axis[-1], axis.size)
    if np.allclose(axis, even, rtol=0, atol=1e-6 * (axis[-1] - axis[0])):
        return ends
    if axis.size <= _MOST_SHOWN:
        return f"[{', '.join(f'{v:g}' for v in axis)}]"
    return f"{ends} in uneven steps"


def _axis_levels(n: int) -> IntArray:
    """The level of every index of an axis: 0 the ends, each further level halves the spacing."""
    level = np.full(n, -1, dtype=np.int64)
    k = 0
    while (level < 0).any():
        indices = np.unique(np.rint(np.linspace(0, n - 1, min(2**k + 1, n))).astype(int))
        level[indices[level[indices] < 0]] = k
        k += 1
    return level


def coarse_to_fine(shape: tuple[int, ...]) -> IntArray:
    """An order of visiting a grid, from coarse to fine: every prefix covers the whole grid.

    Level 0 is the corners, each further level halves the spacing along every axis, both ends
    included. Returns flat indices, shape (size,), each exactly once.
    """
    levels = [_axis_levels(n) for n in shape]
    rank = levels[0]
    for level in levels[1:]:
        rank = np.maximum(rank[..., None], level)
    return np.argsort(rank.ravel(), kind="stable").astype(np.int64)


def finest_complete(done: npt.NDArray[np.bool_]) -> tuple[IntArray, ...] | None:
    """The finest level of :func:`coarse_to_fine` whose points are all done.

    ``done``: boolean, of the shape of the grid. Returns the increasing indices of the level per
    array axis; None if the corners are not all done.
    """
    levels = [_axis_levels(n) for n in done.shape]
    found = None
    for level in range(1 + max(int(axis.max()) for axis in levels)):
        indices = tuple(np.flatnonzero(axis <= level).astype(np.int64) for axis in levels)
        if not done[np.ix_(*indices)].all():
            break
        found = indices
    return found


def lattice_sizes(shape: tuple[int, ...]) -> list[int]:
    """The number of points of each level of :func:`coarse_to_fine`, with those before it."""
    levels = [_axis_levels(n) for n in shape]
    finest = max(int(axis.max()) for axis in levels)
    return [int(np.prod([(axis <= k).sum() for axis in levels])) for k in range(finest + 1)]


class CoarserCells:
    """For every point of a grid, the points of earlier levels that enclose it.

    The levels are those of :func:`coarse_to_fine`; they only depend on the shape of the grid.

    ``finest``: the last level whose points count as corners; None is any.
    """

    def __init__(self, shape: tuple[int, ...], finest: int | None = None) -> None:
        self._shape, self._sizes = shape, lattice_sizes(shape)
        self._levels = [_axis_levels(n) for n in shape]
        last = max(int(axis.max()) for axis in self._levels)
        self.finest = last if finest is None else finest

    def reached(self, index: int) -> float:
        """The part of all points that belongs to the level of this one, or to an earlier."""
        return self._sizes[self.level(index)] / self._sizes[-1]

    def level(self, index: int) -> int:
        """The level of the point with this flat index."""
        place = np.unravel_index(index, self._shape)
        return max(int(levels[i]) for levels, i in zip(self._levels, place, strict=True))

    def around(self, index: int) -> list[int]:
        """Flat indices: the corners of the cell, up to four; none for points of level 0."""
        corners = [0]
        for ends, n in zip(self._ends(index), self._shape, strict=True):
            corners = [c * n + end for c in corners for end in ends]
        return corners if self.level(index) else []

    def weights(self, index: int, grid: Grid) -> FloatArray:
        """Weights of the corners for multilinear interpolation in a grid of this shape."""
        place = np.unravel_index(index, self._shape)
        found = np.ones(1)
        for ends, i, axis in zip(self._ends(index), place, grid.by_array_axis, strict=True):
            low, high = axis[ends[0]], axis[ends[-1]]
            part = (axis[i] - low) / (high - low) if high > low else 0.0
            found = np.outer(found, [1.0 - part, part][: len(ends)]).ravel()
        return found

    def _ends(self, index: int) -> list[list[int]]:
        """Per array axis, the indices of the coarser points on both sides, or the one here."""
        level = min(self.level(index), self.finest + 1)
        found = []
        for levels, i in zip(self._levels, np.unravel_index(index, self._shape), strict=True):
            coarser = np.flatnonzero(levels < max(level, 1))
            at = int(np.searchsorted(coarser, int(i)))
            ends = coarser[at : at + 1] if coarser[at] == i else coarser[at - 1 : at + 1]
            found.append([int(end) for end in ends])
        return found
