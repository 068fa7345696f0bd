"""Directions of zero length, whose surface would be flat, and weights that do not move."""

from __future__ import annotations

import warnings

from landscape.directions.filters import Filters
from landscape.errors import argument
from landscape.params import Params

RELATIVE = ("filter", "layer", "weight")
"""Normalizations that leave weights of zero where they are."""


def warn_of_zeros(params: Params, ignore: str, filters: Filters) -> None:
    """Warn of weights of zero, which directions relative to the weights do not move."""
    moved = {n: p for n, p in params.items() if p.ndim > 1 and not filters.left_out(n, p, ignore)}
    zero = [name for name, p in moved.items() if not bool(p.any())]
    if zero and len(zero) < len(moved):
        warnings.warn(
            f"{len(zero)} of {len(moved)} parameters are zero, the first {zero[0]!r}: relative to "
            "their weights they do not move; directions that are not normalized move them",
            stacklevel=5,
        )


def why_zero(params: Params, normalization: str, ignore: str, filters: Filters) -> str:
    """Why a direction has zero length, and what to do."""
    begins = "the direction has length 0, so the surface would be flat"
    moved = [p for n, p in params.items() if not filters.left_out(n, p, ignore)]
    if not moved:
        return (
            f"{begins}: {argument('ignore', ignore)} leaves out every parameter that moves; choose "
            f"{argument('ignore', 'none')}"
        )
    if normalization in (*RELATIVE, "model") and not any(bool(p.any()) for p in moved):
        return (
            f"{begins}: all weights that move are zero, and the direction is relative to them; "
            f"choose other {argument('parameters')}, or {argument('norm', 'none')}"
        )
    return f"{begins}; give one that is not zero"
