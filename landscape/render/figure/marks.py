"""The best point of a panel, and its note."""

from __future__ import annotations

from typing import Any

from landscape.render.figure.style import MARK
from landscape.render.heights import Heights
from landscape.render.words.numerals import short


def best_point(panel: Heights) -> tuple[float, float]:
    """The coordinates (x, y) of the best point."""
    (x, y), (j, i) = panel.surface.grid.plane, panel.best
    return float(x[i]), float(y[j])


def mark_best(axes: Any, panel: Heights) -> None:
    """Mark the best point with a ring, if the better direction is known."""
    if panel.quantity.has_best:
        axes.plot(*best_point(panel), **MARK, clip_on=False, zorder=5, gid="best")


def mark_notes(panel: Heights, chance_drawn: bool) -> list[str]:
    """``○ lowest 0.1 nats at x = 0, y = 0; dashed: chance level, 2.3.``, or none."""
    place = panel.best_words().replace(" = ", "\u00a0=\u00a0")
    words = [f"○ {place}"] if panel.quantity.has_best else []
    if chance_drawn and panel.chance is not None:
        words.append(f"dashed: chance level, {short(panel.chance)}")
    return [f"{'; '.join(words)}."] if words else []
