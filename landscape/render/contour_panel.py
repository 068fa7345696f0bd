"""Contours of one surface on axes that are there: filled, as labelled lines, or both.

Contours are interpolated in the height (the logarithm on a log scale), as the 3-D pictures are, so
that a line between 0.001 and 10 lies where the drawn slope has that height.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.heights import Heights
from landscape.render.line_labels import label_lines
from landscape.render.marks import best_point
from landscape.render.numerals import short
from landscape.render.scale import Scale
from landscape.render.solution_marks import covered
from landscape.render.style import HOLE_COLOUR

_SHADES = 48
_MOST_VERTICES = 60_000


def draw_contour(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Shades, and a labelled line at each of the levels (in the unit of the picture)."""
    _fill(axes, panel, scale, norm, cmap)
    chance = _draw_chance(axes, panel, scale, "white")
    look = {"colors": "#222222", "linewidths": 0.5}
    _draw_lines(axes, panel, scale, levels, look, chance)


def draw_filled(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Shades alone; the levels are ticks of the colour bar."""
    _fill(axes, panel, scale, norm, cmap)
    _draw_chance(axes, panel, scale, "white")


def draw_lines(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Labelled lines alone, each in the colour of its value, on white."""
    chance = _draw_chance(axes, panel, scale, "0.3")
    look = {"norm": norm, "cmap": cmap, "linewidths": 0.9}
    _draw_lines(axes, panel, scale, levels, look, chance)


def limits(panel: Heights) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a contour picture ends: at the outermost points of the grid."""
    x, y = panel.surface.x, panel.surface.y
    assert y is not None
    return (float(x[0]), float(x[-1])), (float(y[0]), float(y[-1]))


def _fill(axes: Any, panel: Heights, scale: Scale, norm: Any, cmap: Any) -> None:
    axes.set_facecolor(HOLE_COLOUR)
    hair = 1e-9 * (scale.top - scale.bottom)
    shades = np.linspace(scale.bottom - hair, scale.top + hair, _SHADES + 1)
    filled = axes.contourf(*_grid(panel), levels=shades, norm=norm, cmap=cmap)
    # Without an edge of the same colour, viewers of vector files show seams between the shades.
    filled.set(edgecolor="face", linewidth=0.3)
    # A rough surface of many points would make a vector file of tens of megabytes.
    filled.set_rasterized(sum(len(p.vertices) for p in filled.get_paths()) > _MOST_VERTICES)


def _draw_lines(
    axes: Any,
    panel: Heights,
    scale: Scale,
    levels: FloatArray,
    look: dict[str, Any],
    chance: list[FloatArray],
) -> None:
    inside = levels[(levels > scale.low) & (levels < scale.high)]
    # A value that is drawn at the end of the scale has no line of its own.
    heights = panel.heights[np.isfinite(panel.heights)]
    at = scale.heights(inside)
    at = at[(at > heights.min()) & (at < heights.max())]
    if not at.size:
        return
    lines = axes.contour(*_grid(panel), levels=at, linestyles="solid", **look)
    lines.set_gid("levels")

    def words(height: float) -> str:
        return short(scale.value(height))

    paths = [np.stack([t.x, t.y], axis=1) for t in panel.surface.trajectories.values()]
    marked = [np.array([best_point(panel)]), *covered(axes, panel.surface)]
    label_lines(axes, lines, words, marked, [*chance, *paths])


def _draw_chance(axes: Any, panel: Heights, scale: Scale, colour: str) -> list[FloatArray]:
    """Draw the chance level, if it is in the picture; returns the points of its line."""
    if panel.chance is None:
        return []
    at = [float(scale.heights(panel.chance))]
    look = {"colors": colour, "linewidths": 1.4, "linestyles": [(0, (4, 2))]}
    line = axes.contour(*_grid(panel), levels=at, **look)
    line.set_gid("chance")
    return [np.asarray(path.vertices) for path in line.get_paths()]


def _grid(panel: Heights) -> tuple[FloatArray, FloatArray | None, Any]:
    return panel.surface.x, panel.surface.y, np.ma.masked_invalid(panel.heights)
