"""Trajectories as lines of points that lie on the drawn surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.grid import FloatArray, IntArray
from landscape.render.space.relief import Relief
from landscape.surface import Surface

FACTS = ("loss", "plane_loss", "distance", "step")


@dataclass(frozen=True, eq=False)
class Lines:
    """All paths of a surface that lie over it, cut where they leave it or cross a hole.

    Attributes
    ----------
    places
        Shape (points, 3): x, y and the height on the scale.
    lines
        Numbers of points, one array for each unbroken piece.
    facts
        Per point the number of its path, from 1, and what the path holds of the step: its own
        loss, that of its projection, its distance off the plane, its number; NaN where it is not
        known.
    """

    places: FloatArray
    lines: list[IntArray]
    facts: dict[str, FloatArray]


def lines_on(relief: Relief, surface: Surface) -> Lines:
    """The trajectories of the surface at the heights of the drawn one."""
    from scipy.interpolate import RegularGridInterpolator

    fine = relief.fine
    on = RegularGridInterpolator((fine.y, fine.x), fine.heights, bounds_error=False)
    places, lines, count = [], [], 0
    facts: dict[str, list[FloatArray]] = {"path": [], **{f"path {name}": [] for name in FACTS}}
    for number, path in enumerate(surface.trajectories.values(), start=1):
        heights = on(np.stack([path.y, path.x], axis=1))
        there = np.isfinite(heights)
        kept = np.cumsum(there) - 1 + count
        for piece in np.split(np.arange(there.size), np.flatnonzero(~there)):
            inside = piece[there[piece]]
            if inside.size > 1:
                lines.append(kept[inside].astype(np.int64))
        places.append(np.stack([path.x, path.y, heights], axis=1)[there])
        facts["path"].append(np.full(there.sum(), float(number)))
        held = path.arrays()
        for name in FACTS:
            values = held.get(name, np.full(there.size, np.nan))
            facts[f"path {name}"].append(values[there])
        count += int(there.sum())
    joined = {name: np.concatenate([np.empty(0), *parts]) for name, parts in facts.items()}
    return Lines(np.concatenate([np.empty((0, 3)), *places]), lines, joined)
