"""Basins: how many valleys a surface has, and how deep they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.merge_tree import Branch, merge_tree
from landscape.measures.resolved import SHALLOWEST, shown
from landscape.measures.sampled import Sampled, sampled
from landscape.surface import Surface


@dataclass(frozen=True)
class Basin:
    """A valley of the surface.

    Attributes
    ----------
    floor
        The loss at its lowest point.
    place
        The coordinates of that point.
    depth
        The persistence: how far the loss must rise from the floor, in its unit, before a deeper
        basin is reached. Infinite for the deepest.
    at_rim
        Whether its lowest point is at the boundary of the plane: the valley may continue outside.
    """

    floor: float
    place: tuple[float, ...]
    depth: Estimate
    at_rim: bool


def basins(
    surface: Surface, quantity: str | None = None, shallowest: float = SHALLOWEST
) -> list[Basin]:
    """The basins of a surface or a line, the deepest first.

    A basin is a branch of the merge tree of sublevel sets (see
    :func:`~landscape.measures.merge_tree.merge_tree`) whose depth, the saddle's loss less the
    floor's, is more than the sampling error and the grid leave open, and more than ``shallowest``
    times the loss at the floor: see :func:`~landscape.measures.resolved.shown`, which all numbers
    and pictures of the topology share.

    A valley that is narrower than the grid spacing and oblique to the grid can break up into
    several: compare counts only on grids of the same spacing.

    Points that are NaN, infinite or not computed are holes: a part of the plane that is cut off by
    holes has its own deepest basin.

    Parameters
    ----------
    shallowest
        A share of the floor's loss, unit 1.

    Raises
    ------
    InputError
        If no point is finite.
    """
    found = sampled(surface, quantity)
    if not found.usable.any():
        raise InputError("no finite loss, so there are no basins")
    branches = merge_tree(found.values, found.usable)
    counts = shown(branches, found, surface.grid.by_array_axis, shallowest)
    made = [_basin(surface, found, b) for b, kept in zip(branches, counts, strict=True) if kept]
    return sorted(made, key=lambda basin: -basin.depth.value)


def number_of_basins(surface: Surface, quantity: str | None = None) -> Estimate:
    """The number of :func:`basins`, unit 1; dips that sampling may have caused do not count."""
    return Estimate.exact(len(basins(surface, quantity)))


def second_depth(surface: Surface, quantity: str | None = None) -> Estimate:
    """The depth of the second deepest basin, in the unit of the loss.

    0 where there is only one. Basins separated only by holes do not count.
    """
    depths = [b.depth for b in basins(surface, quantity) if math.isfinite(b.depth.value)]
    return depths[0] if depths else Estimate.exact(0.0)


def _basin(surface: Surface, found: Sampled, branch: Branch) -> Basin:
    values, errors = found.values.ravel(), found.errors.ravel()
    depth = Estimate.exact(math.inf)
    if branch.saddle is not None:
        rise = float(values[branch.saddle] - values[branch.floor])
        off = SIGMAS * math.hypot(errors[branch.saddle], errors[branch.floor])
        depth = Estimate(rise, rise - off, rise + off)
    index = np.unravel_index(branch.floor, surface.grid.shape)
    at_rim = any(i in (0, n - 1) for i, n in zip(index, surface.grid.shape, strict=True) if n > 1)
    place = tuple(
        float(axis[i]) for axis, i in zip(surface.grid.axes.values(), reversed(index), strict=True)
    )
    return Basin(float(values[branch.floor]), place, depth, at_rim)
