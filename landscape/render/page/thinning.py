"""Large grids on a page: no more points than a screen shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape.grid import Grid
from landscape.render.heights import finite_values
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

MOST = {1: 2001, 2: 257}
"""Points along an axis of a line and of a plane: the picture of a plane is some 700 pixels wide."""


def thinned(surfaces: Sequence[Surface], common: Sequence[str]) -> list[Surface]:
    """Surfaces with every so many of their points; those that fit on a screen as they are.

    The ends of an axis remain, and the best point of each of the ``common`` quantities that has
    one. Surfaces on one grid remain on one grid.
    """
    lines = [_kept(surface, common) for surface in surfaces]
    found = []
    for surface in surfaces:
        alike = [
            k for k, other in zip(lines, surfaces, strict=True) if other.grid.same_as(surface.grid)
        ]
        kept = [sorted(set().union(*own)) for own in zip(*alike, strict=True)]
        found.append(_part(surface, kept))
    return found


def thinned_words(whole: Surface, part: Surface) -> str | None:
    """``251 × 251 of 1,001 × 1,001 points are on this page.``, None if all are."""
    if part.grid.size == whole.grid.size:
        return None
    few, all_ = (" × ".join(f"{a.size:,}" for a in s.grid.axes.values()) for s in (part, whole))
    return f"{few} of {all_} points are on this page."


def _part(surface: Surface, kept: Sequence[Sequence[int]]) -> Surface:
    where = np.ix_(*kept)
    if surface.done[where].size == surface.done.size:
        return surface
    axes = zip(surface.grid.by_array_axis, kept, strict=True)
    grid = Grid(*reversed([axis[own] for axis, own in axes]))
    values = {name: array[where] for name, array in surface.values.items()}
    return replace(surface, grid=grid, values=values, done=surface.done[where])


def _kept(surface: Surface, common: Sequence[str]) -> list[set[int]]:
    """The indices along each axis of the arrays."""
    shape = surface.done.shape
    most = MOST[sum(n > 1 for n in shape) or 1]
    kept = [{*range(0, n, -(-(n - 1) // (most - 1)) or 1), n - 1} for n in shape]
    if max(shape) > most:
        for best in filter(None, (_best(surface, name) for name in common)):
            for own, k in zip(kept, best, strict=True):
                own.add(k)
    return kept


def _best(surface: Surface, name: str) -> tuple[int, ...] | None:
    how = shown(surface, name)
    values = finite_values(surface, how)
    if how.quantity.better is None or not np.isfinite(values).any():
        return None
    found = np.nanargmax(values) if how.quantity.better == "higher" else np.nanargmin(values)
    return tuple(int(k) for k in np.unravel_index(found, values.shape))
