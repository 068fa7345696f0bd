"""Flatness: how far from the trained network the loss stays low in every direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.curve import hermite, slopes
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.lengths import in_weights, inscribed_radius, length
from landscape.measures.sampled import sampled, usable_origin
from landscape.surface import Surface


@dataclass(frozen=True)
class Level:
    """A threshold of the loss: ``factor`` · L₀ + ``amount``, with L₀ the loss at the origin.

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

    When a cross-entropy rises by 0.1 nats, the probability of the right answer falls by 10% in the
    geometric mean.
    """
    return Level(1.0, amount)


def risen_to(factor: float = 2.0) -> Level:
    """``factor`` · L₀. For a loss near zero this is a tiny rise, within its error."""
    return Level(factor, 0.0)


def reaching(loss: float) -> Level:
    """A loss that does not depend on the network, such as that of guessing."""
    return Level(0.0, loss)


def flat_radius(surface: Surface, level: Level, quantity: str | None = None) -> Estimate:
    """The radius, in coordinates, of the largest disc in which the loss stays at or below a level.

    The disc is centred at the origin: r = min √(x² + y²) over the points of the plane where the
    loss is above the level. Unit: 1, multiples of the directions. With filter-normalized
    directions 1 is a displacement as long as the weights of the network, filter by filter, so
    radii of different networks can be compared (Li et al. 2018, section 4).

    The contour of the level is located between neighbouring grid points, on a curve that is exact
    for parabolas. The range extends from the last point below to the first above, each two
    standard errors off. NaN and infinity count as above the level. Where a point that is not
    computed, or the boundary of the plane, is reached first, the radius is a lower bound.

    Raises
    ------
    InputError
        If the origin is not a grid point or has no finite loss; if the level is a multiple of a
        loss that is not positive.
    """
    return _radius(surface, level, np.eye(len(surface.grid.axes)), quantity)


def flat_distance(surface: Surface, level: Level, quantity: str | None = None) -> Estimate:
    """The same radius in weight space: r = min ‖x·δ + y·η‖₂, by the lengths and angle of the axes.

    Unit: that of the weights. For networks whose weights can be rescaled without changing
    their function (before batch normalization) it means little on its own: a rescaled network
    has a different radius (Dinh et al. 2017, arXiv 1703.04933).

    Raises
    ------
    InputError
        As for :func:`flat_radius`; if the file does not record the lengths of its axes.
    """
    return _radius(surface, level, in_weights(surface), quantity)


def _radius(surface: Surface, level: Level, metric: FloatArray, quantity: str | None) -> Estimate:
    found, origin = sampled(surface, quantity), usable_origin(surface, quantity)
    start = found.values[origin]
    if level.factor > 1.0 and start <= 0.0:
        raise InputError(
            f"the loss at the origin is {start:.4g}: expected a positive loss for a multiple of it"
        )
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
    """The distance of the nearest crossing of ``excess`` to positive values, and its bounds.

    Returns the smallest lengths of the ends at or below zero, of the crossings, and of the ends
    above zero. Infinite where there is no crossing.
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
