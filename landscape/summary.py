"""What a surface shows, in words and numbers computed from it."""

from __future__ import annotations

import numpy as np

from landscape.measures.sampled import at_origin
from landscape.measures.share import share_below_chance
from landscape.surface import Surface

__all__ = ["at_origin", "describe", "share_below_chance"]


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
        parts.append(f"{below:.1%} of the plane below the loss of guessing")
    return "; ".join(parts)
