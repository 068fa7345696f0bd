"""The best point of a panel, and its note."""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.render.figure.obstacles import to_inches
from landscape.render.figure.style import HALO, MARK
from landscape.render.heights import Heights
from landscape.render.words.numerals import short

_TOUCHES = 0.09
"""Inches between two marks that cover each other."""


def best_point(panel: Heights) -> tuple[float, float]:
    """The coordinates (x, y) of the best point."""
    (x, y), (j, i) = panel.surface.grid.plane, panel.best
    return float(x[i]), float(y[j])


def mark_best(axes: Any, panel: Heights) -> None:
    """Mark the best point with a ring, if the better direction is known.

    Where another mark is, such as the end of a path, the ring is around it.
    """
    if not panel.quantity.has_best:
        return
    inches, _ = to_inches(axes)
    place = best_point(panel)
    marks = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
    marks = [line for line in marks if line.get_gid() != "samples" and len(line.get_xydata())]
    others = [inches(line.get_xydata()) for line in marks]
    near = [np.linalg.norm(points - inches(place), axis=1).min() for points in others]
    look = dict(MARK)
    if min(near, default=1.0) < _TOUCHES:
        look |= {"markerfacecolor": "none", "markersize": 9.0, "path_effects": HALO}
    axes.plot(*place, **look, clip_on=False, zorder=5, gid="best")


def mark_samples(axes: Any, panel: Heights) -> None:
    """A small dot at every sampled point."""
    x, y = np.meshgrid(*panel.surface.grid.plane)
    there = np.isfinite(panel.heights)
    look: dict[str, Any] = {"linestyle": "none", "marker": ".", "markersize": 1.6, "color": "0.15"}
    axes.plot(x[there], y[there], **look, markeredgewidth=0, zorder=3, gid="samples")


def mark_notes(panel: Heights, chance_drawn: bool) -> list[str]:
    """``○ lowest 0.1 nats at x = 0, y = 0; dashed: chance level, 2.3.``, or none."""
    place = panel.best_words().replace(" = ", "\u00a0=\u00a0")
    words = [f"○ {place}"] if panel.quantity.has_best else []
    if chance_drawn and panel.chance is not None:
        words.append(f"dashed: chance level, {short(panel.chance)}")
    return [f"{'; '.join(words)}."] if words else []
