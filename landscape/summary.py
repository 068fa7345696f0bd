"""What a surface shows, in words and numbers computed from it."""

from __future__ import annotations

import math

import numpy as np

from landscape.errors import InputError
from landscape.surface import Surface


def describe(surface: Surface) -> str:
    """One line: how many points, the smallest loss and where, the largest, and what is odd."""
    name = surface.main_quantity
    values = surface[name][surface.done]
    finite = values[np.isfinite(values)]
    parts = [f"{values.size} of {surface.grid.size} points"]
    if finite.size:
        least, where = surface.minimum()
        place = ", ".join(f"{axis}={value:g}" for axis, value in where.items())
        parts.append(f"{name} from {least:.4g} (at {place}) to {finite.max():.4g}")
    odd = values.size - finite.size
    if odd:
        parts.append(f"{odd} NaN or infinite")
    below = share_below_chance(surface)
    if below is not None:
        parts.append(f"{below:.1%} of the points below the loss of guessing")
    return "; ".join(parts)


def share_below_chance(surface: Surface) -> float | None:
    """The share of computed points where the cross-entropy is below ln(classes), that of guessing.

    NaN and infinity count as above. None where the loss is no cross-entropy, where the file does
    not say how many classes there are, or where nothing has been computed.
    """
    classes = surface.attributes.get("classes")
    in_nats = surface.quantities[surface.main_quantity].units == "nats"
    if not isinstance(classes, int) or not in_nats or not surface.done.any():
        return None
    with np.errstate(invalid="ignore"):
        return float((surface[surface.main_quantity][surface.done] < math.log(classes)).mean())


def at_origin(surface: Surface, quantity: str) -> float:
    """The value at the trained network itself.

    Raises
    ------
    InputError
        If the grid has no point at 0.
    """
    index = []
    for axis in reversed(surface.grid.axes.values()):
        zero = np.flatnonzero(axis == 0.0)
        if zero.size == 0:
            raise InputError(f"grid {surface.grid} has no point at the origin")
        index.append(int(zero[0]))
    return float(surface[quantity][tuple(index)])
