"""How heavy the tail of the losses of single examples is. NumPy only.

Where the share of examples with a loss above t falls like t^−α, their variance grows with every
further example if α is below 2: it depends on the few largest, and the intervals of a sample that
has missed them are too short (Embrechts, Klüppelberg and Mikosch, *Modelling Extremal Events*,
1997, section 6.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from landscape.evaluate.stopping import Tolerance
from landscape.evaluate.strata import corners
from landscape.grid import FloatArray, Grid

HEAVY = 2.0
"""Below this index the variance of a power law does not exist."""

ASKED = 2048
"""Examples whose losses show the tail at a corner of the grid."""

_MORE = 0.5  # of the tolerance
_SHARES = (0.003, 0.01, 0.03, 0.1)  # of the examples, from the largest on
_LEAST = 5  # examples in the first share


def tail_index(losses: FloatArray) -> float:
    """The index α of the tail, infinite if it is none of a power law or of too few examples.

    The largest slope of the share of examples over their size, in logarithms, between 10%, 3%, 1%
    and 0.3% of them: so a rare group far from all others is no heavy tail.

    >>> import numpy as np
    >>> uniform = (np.arange(5000) + 0.5) / 5000
    >>> round(tail_index(uniform ** (-1 / 1.5)), 1), tail_index(-np.log(uniform)) > 3
    (1.4, True)

    Parameters
    ----------
    losses
        Shape (n,); the index of losses that are not finite is infinite.
    """
    if not np.isfinite(losses).all():
        return math.inf
    excess = np.sort(losses - np.median(losses))[::-1]
    ranks = [k for k in (round(share * losses.size) for share in _SHARES) if k >= _LEAST]
    sizes = excess[[k - 1 for k in ranks]]
    if len(ranks) < 3 or not sizes[-1] > 0:
        return math.inf
    with np.errstate(divide="ignore"):
        return float(np.max(np.diff(np.log(ranks)) / np.log(sizes[:-1] / sizes[1:])))


@dataclass(frozen=True)
class HeavyTail:
    """Losses with a heavy tail over the whole grid, for which no interval can be promised.

    ``origin``, ``corners``: the index at the trained weights, and the smallest at a corner.
    """

    origin: float
    corners: float

    def __str__(self) -> str:
        return (
            f"tail index {self.origin:.2g} at the trained weights, {self.corners:.2g} at a corner "
            "of the grid"
        )

    def stricter(self, tolerance: Tolerance) -> Tolerance:
        """Half the tolerance: what a sample may have missed needs more examples."""
        parts = tolerance.relative * _MORE, tolerance.absolute * _MORE
        return replace(tolerance, relative=parts[0], absolute=parts[1])


def heavy_tail(
    grid: Grid, losses: FloatArray, losses_at: Callable[[FloatArray], FloatArray]
) -> HeavyTail | None:
    """The heavy tail of the losses, if they have one at the trained weights and at a corner.

    A trained network has one at its weights, where all examples are measured; the losses of a
    network far from there usually have none.

    Parameters
    ----------
    losses
        Of all examples at the trained weights, shape (N,).
    losses_at
        Returns those of a random part of the examples at coordinates of shape (axes,).
    """
    origin = tail_index(losses)
    if origin >= HEAVY:
        return None
    points = grid.points()
    lowest = min(tail_index(losses_at(points[k])) for k in corners(grid.shape))
    return HeavyTail(origin, lowest) if lowest < HEAVY else None
