"""The topological landscape profile: how wide each basin is, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.grid import FloatArray, IntArray
from landscape.measures.topology import Topology, topology_of
from landscape.surface import Surface


@dataclass(frozen=True, eq=False)
class Hollow:
    """A basin up to the level where it meets another, or two and more that have met, in a profile.

    Attributes
    ----------
    floor
        Flat index of its lowest point.
    levels
        Rising losses, shape (n,): from the lowest to that where it ends.
    widths
        The share of the usable grid below each level within it, shape (n,), unit 1.
    centre
        Of the shape, in the same unit, from 0 to 1.
    """

    floor: int
    levels: FloatArray
    widths: FloatArray
    centre: float


def landscape_profile(surface: Surface, quantity: str | None = None) -> list[Hollow]:
    """The topological landscape profile of a surface of any dimension.

    A basin is drawn as wide at each level as the share of the grid that lies below the level
    within it; where basins meet, they stand side by side in one of the sum of their widths. Only
    basins that count are told apart (:func:`~landscape.measures.resolved.shown`): the points of
    other dips belong to the basin around them. Geniesse et al., *Visualizing Loss Functions as
    Topological Landscape Profiles*, arXiv 2411.12136.

    Raises
    ------
    InputError
        If no point is finite.

    Examples
    --------
    >>> import landscape
    >>> from landscape.measures import landscape_profile
    >>> whole = landscape_profile(landscape.open_surface("example:resnet56"))[-1]
    >>> round(float(whole.widths[-1]), 6), round(whole.centre, 6)
    (1.0, 0.5)
    """
    return profile_of(topology_of(surface, quantity))


def profile_of(tree: Topology) -> list[Hollow]:
    """The profile of a surface whose merge tree is known; as :func:`landscape_profile`.

    Parts come before the hollows that hold them; parts of the grid that holes separate stand side
    by side.
    """
    values, home = tree.found.values.ravel(), tree.catchments.ravel()
    share = tree.areas.ravel() / float(tree.areas[tree.found.usable].sum())
    order = np.flatnonzero(home >= 0)
    order = order[np.argsort(values[order], kind="stable")]
    points = {b.floor: order[home[order] == b.floor] for b in tree.kept}
    depth = {b.floor: values[b.floor] for b in tree.kept}
    open_ = {floor: _Open(floor, own) for floor, own in points.items()}
    done: list[_Open] = []
    merges = [b for b in tree.kept if b.saddle is not None and b.elder is not None]
    where = {b.floor: b.floor for b in tree.kept}  # floor of a branch to that of its open hollow

    def current(floor: int) -> int:
        while where[floor] != floor:
            floor = where[floor]
        return floor

    for branch in sorted(merges, key=lambda b: float(values[b.saddle])):
        assert branch.saddle is not None
        assert branch.elder is not None
        level = float(values[branch.saddle])
        one, two = current(branch.floor), current(branch.elder)
        old, young = (one, two) if depth[one] < depth[two] else (two, one)
        parts = [open_.pop(old), open_.pop(young)]
        above = []
        for part in parts:
            below = part.points[values[part.points] < level]
            above.append(part.points[below.size :])
            part.close(below, values, share, level)
        rest = np.concatenate(above)
        rest = rest[np.argsort(values[rest], kind="stable")]
        open_[old] = _Open(old, rest, parts)
        where[young] = old
        done += parts
    for last in open_.values():
        top = float(values[last.points[-1]]) if last.points.size else last.base_level
        last.close(last.points, values, share, top)
    done += open_.values()
    left = 0.0
    for last in open_.values():
        last.place(left)
        left += last.width
    return [Hollow(o.floor, o.levels, o.widths, o.centre) for o in done]


class _Open:
    """A hollow in the making: its points not yet passed, and the hollows that have met in it."""

    def __init__(self, floor: int, points: IntArray, parts: Sequence[_Open] = ()) -> None:
        self.floor, self.points, self.parts = floor, points, parts
        self.levels = self.widths = np.empty(0)
        self.base = float(sum(part.width for part in parts))
        self.base_level = max((float(p.levels[-1]) for p in self.parts), default=-np.inf)
        self.centre = 0.0

    @property
    def width(self) -> float:
        return float(self.widths[-1])

    def close(self, points: IntArray, values: FloatArray, share: FloatArray, level: float) -> None:
        """End at a level, which all of these points are at or below."""
        levels = np.append(values[points], level)
        widths = np.append(self.base + np.cumsum(share[points]), 0.0)
        widths[-1] = widths[-2] if points.size else self.base
        if self.parts:
            levels, widths = np.append(self.base_level, levels), np.append(self.base, widths)
        self.levels, self.widths = levels, widths

    def place(self, left: float) -> None:
        """Place it and its parts, the widest on the left, from this edge on."""
        self.centre = left + self.width / 2
        at = self.centre - self.base / 2
        for part in sorted(self.parts, key=lambda part: -part.width):
            part.place(at)
            at += part.width
