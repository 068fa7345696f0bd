"""What sets one surface apart from another, in words, from their measures."""

from __future__ import annotations

import math
from collections.abc import Mapping

from landscape.measures import Estimate

HARDLY_BETTER = 0.95
"""A network that errs at least this often, as a share of how often guessing does, learnt nothing.
"""
_LEAST_ROUGHNESS = 0.01
"""Decades: a difference below, 2% of a loss, is none to speak of."""

Measures = Mapping[str, Estimate]
"""At least ``flat_radius`` and ``roughness``, as :mod:`landscape.experiments.measured` has them."""


def compared(first: Measures, second: Measures) -> tuple[str, str]:
    """How the second surface differs from the first, and the numbers of both."""
    rough, flat = ((first[name], second[name]) for name in ("roughness", "flat_radius"))
    flatter = _against(flat, "flatter", "sharper", 0.0)
    rougher = _against(rough, "rougher", "smoother", _LEAST_ROUGHNESS)
    return f"{flatter} and {rougher}", (
        f"flat radius {flat[0].value:.3g} and {flat[1].value:.3g}, roughness "
        f"{rough[0].value:.3g} and {rough[1].value:.3g} decades"
    )


def basins(found: Estimate) -> str:
    """``1 basin``, ``3 basins``."""
    return f"{found.value:.0f} basin{'' if found.value == 1 else 's'}"


def _against(pair: tuple[Estimate, Estimate], more: str, less: str, least: float) -> str:
    """How the second differs from the first: by more than ``least``, and beyond their ranges."""
    first, second = pair
    if math.isnan(first.value) or math.isnan(second.value):
        return f"not known to be {more} or {less}"
    if not first.differs_from(second) or abs(first.value - second.value) < least:
        return f"neither {more} nor {less}"
    return more if second.value > first.value else less
