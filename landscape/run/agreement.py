"""Comparison of two computations of the same points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray, Grid
from landscape.quantity import Quantity

ROUNDING = 1e-6
"""Largest difference due to rounding, relative and absolute."""

_FOUND_TO = 2e-2
"""The same for iterative results: eigenvalues, relative to the largest, and their ratio."""


@dataclass(frozen=True)
class Disagreement:
    """A quantity with two different values at one point.

    ``index``: flat index of the point.
    """

    index: int
    quantity: str
    values: tuple[float, float]

    def at(self, grid: Grid) -> str:
        """Describe the point and both values."""
        one, other = self.values
        return f"{self.quantity} at {point_words(grid, self.index)}: {one!r} and {other!r}"


def disagreements(
    one: dict[str, FloatArray],
    other: dict[str, FloatArray],
    indices: npt.NDArray[np.integer],
    rounding: float | Mapping[str, float] = ROUNDING,
) -> list[Disagreement]:
    """List quantities and points where two computations differ by more than rounding.

    ``one``, ``other``: values of each quantity, shape (n,). NaN equals NaN, and an infinity itself.
    ``indices``: flat indices of these points. ``rounding``: the largest allowed difference,
    absolute and relative to the larger modulus; optionally per quantity.
    """
    found = []
    named = {name: Quantity.parse(name) for name in one}
    eigenvalues = [s[n] for n, q in named.items() if q.is_eigenvalue for s in (one, other)]
    moduli = np.abs(np.concatenate(eigenvalues)) if eigenvalues else np.zeros(1)
    largest = np.max(moduli[np.isfinite(moduli)], initial=0.0)
    for name, a in one.items():
        b = other[name]
        least = rounding if isinstance(rounding, float) else rounding[name]
        with np.errstate(invalid="ignore"):
            allowed = least * (1.0 + np.maximum(np.abs(a), np.abs(b)))
            if named[name].is_eigenvalue:
                allowed = np.full(a.shape, _FOUND_TO * largest)
            elif named[name].is_eigen_ratio:
                allowed = _FOUND_TO * (1.0 + np.maximum(a, b))
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            same |= np.isfinite(a) & np.isfinite(b) & (np.abs(a - b) <= allowed)
        found += [
            Disagreement(int(indices[k]), name, (float(a[k]), float(b[k])))
            for k in np.flatnonzero(~same)
        ]
    return found


def point_words(grid: Grid, index: int) -> str:
    """Describe a point, such as ``x=0.5, y=-1``."""
    place = grid.points()[index]
    return ", ".join(f"{name}={value:g}" for name, value in zip(grid.axes, place, strict=True))
