"""Contours of an unfinished run: the finest grid that is complete.

Points are computed from coarse to fine, so the first quarter covers the whole plane, but hardly any
cell of the full grid has values at all four corners.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from landscape.grid import Grid, finest_complete
from landscape.surface import Surface

_ENOUGH = 0.9
_FEWEST = 3
"""Minimum number of points along an axis; the corners alone show nothing."""


def finished_part(surface: Surface) -> Surface:
    """The surface on the finest complete subgrid, or unchanged if that shows no more.

    A surface is unchanged if at least nine tenths of its cells have four computed corners, or if it
    was computed in another order.
    """
    done = surface.done
    if done.ndim < 2 or min(done.shape) < 2:
        return surface
    cells = done[:-1, :-1] & done[:-1, 1:] & done[1:, :-1] & done[1:, 1:]
    if cells.mean() >= _ENOUGH:
        return surface
    coarse = finest_complete(done)
    if coarse is None or max(map(len, coarse)) < _FEWEST:
        return surface
    (rows, columns), part, (x, y) = coarse, np.ix_(*coarse), surface.grid.plane
    values = {name: array[part] for name, array in surface.values.items()}
    return replace(surface, grid=Grid(x[columns], y[rows]), values=values, done=done[part])


def unfinished_notes(surface: Surface, drawn: Surface) -> list[str]:
    """A note for the reader if only a subgrid is drawn."""
    if drawn is surface:
        return []
    coarse, full = (" × ".join(str(n) for n in s.done.shape[::-1]) for s in (drawn, surface))
    computed = f"{int(surface.done.sum()):,} of {surface.done.size:,} points computed"
    return [f"Incomplete ({computed}): showing {coarse} of {full} points."]
