"""ε-sharpness: the largest rise of the loss within a small box around the trained network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.curve import value_at
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.sampled import sampled, usable_origin
from landscape.surface import Surface


def sharpness(surface: Surface, epsilon: float = 0.1, quantity: str | None = None) -> Estimate:
    """100 · (max L − L₀) / (1 + L₀) over the box |x| ≤ ε, |y| ≤ ε; unit: percent of 1 + L₀.

    After Keskar et al. 2017 (arXiv 1609.04836), metric 2.1 with the box of equation 3. Differences
    from the paper: the maximum is over the sampled plane and not over all of weight
    space or a random subspace of a hundred dimensions, so it is smaller; it is read off the grid
    and not found by an optimizer; and the box is ε in coordinates, multiples of directions
    that are already scaled to the weights, where the paper scales each weight's by |w| + 1, with
    ε of 10⁻³ or 5·10⁻⁴. Only values for the same ε can be compared.

    Sides of the box between grid points are read off a curve that is exact for
    parabolas. Where a point in the box, or next to its side, is NaN or infinite, the sharpness
    is infinite.

    Parameters
    ----------
    epsilon
        Half the side of the box, in coordinates.

    Raises
    ------
    InputError
        If the box extends beyond the sampled range, the grid is too coarse to have a point in it
        besides the origin, or not all of it is computed; for the origin, as in
        :func:`~landscape.measures.flat_radius`.
    """
    found, origin = sampled(surface, quantity), usable_origin(surface, quantity)
    window = []
    for name, axis in surface.grid.axes.items():
        if not axis[0] <= -epsilon < epsilon <= axis[-1]:
            raise InputError(
                f"the box of ε = {epsilon:g} exceeds the range of {name}: "
                f"{axis[0]:g} to {axis[-1]:g}"
            )
        inside = axis[_inside(axis, epsilon)]
        if not inside[0] < 0.0 < inside[-1]:
            raise InputError(
                f"no point of {name} within ε = {epsilon:g} on both sides of the origin: the "
                "grid is too coarse for it"
            )
        window.append(slice(*_touched(axis, epsilon)))
    box = tuple(window[::-1])
    if not surface.done[box].all():
        raise InputError(f"not all points in the box of ε = {epsilon:g} are computed yet")
    start = found.values[origin]
    if start <= -1.0:
        raise InputError(f"the loss at the origin is {start:.4g}: expected 1 + L above 0")
    if not found.usable[box].all():
        return Estimate.exact(np.inf)
    errors = np.hypot(found.errors, found.errors[origin])
    errors[origin] = 0.0

    def largest(shift: float) -> float:
        usable = np.where(found.usable, found.values + shift * errors, np.nan)
        return float(100.0 * (_on_box(surface, usable, epsilon).max() - start) / (1.0 + start))

    return Estimate(largest(0.0), largest(-SIGMAS), largest(SIGMAS))


def _inside(axis: FloatArray, epsilon: float) -> npt.NDArray[np.bool_]:
    """Which points lie in the box; a coordinate of 0.04000000000000004 means 0.04."""
    inside: npt.NDArray[np.bool_] = np.abs(axis) <= epsilon * (1.0 + 1e-9)
    return inside


def _touched(axis: FloatArray, epsilon: float) -> tuple[int, int]:
    """The first index, and that after the last, of the points that the box's sides lie between."""
    first = int(np.searchsorted(axis, -epsilon, side="right")) - 1
    return first, int(np.searchsorted(axis, epsilon, side="left")) + 1


def _on_box(surface: Surface, values: FloatArray, epsilon: float) -> FloatArray:
    """The values at the grid's coordinates within the box and at its sides and corners."""
    for dimension, axis in zip((-1, -2), surface.grid.axes.values(), strict=False):
        lines = np.moveaxis(values, dimension, -1)
        inside = lines[..., _inside(axis, epsilon)]
        sides = [value_at(axis, lines, side)[..., None] for side in (-epsilon, epsilon)]
        values = np.moveaxis(np.concatenate([inside, *sides], axis=-1), -1, dimension)
    return values
