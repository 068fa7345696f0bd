"""The precision of random directions.

Two directions take twice the memory of the weights. For a large network they are rounded to
bfloat16, 8 bits of mantissa, which makes them other random directions whose filters have the wanted
norms to about 1e-3 or better; the points of the plane are computed in the precision of the weights.
"""

from __future__ import annotations

import torch

from landscape.params import Params, is_large


def narrower(params: Params) -> torch.dtype | None:
    """bfloat16 for a large network in float32 or float64, otherwise None."""
    wide = any(p.element_size() > 2 for p in params.values())
    return torch.bfloat16 if wide and is_large(params) else None
