"""A number that was measured, and how far off it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

SIGMAS = 2.0
"""Standard errors on either side that count as possible: about 95% for a normal error."""


@dataclass(frozen=True)
class Estimate:
    """A value with the range that it may have.

    Attributes
    ----------
    value
        What the surface as sampled gives.
    low, high
        What it may be where every loss may be two standard errors off, and where the grid leaves
        it open. Both are the value itself where nothing is open; ``high`` is infinite where the
        sampled range ends before the answer is found.
    at_least
        Whether the value is only a lower bound.
    """

    value: float
    low: float
    high: float
    at_least: bool = False

    @staticmethod
    def exact(value: float) -> Estimate:
        """A value without an error."""
        return Estimate(value, value, value)

    def differs_from(self, other: Estimate) -> bool:
        """Whether the ranges do not overlap; numbers without an error differ where unequal."""
        return self.low > other.high or other.low > self.high

    def __str__(self) -> str:
        if self.at_least:
            return f"≥ {self.value:.3g}"
        if self.low == self.high or math.isnan(self.value):
            return f"{self.value:.3g}"
        return f"{self.value:.3g} ({self.low:.3g} … {self.high:.3g})"
