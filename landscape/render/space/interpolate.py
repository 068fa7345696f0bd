"""Interpolate between the sampled points: a smooth surface through them without new extrema.

A bicubic Hermite surface whose slopes at the samples are those of the monotone cubic
interpolation of Fritsch & Carlson 1980 (PCHIP), clipped to the range of the four corners of each
cell. So it has no minimum or maximum that was not sampled, and because every cell depends only on
its own corners, a hole affects nothing around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.errors import check_choice
from landscape.grid import FloatArray, IntArray

METHODS = ("cubic", "none")


@dataclass(frozen=True, eq=False)
class Fine:
    """A grid with more points, the sampled ones among them.

    ``x``, ``y``: shapes (nx,) and (ny,). ``heights``: shape (ny, nx), NaN for holes. ``parts``:
    number of parts of each cell along (x, y): every ``parts``-th point is a sample.
    """

    x: FloatArray
    y: FloatArray
    heights: FloatArray
    parts: tuple[int, int]


def refine(
    x: FloatArray, y: FloatArray, heights: FloatArray, method: str = "cubic", cells: int = 240
) -> Fine:
    """Divide the cells of a grid until each axis has about ``cells`` of them.

    Returns the finer grid. Samples keep their heights exactly; a point within a cell is NaN if a
    corner of the cell is; along an axis of two points the surface is linear. Raises an InputError
    if the method is unknown.

    Parameters
    ----------
    x, y
        Shapes (nx,) and (ny,), each of at least 2 increasing coordinates, evenly spaced or not.
    heights
        Shape (ny, nx), NaN for holes. As drawn: log10 of a loss on a log scale.
    method
        ``cubic``, or ``none``, which divides nothing and returns the samples.
    cells
        An axis with more than half as many cells is not divided.
    """
    check_choice("interpolation", method, METHODS)
    if method == "none":
        return Fine(x, y, heights, (1, 1))
    parts = (max(1, cells // (x.size - 1)), max(1, cells // (y.size - 1)))
    if parts == (1, 1):
        return Fine(x, y, heights, parts)
    fine_x, fine_y = _divided(x, parts[0]), _divided(y, parts[1])
    between = _hermite(x, y, heights, fine_x, fine_y)
    between = _held_in_cells(between, heights, parts)
    between[:: parts[1], :: parts[0]] = heights
    return Fine(fine_x, fine_y, between, parts)


def statement(fine: Fine, samples: tuple[int, ...], what: str) -> str:
    """``cubic interpolation of log10(loss) between 51 x 51 sampled points``.

    ``samples``: (ny, nx) of the sampled grid.
    """
    size = f"{samples[1]} x {samples[0]} sampled points"
    if fine.parts == (1, 1):
        return f"{what} at {size}, no interpolation"
    return f"cubic interpolation of {what} between {size}"


def _divided(axis: FloatArray, parts: int) -> FloatArray:
    steps = np.arange(parts) / parts
    inner = axis[:-1, None] + np.diff(axis)[:, None] * steps
    return np.append(inner.ravel(), axis[-1])


def _hermite(
    x: FloatArray, y: FloatArray, heights: FloatArray, fine_x: FloatArray, fine_y: FloatArray
) -> FloatArray:
    from scipy.interpolate import CubicHermiteSpline

    along_x = _slopes(x, heights)
    along_y = _slopes(y, heights.T).T
    twist = 0.5 * (_slopes(x, along_y) + _slopes(y, along_x.T).T)
    # Values in a hole are never used: a cell depends only on its own corners.
    values, along_x, along_y, twist = map(np.nan_to_num, (heights, along_x, along_y, twist))
    rows = CubicHermiteSpline(x, values, along_x, axis=1)(fine_x)
    slopes = CubicHermiteSpline(x, along_y, twist, axis=1)(fine_x)
    surface: FloatArray = CubicHermiteSpline(y, rows, slopes, axis=0)(fine_y)
    return surface


def _slopes(axis: FloatArray, rows: FloatArray) -> FloatArray:
    """Slopes at the points of every row, separately for each contiguous run; NaN in holes."""
    slopes = np.where(np.isnan(rows), np.nan, 0.0)
    whole = np.isfinite(rows).all(axis=1)
    if whole.any():
        slopes[whole] = _pchip(axis, rows[whole])
    for k in np.flatnonzero(~whole):
        for part in np.ma.clump_unmasked(np.ma.masked_invalid(rows[k])):
            if part.stop - part.start > 1:
                slopes[k, part] = _pchip(axis[part], rows[k : k + 1, part])[0]
    return slopes


def _pchip(axis: FloatArray, rows: FloatArray) -> FloatArray:
    from scipy.interpolate import PchipInterpolator

    slopes: FloatArray = PchipInterpolator(axis, rows, axis=1).derivative()(axis)
    return slopes


def _held_in_cells(surface: FloatArray, heights: FloatArray, parts: tuple[int, int]) -> FloatArray:
    corners = np.stack([heights[:-1, :-1], heights[:-1, 1:], heights[1:, :-1], heights[1:, 1:]])
    # NaN if any corner is NaN: it spreads to every point within the cell.
    low, high = corners.min(axis=0), corners.max(axis=0)
    (ny, nx), (across, upward) = surface.shape, parts
    held = surface
    bounded = [
        np.clip(surface, low[cell], high[cell])
        for rows in _cells_of(ny, upward)
        for columns in _cells_of(nx, across)
        for cell in [np.ix_(rows, columns)]
    ]
    # A point on an edge belongs to the cells on both sides, and exists if either does.
    held = bounded[0]
    for other in bounded[1:]:
        held = np.where(np.isnan(held), other, held)
    return held


def _cells_of(points: int, parts: int) -> tuple[IntArray, IntArray]:
    """The cells before and after each point of a divided axis; the same one within a cell."""
    index, last = np.arange(points), (points - 1) // parts - 1
    after = np.minimum(index // parts, last)
    before = np.maximum((index - 1) // parts, 0)
    return before.astype(np.int64), after.astype(np.int64)
