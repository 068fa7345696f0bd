"""Directions of a given length, so that axes have the same unit in weight space."""

from __future__ import annotations

import math

from landscape.errors import InputError
from landscape.params import Params, norm


def of_length(direction: Params, length: float, params: Params, what: str) -> Params:
    """Scale a direction to a Euclidean length, in the precision of the parameters.

    Raises
    ------
    InputError
        If its length is zero or not finite; ``what`` names the direction.
    """
    own = norm(direction)
    if not (math.isfinite(own) and own > 0):
        raise InputError(
            f"{what} has length {own:g} at these weights; expected a finite length above 0 for a "
            "direction"
        )
    return {
        name: (direction[name].double() * (length / own)).to(p.dtype) for name, p in params.items()
    }
