"""Solutions with their names, as dots on planes and over lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import patheffects

from landscape.grid import FloatArray
from landscape.render.figure.obstacles import Obstacle, nearest, obstacles, to_inches
from landscape.render.figure.style import text_width
from landscape.render.solutions import Solution, own_losses, solutions
from landscape.surface import Surface

_SIZE = 7.0
_RISE = 0.075
"""Inches from a dot to the middle of its name."""
_HALO = [patheffects.withStroke(linewidth=2.0, foreground="white", alpha=0.85)]
_DOT: dict[str, Any] = {
    "marker": "o",
    "markersize": 6.0,
    "markerfacecolor": "black",
    "markeredgecolor": "white",
    "markeredgewidth": 0.8,
    "linestyle": "none",
}


def mark_solutions(axes: Any, surface: Surface) -> None:
    """Mark each solution within the picture with a dot and its name."""
    inside = _within(axes, surface)
    for place in inside:
        axes.plot(place.x, place.y, **_DOT, zorder=4.8, gid=f"solution {place.name}")
    taken = obstacles(axes)
    for place in inside:
        leftward, rise = _side(axes, place, taken)
        axes.text(
            place.x,
            place.y + rise,
            _cut(place.name, _room(axes, place, leftward)),
            fontsize=_SIZE,
            ha="right" if leftward else "left",
            va="top" if rise < 0 else "bottom",
            path_effects=_HALO,
            parse_math=False,
            zorder=5.5,
            gid="solution name",
        )


def mark_ends(axes: Any, surface: Surface, quantity: str) -> None:
    """On a line: a dotted line at each solution with its name above, and a dot at its own loss.

    The dot is the loss of the unmodified network, with its own batch-norm statistics; it may be off
    the curve, and the surface may not record it.
    """
    x0, x1 = axes.get_xlim()
    room = float(1.0 / _per_inch(axes)[0]) - 0.1  # between 0 and 1
    for place in (s for s in solutions(surface) if s.y == 0 and x0 <= s.x <= x1):
        axes.axvline(place.x, color="0.35", linewidth=0.8, linestyle=":", zorder=1.2)
        axes.annotate(
            _cut(place.name, room),
            (place.x, 1.0),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=_SIZE,
            ha="center",
            va="bottom",
            parse_math=False,
            gid="solution name",
        )
        own = own_losses(surface).get(place.x)
        if own is not None and quantity == surface.main_quantity:
            axes.plot(place.x, own, **_DOT, zorder=4.8, gid=f"solution {place.name}")


def _cut(name: str, room: float) -> str:
    """A name, shortened in the middle to at most this width in inches."""
    kept = len(name)
    shorter = name
    while text_width(shorter, _SIZE) > room and kept > 2:
        kept -= 1
        shorter = f"{name[: kept // 2]}…{name[-((kept + 1) // 2) :]}"
    return shorter


def _within(axes: Any, surface: Surface) -> list[Solution]:
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    return [s for s in solutions(surface) if x0 <= s.x <= x1 and y0 <= s.y <= y1]


def _side(axes: Any, place: Solution, taken: list[Obstacle]) -> tuple[bool, float]:
    """Whether a name is left of its dot, and how far above it (below: negative).

    Of the four sides, the one with space for the name that is farthest from paths and other dots;
    a name at the start is rather below, so that two names at the same height do not overlap.
    """
    inches, size = to_inches(axes)
    dot, up = inches((place.x, place.y)), float(_per_inch(axes)[1])
    below_first = (place.x, place.y) == (0.0, 0.0)
    best, chosen = -np.inf, (False, _RISE)
    for leftward in (dot[0] > size[0] / 2, dot[0] <= size[0] / 2):
        wide = text_width(_cut(place.name, _room(axes, place, leftward)), _SIZE)
        across = dot[0] + np.linspace(0.04, max(wide, 0.04), 13) * (-1 if leftward else 1)
        for rise in (-_RISE, _RISE) if below_first else (_RISE, -_RISE):
            rows = [dot[1] + rise * part for part in (0.9, 1.6, 2.3)]
            cloud = np.array([(u, v) for u in across for v in rows])
            inside = float(np.minimum(cloud, size - cloud).min())
            away = min(float(nearest(cloud[None], o.points)[0]) - o.radius for o in taken)
            cut = text_width(place.name, _SIZE) - wide
            score = min(away, 0.05) + min(inside, 0.0) - cut
            if score > best + 1e-9:
                best, chosen = score, (bool(leftward), rise)
    return chosen[0], chosen[1] * up


def _room(axes: Any, place: Solution, leftward: bool) -> float:
    """Inches from a dot to the side of the picture that its name extends towards."""
    x0, x1 = axes.get_xlim()
    return float((place.x - x0 if leftward else x1 - place.x) / _per_inch(axes)[0]) - 0.06


def _per_inch(axes: Any) -> FloatArray:
    """Units of the axes per inch of the picture, shape (2,)."""
    box = axes.get_position()
    size: FloatArray = axes.figure.get_size_inches() * (box.width, box.height)
    return np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())]) / size
