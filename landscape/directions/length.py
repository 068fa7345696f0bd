"""Directions of a given length: one unit of the axis is the same distance in weight space."""

from __future__ import annotations

import math

from landscape.errors import InputError
from landscape.params import Params, norm


def of_length(direction: Params, length: float, params: Params, what: str) -> Params:
    """The direction scaled to a Euclidean length, in the precision of the parameters.

    Raises
    ------
    InputError
        If it has no length, or one that is not finite; ``what`` says what it is.
    """
    own = norm(direction)
    if not (math.isfinite(own) and own > 0):
        raise InputError(
            f"{what} has length {own:g} at these weights, so it is no direction; expected a "
            "finite length above 0"
        )
    return {
        name: (direction[name].double() * (length / own)).to(p.dtype) for name, p in params.items()
    }
