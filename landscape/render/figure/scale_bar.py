"""Scale bars: how long a displacement on the plane is in weight space."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib import patheffects

from landscape.errors import InputError
from landscape.render.figure.obstacles import nearest, obstacles, to_inches
from landscape.render.figure.style import text_width
from landscape.render.words.captions import name_of
from landscape.render.words.directions import number_of
from landscape.render.words.numerals import short
from landscape.surface import Surface

_PART, _MOST = 0.25, 0.5
"""Of the panel: at most the bar along x, and the other, where its axis has other units."""
_EDGE = 0.1
_SIZE = 7.0
_EFFECTS = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.85)]


def draw_scale_bar(axes: Any, surface: Surface) -> None:
    """Draw bars of one round distance in weight space along both axes, in the emptiest corner.

    Raises an InputError if the file does not record the lengths of its axes.
    """
    norms = [number_of(surface, axis, "norm") for axis in surface.grid.axes]
    if not all(math.isfinite(n) and n > 0 for n in norms):
        raise InputError(
            f"{name_of(surface)} does not record how long its directions are in weight space, "
            "which a scale bar shows"
        )
    _, size = to_inches(axes)
    lengths = np.abs([np.subtract(*axes.get_xlim()), np.subtract(*axes.get_ylim())])
    longest = np.array([_PART, _MOST]) * lengths * norms
    distance = _round_below(float(longest.min()))
    across, upward = distance / np.array(norms) * size / lengths
    words = f"distance {short(distance)}"
    wide, high = max(across, text_width(words, _SIZE)), upward + 0.12
    taken = obstacles(axes)

    def room(corner: tuple[float, float]) -> float:
        cloud = np.array(corner) + np.array(
            [[u * wide, v * high] for u in (0, 0.5, 1) for v in (0, 0.5, 1)]
        )
        gaps = [nearest(cloud[None], o.points)[0] - o.radius for o in taken]
        return min(gaps, default=1.0)

    corners = [
        (x, y) for y in (_EDGE, size[1] - high - _EDGE) for x in (_EDGE, size[0] - wide - _EDGE)
    ]
    u, v = max(corners, key=room)
    places = [(u, v + upward), (u, v), (u + across, v)]
    data = [
        axes.transData.inverted().transform(axes.transAxes.transform(np.array(p) / size))
        for p in places
    ]
    look: dict[str, Any] = {
        "color": "black",
        "linewidth": 1.4,
        "solid_capstyle": "butt",
        "zorder": 6,
    }
    axes.plot(*np.transpose(data), **look, path_effects=_EFFECTS, gid="scale bar")
    axes.annotate(
        words,
        data[1],
        (3, 3),
        textcoords="offset points",
        fontsize=_SIZE,
        path_effects=_EFFECTS,
        parse_math=False,
        zorder=6,
        gid="scale bar",
    )


def _round_below(value: float) -> float:
    """The largest of 1, 2, 5, 10, … that does not exceed a value."""
    decade = 10.0 ** math.floor(math.log10(value))
    return max(m * decade for m in (1.0, 2.0, 5.0) if m * decade <= value * (1 + 1e-9))
