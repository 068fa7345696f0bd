"""A curve through sampled values, exact for parabolas, to interpolate between grid points.

Linear interpolation would place the rise out of a minimum much too close to it: the bottom of a
bowl is a parabola.
"""

from __future__ import annotations

import numpy as np

from landscape.grid import FloatArray


def slopes(axis: FloatArray, values: FloatArray) -> FloatArray:
    """Derivatives along the last dimension, by the parabola through each point and its neighbours.

    At the ends by the parabola through the three outermost points. NaN where a point of the
    parabola is NaN or infinite, or where there are fewer than three.

    ``axis``: shape (n,), strictly increasing. ``values``: shape (…, n).
    """
    if axis.size < 3:
        return np.full(values.shape, np.nan)
    with np.errstate(invalid="ignore"):
        found: FloatArray = np.gradient(values, axis, axis=-1, edge_order=2)
    return found


def hermite(
    t: FloatArray, width: FloatArray, ends: tuple[FloatArray, FloatArray], m: tuple[FloatArray, ...]
) -> FloatArray:
    """The cubic with values ``ends`` and derivatives ``m`` at both ends of a gap of ``width``.

    ``t`` runs from 0 to 1. Where a derivative is NaN, the straight line.
    """
    a, b = ends
    with np.errstate(invalid="ignore"):
        straight = a + t * (b - a)
        secant = b - a
        # The line, and what the derivatives at the ends bend it by.
        bend = t * (1 - t) * ((1 - t) * (width * m[0] - secant) - t * (width * m[1] - secant))
        return np.where(np.isfinite(bend), straight + bend, straight)


def value_at(axis: FloatArray, values: FloatArray, place: float) -> FloatArray:
    """The values at one coordinate within the axis, shape (…), from values of shape (…, n)."""
    right = int(np.clip(np.searchsorted(axis, place), 1, axis.size - 1)) if axis.size > 1 else 0
    if place in axis:
        exact: FloatArray = values[..., int(np.flatnonzero(axis == place)[0])]
        return exact
    left, m = right - 1, slopes(axis, values)
    width = axis[right] - axis[left]
    ends, at_ends = (values[..., left], values[..., right]), (m[..., left], m[..., right])
    return hermite((place - axis[left]) / width, width, ends, at_ends)
