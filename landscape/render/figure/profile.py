"""The topological landscape profile: basins as wide as the part of the grid below each level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from landscape.grid import FloatArray
from landscape.measures.profile import Hollow, profile_of
from landscape.render.figure.line_sheet import set_scale
from landscape.render.figure.named import Named
from landscape.render.figure.options import PlaneLook, takes
from landscape.render.figure.style import MARK, colour_map
from landscape.render.figure.topology_panels import (
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

_BANDS = 256
_FINEST = 1000
"""Different heights of an outline: more would make a vector file large, and cannot be seen."""


@takes(PlaneLook)
def profile(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """The topological landscape profile: basins side by side, each as wide as the grid below it.

    At every loss a basin is as wide as the share of the grid that lies below that loss within it;
    where basins meet, the widths add up. Dips that do not count belong to the basin around them
    (:func:`landscape.measures.landscape_profile`; Geniesse et al., arXiv 2411.12136).

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
    >>> figure = render.profile(open_surface("example:resnet56"))
    """
    return profiles([surface], look) if ax is None else draw_into(_KIND, ax, surface, look)


def profiles(surfaces: Sequence[Surface], look: PlaneLook, named: Named | None = None) -> Figure:
    """One panel for each surface, on one scale; options as for :func:`profile`."""
    return draw_all(_KIND, surfaces, look, named)


def _draw(axes: Any, panel: Panel, scale: Scale, ticks: FloatArray, look: Any) -> None:
    set_scale(axes, scale, ticks)
    factor = panel.heights.quantity.factor
    hollows = profile_of(panel.tree)
    shape = Path.make_compound_path(*[_outline(h, scale, factor) for h in hollows])
    bands = np.linspace(scale.bottom, scale.top, _BANDS + 1)
    middles = (bands[:-1] + bands[1:]) / 2
    edges = [scale.value(b) for b in bands]
    fill = axes.pcolormesh(
        [0.0, 100.0],
        edges,
        middles[:, None],
        cmap=colour_map(look.get("cmap")),
        norm=Normalize(scale.bottom, scale.top),
        rasterized=True,
        gid="profile",
    )
    # All parts together; they do not overlap.
    clip = PathPatch(shape, facecolor="none", linewidth=0, gid="shape")
    axes.add_patch(clip)
    fill.set_clip_path(clip)
    edges_of = [side for h in hollows for side in _sides(h, scale, factor)]
    stroke: dict[str, Any] = {"colors": "0.15", "linewidths": 0.6}
    axes.add_collection(LineCollection(edges_of, gid="outline", **stroke))
    lowest = min(hollows, key=lambda h: float(h.levels[0]))
    at = 100 * lowest.centre, float(np.clip(factor * lowest.levels[0], scale.low, scale.high))
    axes.plot(*at, **MARK, zorder=5, clip_on=False, gid="best")
    axes.set_xlim(-4, 104)
    axes.set_xticks([0, 25, 50, 75, 100])


def _sides(hollow: Hollow, scale: Scale, factor: float) -> tuple[FloatArray, FloatArray]:
    """The left and the right edge, upwards: percent of the grid, loss."""
    levels = np.clip(factor * hollow.levels, scale.low, scale.high)
    heights = np.round(scale.heights(levels) / (scale.top - scale.bottom) * _FINEST)
    seen = np.append(np.flatnonzero(np.diff(heights)), levels.size - 1)  # the last of each height
    seen = np.unique(np.append(0, seen))
    # Steps: the width changes at each loss, and stays up to the next.
    up, half = np.repeat(levels[seen], 2)[1:], np.repeat(50 * hollow.widths[seen], 2)[:-1]
    middle = 100 * hollow.centre
    return np.column_stack([middle - half, up]), np.column_stack([middle + half, up])


def _outline(hollow: Hollow, scale: Scale, factor: float) -> Path:
    left, right = _sides(hollow, scale, factor)
    return Path(np.concatenate([right, left[::-1], right[:1]]), closed=True)


def _labels(panel: Panel) -> tuple[str, str]:
    return "share of the grid below (%)", panel.heights.quantity.axis_label


def _short(panels: Sequence[Panel]) -> list[str]:
    return [together([_parted(panel) for panel in panels])]


def _parted(panel: Panel) -> str:
    count = len(panel.tree.kept)
    return f"{count} basin{'s' * (count != 1)}"


def _notes(panel: Panel) -> list[str]:
    dips = len(panel.tree.branches) - len(panel.tree.kept)
    notes = [
        f"{_parted(panel)}.",
        "Width: the share of the grid below each loss, basin by basin. ○: the lowest point.",
    ]
    if dips:
        notes.append(
            f"{dips} shallower dip{'s' * (dips != 1)}, which the sampling error and the grid "
            "leave open, belong to the basins around them."
        )
    return notes


_KIND = Kind(_draw, _labels, _short, _notes, lambda panel: float(np.nanmax(panel.values)))
