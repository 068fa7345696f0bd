"""Filled contours with labelled lines, of one surface, on axes that are there."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import patheffects

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.heights import Heights
from landscape.render.numerals import short
from landscape.render.scale import Scale
from landscape.render.style import HOLE_COLOUR, MARK

_SHADES = 48
_HALO = [patheffects.withStroke(linewidth=1.6, foreground="white", alpha=0.7)]


def draw_contour(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> tuple[Any, Any]:
    """Draw one panel; returns the filled and the line contour sets, both in heights.

    Contours are interpolated in the height (the logarithm on a log scale), as the 3-D pictures
    are, so that a line between 0.001 and 10 lies where the drawn slope has that height.

    Parameters
    ----------
    levels
        The values that get a labelled line, increasing, in the unit of the picture.
    """
    x, y = panel.surface.x, panel.surface.y
    if y is None or x.size < 2 or y.size < 2:
        raise InputError(
            f"contours need at least 2 × 2 points, this surface has {panel.surface.grid}; "
            "draw it as a curve"
        )
    heights = np.ma.masked_invalid(panel.heights)
    axes.set_facecolor(HOLE_COLOUR)
    hair = 1e-9 * (scale.top - scale.bottom)
    shades = np.linspace(scale.bottom - hair, scale.top + hair, _SHADES + 1)
    filled = axes.contourf(x, y, heights, levels=shades, norm=norm, cmap=cmap)
    # Without an edge of the same colour, viewers of vector files show seams between the shades.
    filled.set(edgecolor="face", linewidth=0.3)
    inside = levels[(levels > scale.low) & (levels < scale.high)]
    lines = None
    if inside.size and heights.min() < heights.max():
        at = scale.heights(inside)
        lines = axes.contour(
            x, y, heights, levels=at, colors="#222222", linewidths=0.5, linestyles="solid"
        )
        _label(axes, lines, panel, scale)
    _draw_chance(axes, panel, scale)
    _mark(axes, panel)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    return filled, lines


def _draw_chance(axes: Any, panel: Heights, scale: Scale) -> None:
    if panel.chance is None:
        return
    heights = np.ma.masked_invalid(panel.heights)
    at = [float(scale.heights(panel.chance))]
    grid = (panel.surface.x, panel.surface.y, heights)
    line = axes.contour(*grid, levels=at, colors="white", linewidths=1.4, linestyles=[(0, (4, 2))])
    line.set_gid("chance")


def _mark(axes: Any, panel: Heights) -> None:
    y = panel.surface.y
    assert y is not None
    j, i = panel.best
    at = (panel.surface.x[i], y[j])
    axes.plot(*at, **MARK, clip_on=False, zorder=5, gid="best")
    rows, columns = np.nonzero(panel.not_finite)
    if rows.size:
        at = (panel.surface.x[columns], y[rows])
        axes.plot(*at, "x", color="0.35", markersize=3, gid="not finite", clip_on=False)


def _label(axes: Any, lines: Any, panel: Heights, scale: Scale) -> None:
    """One label per level, on its longest line, far from the best point and the labels before it.

    A rough surface has dozens of islands per level; labelling each would hide the picture.
    """
    y = panel.surface.y
    assert y is not None
    box = axes.get_position()
    size = axes.figure.get_size_inches() * (box.width, box.height)
    x0, y0 = panel.surface.x[0], y[0]
    span = np.array([panel.surface.x[-1] - x0, y[-1] - y0])
    j, i = panel.best
    placed = [(np.array([panel.surface.x[i], y[j]]) - (x0, y0)) / span * size]
    where: list[tuple[float, float]] = []
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        pieces = [np.asarray(p) for p in path.to_polygons(closed_only=False) if len(p) > 1]
        inches = [(p - (x0, y0)) / span * size for p in pieces]
        if not inches:
            continue
        longest = max(range(len(inches)), key=lambda k: _length(inches[k]))
        piece = inches[longest]
        text = 0.075 * len(short(scale.value(level))) + 0.1
        if _length(piece) < 3.0 * text:
            continue
        edge = np.minimum(piece, size - piece).min(axis=1)
        away = np.full(len(piece), np.inf)
        for other in placed:
            away = np.minimum(away, np.linalg.norm(piece - other, axis=1))
        score = np.minimum(np.minimum(away, 0.6), 2.0 * np.minimum(edge, 0.3))
        best = int(np.argmax(score))
        if edge[best] < 0.1 or away[best] < 0.2:
            continue
        placed.append(piece[best])
        where.append(tuple(pieces[longest][best]))
    if not where:
        return

    def words(height: float) -> str:
        return short(scale.value(height))

    for text in axes.clabel(lines, fmt=words, manual=where, fontsize=7.5, inline_spacing=2):
        text.set(path_effects=_HALO, alpha=1.0, color="black")


def _length(points: FloatArray) -> float:
    return float(sum(np.linalg.norm(b - a) for a, b in pairwise(points)))
