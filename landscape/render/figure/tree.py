"""The merge tree of a surface: which basins meet, and at which loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from landscape.grid import FloatArray
from landscape.measures.merge_tree import Branch
from landscape.measures.topology import Topology
from landscape.render.figure.line_sheet import set_scale
from landscape.render.figure.named import Named
from landscape.render.figure.options import Look, takes
from landscape.render.figure.style import LOSS_COLOUR, MARK
from landscape.render.figure.topology_panels import (
    MOST_PALE,
    RULE,
    Kind,
    Panel,
    draw_all,
    draw_into,
    together,
)
from landscape.render.scale import Scale
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PALE = "#a9c3d6"
_NARROW = 0.3
"""The room that a branch that does not count takes, relative to one that does."""
_LARGEST = 7.0
"""Points across the mark of a basin that is the whole grid; its area is the share of the grid."""


@takes(Look)
def tree(surface: Surface, *, ax: Any = None, **look: Unpack[Look]) -> Figure:
    """The merge tree of the sublevel sets: basins as lines up from their minima, where they meet.

    Each vertical line begins at a minimum and ends, where it bends, at the saddle over which a
    deeper basin is reached. The area of a dot is the share of the grid from which steepest descent
    leads into the basin. Basins that do not count (:func:`landscape.measures.resolved.shown`) are
    pale.

    Parameters
    ----------
    ax
        Matplotlib axes to draw into, in the caller's own style. ``width`` is ignored then.

    Raises
    ------
    InputError
        If the quantity is not a loss, nothing is finite, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.tree(open_surface("example:resnet56"))
    """
    return trees([surface], look) if ax is None else draw_into(_KIND, ax, surface, look)


def trees(surfaces: Sequence[Surface], look: Look, named: Named | None = None) -> Figure:
    """One panel for each surface, on one scale; options as for :func:`tree`."""
    return draw_all(_KIND, surfaces, look, named)


def places(topology: Topology, most_pale: int = MOST_PALE) -> dict[int, float]:
    """Where each branch stands across the drawing, by its floor, so that no lines cross.

    The branches that end in one stand on both sides of it, those that end higher farther out. Of
    the branches that do not count only the deepest are placed.
    """
    values = topology.found.values.ravel()
    counts = {b.floor: c for b, c in zip(topology.branches, topology.counts, strict=True)}

    def depth(branch: Branch) -> float:
        return np.inf if branch.saddle is None else values[branch.saddle] - values[branch.floor]

    pale = sorted((b for b in topology.branches if not counts[b.floor]), key=depth)[::-1]
    drawn = [*topology.kept, *pale[:most_pale]]
    parts: dict[int, list[Branch]] = {b.floor: [] for b in drawn}
    # An elder is at least as deep, but may be pale and left out where its errors are larger.
    for branch in sorted(
        (b for b in drawn if b.saddle is not None), key=lambda b: values[b.saddle]
    ):
        if branch.elder in parts:
            parts[branch.elder].append(branch)
    order: list[int] = []
    roots = [b.floor for b in drawn if b.saddle is None or b.elder not in parts]
    stack: list[tuple[int, bool]] = [(floor, False) for floor in reversed(roots)]
    while stack:
        floor, opened = stack.pop()
        if opened:
            order.append(floor)
            continue
        left, right = parts[floor][1::2], parts[floor][::2]
        stack += [(b.floor, False) for b in reversed(right)]
        stack.append((floor, True))
        stack += [(b.floor, False) for b in left]
    widths = np.array([1.0 if counts[floor] else _NARROW for floor in order])
    middles = (np.cumsum(widths) - widths / 2) / widths.sum()
    return dict(zip(order, middles.tolist(), strict=True))


def _draw(axes: Any, panel: Panel, scale: Scale, ticks: FloatArray, look: Look) -> None:
    set_scale(axes, scale, ticks)
    values = np.clip(panel.values, scale.low, scale.high)
    topology, at = panel.tree, places(panel.tree)
    top = axes.get_ylim()[1]
    kept = {branch.floor for branch in topology.kept}
    elders = {b.floor: b.elder for b in (*topology.branches, *topology.kept)}
    for counts in (False, True):
        own = [b for b in topology.branches if b.floor in at and (b.floor in kept) is counts]
        lines = []
        for branch in own:
            x, low = at[branch.floor], float(values[branch.floor])
            elder = elders[branch.floor]
            if branch.saddle is None or elder not in at:
                lines.append([(x, low), (x, top)])
                continue
            high = float(values[branch.saddle])
            lines.append([(x, low), (x, high), (at[elder], high)])
        colour, width = (LOSS_COLOUR, 1.1) if counts else (_PALE, 0.5)
        kind = "branches" if counts else "pale branches"
        stroke: dict[str, Any] = {"colors": colour, "linewidths": width, "zorder": 2 + counts}
        axes.add_collection(LineCollection(lines, gid=kind, capstyle="round", **stroke))
    _mark(axes, panel, at, values)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([])


def _mark(axes: Any, panel: Panel, at: dict[int, float], values: FloatArray) -> None:
    volumes = panel.tree.volumes
    floors = [branch.floor for branch in panel.tree.kept]
    look: dict[str, Any] = {"marker": "o", "linestyle": "none", "markeredgewidth": 0, "zorder": 4}
    lowest = min(floors, key=lambda floor: float(panel.values[floor]))
    for floor in floors:
        size = max(_LARGEST * float(np.sqrt(volumes[floor])), 2.2)
        place = [at[floor]], [values[floor]]
        if floor == lowest:
            ring = {**MARK, "markersize": max(size, float(MARK["markersize"]))}
            axes.plot(*place, **ring, zorder=5, clip_on=False, gid="best")
        else:
            axes.plot(*place, **look, markersize=size, color=LOSS_COLOUR, gid="basin")


def _labels(panel: Panel) -> tuple[str, str]:
    return "", panel.heights.quantity.axis_label


def _short(panels: Sequence[Panel]) -> list[str]:
    return [together([panel.basins() for panel in panels])]


def _notes(panel: Panel) -> list[str]:
    return [
        f"{panel.basins()}.",
        "Lines: basins, from their minimum up to the loss at which a deeper one is reached.",
        "Area of a dot: the share of the grid that descends into the basin. ○: the lowest point.",
        RULE,
    ]


_KIND = Kind(_draw, _labels, _short, _notes, Panel.highest_saddle)
