"""Flatness: how far from the trained network the loss stays low, whichever way one goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.curve import hermite, slopes
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.lengths import in_coordinates, in_weights, inscribed_radius, length
from landscape.measures.sampled import sampled, usable_origin
from landscape.surface import Surface


@dataclass(frozen=True)
class Level:
    """A loss to be reached: ``factor`` · L₀ + ``amount``, with L₀ the loss at the origin.

    Attributes
    ----------
    factor
        Unit 1.
    amount
        In the unit of the loss.
    """

    factor: float
    amount: float


def risen_by(amount: float = 0.1) -> Level:
    """L₀ + ``amount``: the same rise for a loss of 0.0008 and for one of 0.14.

    A cross-entropy that has risen by 0.1 nats gives the right answer, in the geometric mean, 10%
    less probability.
    """
    return Level(1.0, amount)


def risen_to(factor: float = 2.0) -> Level:
    """``factor`` · L₀. Of a loss near zero this is nearly nothing, and within its error."""
    return Level(factor, 0.0)


def reaching(loss: float) -> Level:
    """A loss that does not depend on the network, such as that of guessing."""
    return Level(0.0, loss)


def flat_radius(surface: Surface, level: Level, quantity: str | None = None) -> Estimate:
    """The radius, in coordinates, of the largest disc in which the loss stays at or below a level.

    The disc lies around the origin: r = min √(x² + y²) over the points of the plane where the
    loss is above the level. Unit: 1, multiples of the directions. With filter-normalized
    directions 1 is a displacement as long as the weights of the network, filter by filter, so
    radii of different networks can be compared (Li et al. 2018, section 4).

    The contour of the level is looked for between neighbouring points of the grid, on a curve
    that is exact for parabolas. The range reaches from the last point below to the first above,
    each two standard errors off. NaN and infinity count as above the level. A point that is not
    computed, or the rim of the plane, ends what is known: the radius is a lower bound there.

    Raises
    ------
    InputError
        If the origin is no point of the grid or holds no finite loss; if a multiple is asked of
        a loss that is not positive.
    """
    return _radius(surface, level, in_coordinates(surface), quantity)


def flat_distance(surface: Surface, level: Level, quantity: str | None = None) -> Estimate:
    """The same radius in weight space: r = min ‖x·δ + y·η‖₂, by the lengths and angle of the axes.

    Unit: that of the weights. Of networks whose weights can be scaled without a change of what
    they compute (before batch normalization) it says little by itself: a rescaled network has
    another radius (Dinh et al. 2017, arXiv 1703.04933).

    Raises
    ------
    InputError
        As :func:`flat_radius`; if the file does not say how long its axes are.
    """
    return _radius(surface, level, in_weights(surface), quantity)


def _radius(surface: Surface, level: Level, metric: FloatArray, quantity: str | None) -> Estimate:
    found, origin = sampled(surface, quantity), usable_origin(surface, quantity)
    start = found.values[origin]
    if level.factor > 1.0 and start <= 0.0:
        raise InputError(f"the loss at the origin is {start:.4g}: no multiple of it is a rise")
    excess = np.where(found.usable, found.values, np.inf) - level.factor * start - level.amount
    errors = np.hypot(found.errors, level.factor * found.errors[origin])
    errors[origin] = abs(1.0 - level.factor) * found.errors[origin]  # one number, not two
    excess[~surface.done] = np.nan
    missing = length(surface.grid.points()[surface.missing()], metric)
    known = min([inscribed_radius(surface.grid, metric), *missing])

    def nearest(shift: float) -> list[float]:
        shifted = excess + shift * errors
        return _nearest(surface, shifted, metric) if shifted[origin] <= 0 else [0.0] * 3

    low, value, high = nearest(SIGMAS)[0], nearest(0.0)[1], nearest(-SIGMAS)[2]
    high = max(high, value) if high < known else np.inf
    return Estimate(min(value, known), min(low, value, known), high, value >= known)


def _nearest(surface: Surface, excess: FloatArray, metric: FloatArray) -> list[float]:
    """The distance of the nearest place where ``excess`` becomes positive, and its bounds.

    Returns the smallest lengths of: the ends at or below zero, the places in between, the ends
    above. Infinite where it does nowhere.
    """
    ends: list[FloatArray] = []
    mesh = np.meshgrid(*surface.grid.axes.values(), indexing="xy")
    for number, axis in enumerate(surface.grid.axes.values()):
        dimension = excess.ndim - 1 - number
        lines = np.moveaxis(excess, dimension, -1)
        at = [np.moveaxis(coordinate, dimension, -1) for coordinate in mesh]
        m = slopes(axis, np.where(np.isfinite(lines), lines, np.nan))
        for below, above in [(slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))]:
            a, b = lines[..., below], lines[..., above]
            here = (a <= 0) & (b > 0)
            width = np.broadcast_to(axis[above] - axis[below], a.shape)[here]
            t = _root(width, a[here], b[here], m[..., below][here], m[..., above][here])
            start = np.stack([c[..., below][here] for c in at], axis=1)
            stop = np.stack([c[..., above][here] for c in at], axis=1)
            between = start + t[:, None] * (stop - start)
            ends.append(np.stack([length(p, metric) for p in (start, between, stop)]))
    found = np.concatenate(ends, axis=1)
    return [float(row.min(initial=np.inf)) for row in found]


def _root(
    width: FloatArray, a: FloatArray, b: FloatArray, slope_a: FloatArray, slope_b: FloatArray
) -> FloatArray:
    """Where the curve from a ≤ 0 to b > 0 crosses zero, 0 to 1; at 0 where b is infinite."""
    low, high = np.zeros_like(a), np.ones_like(a)
    for _ in range(50):  # bisection: 2⁻⁵⁰ of a gap
        middle = (low + high) / 2
        above = ~(hermite(middle, width, (a, b), (slope_a, slope_b)) <= 0)
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    return np.where(np.isfinite(b), high, 0.0)
