"""The networks that define a line or plane, and their coordinates on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landscape.render.words.directions import kind_of, solution_name
from landscape.surface import Surface


@dataclass(frozen=True)
class Solution:
    """A network by its file name, and its coordinates; y is 0 on a line."""

    name: str
    x: float
    y: float


def solutions(surface: Surface) -> list[Solution]:
    """The solutions at the ends of the axes, empty if no axis is of that kind.

    Coordinate 0 of an axis is its start and 1 its end, so three of them are at (0, 0), (1, 0) and
    (0, 1); the second axis of the plane of a curve points at its bend, which is not a solution.
    """
    found: dict[tuple[float, float], str] = {}
    for axis, end in (("x", (1.0, 0.0)), ("y", (0.0, 1.0))):
        kind = kind_of(surface, axis)
        if axis in surface.grid.axes and (kind == "between" or (kind, axis) == ("curve", "x")):
            found.setdefault((0.0, 0.0), solution_name(surface, axis, "start"))
            found.setdefault(end, solution_name(surface, axis, "end"))
    return [Solution(name, *place) for place, name in found.items() if name]


def own_losses(surface: Surface) -> dict[float, float]:
    """The loss of each unmodified solution by coordinate, where the surface records it."""
    given = {0.0: "loss_at_start", 1.0: "loss_at_end"}
    values = {at: surface.attributes.get(name) for at, name in given.items()}
    return {
        at: float(v) for at, v in values.items() if isinstance(v, int | float) and math.isfinite(v)
    }
