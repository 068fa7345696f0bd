"""Convexity share: how much of the plane curves upwards in every direction."""

from __future__ import annotations

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.sampled import sampled
from landscape.surface import Surface

_ROUNDING = 8.0 * np.finfo(np.float64).eps


def convexity_share(surface: Surface, quantity: str | None = None) -> Estimate:
    """The share of interior points where the discrete Hessian is positive semidefinite; unit 1.

    The Hessian is of central second differences over the point and its eight neighbours (two on a
    line), exact for quadratics on unequal spacing too; those along x are the mean over the three
    rows, those along y over the three columns, which reduces noise and discretisation error.
    With H the Hessian in coordinates, that in an orthonormal basis of the plane is AᵀHA, and by
    Sylvester's law of inertia the signs of eigenvalues stay the same under every invertible A.
    So oblique axes, and axes of any length, have the same share.

    It is a property of the plane: where the plane's Hessian is positive, that of the whole weight
    space need not be (where it is not, that of the weight space is not either; Li et al. 2018,
    section 6). It depends on the spacing h: closer points see finer ripples, and where an
    eigenvalue is nearly 0, as along a straight trough, an error of order h² decides its sign.

    Points with a neighbour that is NaN, infinite or not computed are left out. The range is what
    the share may be where the smallest eigenvalue λ of each point may be two standard errors off;
    λ = vᵀHv is linear in the nine losses, and their errors are taken as independent.

    Raises
    ------
    InputError
        If no point has all its neighbours.
    """
    found = sampled(surface, quantity)
    values = np.where(found.usable, found.values, np.nan)
    axes = list(surface.grid.axes.values())
    if min(axis.size for axis in axes) < 3:
        raise InputError(f"grid {surface.grid} has no interior point")
    if len(axes) == 1:
        value, error, rounding = _on_line(axes[0], values, found.errors)
    else:
        value, error, rounding = _on_plane(axes[0], axes[1], values, found.errors)
    complete = np.isfinite(value)
    if not complete.any():
        raise InputError("no interior point has a finite loss at all of its neighbours")
    value, error, rounding = value[complete], error[complete], rounding[complete]

    def share(shift: float) -> float:
        return float((value + shift * error >= -rounding).mean())

    return Estimate(share(0.0), share(-SIGMAS), share(SIGMAS))


def first_differences(axis: FloatArray) -> FloatArray:
    """Weights of the three points around each interior point for the derivative, shape (3, n−2)."""
    back, fore = np.diff(axis)[:-1], np.diff(axis)[1:]
    span = back + fore
    return np.stack([-fore / (back * span), (fore - back) / (back * fore), back / (fore * span)])


def second_differences(axis: FloatArray) -> FloatArray:
    """The same for the second derivative."""
    back, fore = np.diff(axis)[:-1], np.diff(axis)[1:]
    span = back + fore
    return np.stack([2 / (back * span), -2 / (back * fore), 2 / (fore * span)])


def hessian_weights(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights of the nine points around each interior point for Lxx, Lxy and Lyy.

    Each has shape (9, ny−2, nx−2), in the order of :func:`neighbourhoods`.
    """
    at_x, at_y = np.full((3, x.size - 2), 1.0 / 3.0), np.full((3, y.size - 2), 1.0 / 3.0)

    def product(down: FloatArray, along: FloatArray) -> FloatArray:
        both: FloatArray = np.einsum("aj,bi->abji", down, along)
        return both.reshape(9, y.size - 2, x.size - 2)

    return (
        product(at_y, second_differences(x)),
        product(first_differences(y), first_differences(x)),
        product(second_differences(y), at_x),
    )


def neighbourhoods(values: FloatArray) -> FloatArray:
    """The nine values around each interior point, row by row, shape (9, ny−2, nx−2)."""
    ny, nx = values.shape
    return np.stack([values[j : ny - 2 + j, i : nx - 2 + i] for j in range(3) for i in range(3)])


def _on_plane(
    x: FloatArray, y: FloatArray, values: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The smallest eigenvalue at each interior point, its standard error, and its rounding."""
    # In units of the spacing, so that both axes have the same weight.
    xx, xy, yy = hessian_weights(x / np.diff(x).mean(), y / np.diff(y).mean())
    around = neighbourhoods(values)
    hxx, hxy, hyy = ((weights * around).sum(axis=0) for weights in (xx, xy, yy))
    angle = 0.5 * np.arctan2(2.0 * hxy, hxx - hyy) + np.pi / 2.0  # of the smaller eigenvalue
    c, s = np.cos(angle), np.sin(angle)
    weights = c**2 * xx + 2.0 * c * s * xy + s**2 * yy
    return _weighed(weights, around, neighbourhoods(errors))


def _on_line(
    x: FloatArray, values: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    around, off = (np.stack([v[:-2], v[1:-1], v[2:]]) for v in (values, errors))
    return _weighed(second_differences(x), around, off)


def _weighed(
    weights: FloatArray, values: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    value = (weights * values).sum(axis=0)
    error = np.sqrt(((weights * errors) ** 2).sum(axis=0))
    return value, error, _ROUNDING * np.abs(weights * values).sum(axis=0)
