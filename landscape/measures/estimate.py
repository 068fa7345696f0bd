"""A measured number and its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

SIGMAS = 2.0
"""Half width of a range in standard errors: about 95% for a normal error."""


@dataclass(frozen=True)
class Estimate:
    """A value and its range.

    Attributes
    ----------
    value
        The value from the surface as sampled.
    low, high
        Bounds, given that every loss may be two standard errors off and given the resolution of
        the grid. Both equal the value where it is exact; ``high`` is infinite where the sampled
        range ends before the answer is found.
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
        """Whether the ranges do not overlap; numbers without an error differ if unequal."""
        return self.low > other.high or other.low > self.high

    def __str__(self) -> str:
        if self.at_least:
            return f"≥ {self.value:.3g}"
        if self.low == self.high or math.isnan(self.value):
            return f"{self.value:.3g}"
        return f"{self.value:.3g} ({self.low:.3g} … {self.high:.3g})"
