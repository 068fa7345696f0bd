"""What a difference between two values means, as a sentence with the numbers in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from landscape.measures.estimate import Estimate
from landscape.measures.table import Measure


def meaning_of(measure: Measure, known: Sequence[tuple[str, Estimate]]) -> str:
    """Describe the difference in one sentence.

    ``known``: two or more names with their values.
    """
    ordered = sorted(known, key=lambda pair: (pair[1].value, pair[1].low))
    (low, less), (high, more) = ordered[0], ordered[-1]
    if all(e.at_least for _, e in known):
        return "Not reached within any of the planes."
    if all(e == less for _, e in known):
        return "No difference."
    if not more.differs_from(less):
        return "No difference beyond sampling error and grid resolution."
    says = measure.says
    if "{times}" in says and not (less.value > 0.0 and math.isfinite(more.value)):
        says = "{high} has the larger value: {more} vs {less} for {low}."
    sentence = says.format(
        high=high,
        low=low,
        times=_times(more, less) if "{times}" in says else "",
        more=measure.show(more.value),
        less=measure.show(less.value),
    )
    return sentence if len(ordered) == 2 else f"{sentence} {_order(ordered)}"


def _times(more: Estimate, less: Estimate) -> str:
    """``13 times (at least 5)``: the ratio, and its lower bound given the ranges."""
    ratio = more.value / less.value
    least = more.low / less.high
    words = f"{'at least ' if more.at_least else ''}{_digits(ratio)} times"
    return f"{words} (at least {_digits(least)})" if least < 0.9 * ratio else words


def _digits(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2g}"


def _order(ordered: Sequence[tuple[str, Estimate]]) -> str:
    """``a > b ≈ c``, where ≈ is no difference beyond the ranges."""
    falling = ordered[::-1]
    words = [falling[0][0]]
    for (_, above), (name, below) in pairwise(falling):
        words += [">" if above.differs_from(below) else "≈", name]
    return f"({' '.join(words)})"
