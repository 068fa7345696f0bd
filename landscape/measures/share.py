"""The share of the plane below a level of the loss, such as that of guessing."""

from __future__ import annotations

import functools
import math

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.sampled import sampled
from landscape.surface import Surface


def share_below(surface: Surface, level: float, quantity: str | None = None) -> Estimate:
    """The share of the plane (of the line) where the loss is below a level; unit 1.

    Every computed point represents the cell around it, which extends half way to its neighbours;
    at the boundary as far outwards as inwards. On an evenly spaced grid this is the share of the
    points. NaN and infinity count as above, points that are not computed are left out.

    Parameters
    ----------
    level
        In the unit of the loss.

    Raises
    ------
    InputError
        If nothing has been computed.
    """
    if not surface.done.any():
        raise InputError("no point has been computed yet")
    found = sampled(surface, quantity)
    values = np.where(found.usable, found.values, np.inf)
    area = np.where(surface.done, cell_areas(surface), 0.0)

    def share(shift: float) -> float:
        below = values + shift * found.errors < level
        return float(area[below].sum() / area.sum())

    return Estimate(share(0.0), share(SIGMAS), share(-SIGMAS))


def chance_level(surface: Surface) -> float | None:
    """ln(classes), the cross-entropy of guessing, in nats.

    None where the loss is not a cross-entropy, or the file does not record the number of classes.
    """
    classes = surface.attributes.get("classes")
    in_nats = surface.quantities[surface.main_quantity].units == "nats"
    return math.log(classes) if isinstance(classes, int) and classes > 0 and in_nats else None


def share_below_chance(surface: Surface) -> float | None:
    """The share of the computed plane where the loss is below that of guessing.

    None without such a level, or where nothing has been computed.
    """
    level = chance_level(surface)
    if level is None or not surface.done.any():
        return None
    return share_below(surface, level).value


def cell_areas(surface: Surface) -> FloatArray:
    """The area that each point represents, shape of the grid, in products of coordinates."""
    widths = map(cell_widths, surface.grid.by_array_axis)
    areas: FloatArray = functools.reduce(np.multiply.outer, widths)
    return areas


def cell_widths(axis: FloatArray) -> FloatArray:
    """The length of an axis that each of its points represents, shape (n,)."""
    if axis.size == 1:
        return np.ones(1)
    gaps = np.diff(axis)
    widths: FloatArray = np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]])
    return widths / 2.0
