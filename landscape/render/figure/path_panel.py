"""Trajectories step by step: own loss, loss on the plane, distance from the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from landscape.grid import FloatArray
from landscape.render.figure.line_sheet import name_lines, set_scale
from landscape.render.figure.style import LOSS_COLOUR
from landscape.render.scale import Scale
from landscape.render.words.faithful import faithful
from landscape.surface import Trajectory

_COLOURS = (LOSS_COLOUR, "#D55E00", "#009E73", "#CC79A7", "black", "#B8860B")
_MOST_DOTS = 60
OWN, PLANE = "loss", "plane_loss"
_STROKES: dict[str, Any] = {OWN: "-", PLANE: (0, (4, 1.5))}


@dataclass(frozen=True, eq=False)
class Steps:
    """One path, ready to draw.

    ``at``: shape (steps,): the step numbers of its checkpoints, or 0, 1, … where it has none.
    ``losses``: ``loss`` and ``plane_loss``, where available, in the unit of the surface.
    """

    name: str
    path: Trajectory
    at: FloatArray
    losses: dict[str, FloatArray]


def draw_losses(axes: Any, paths: Sequence[Steps], scale: Scale, ticks: FloatArray) -> None:
    """Draw the losses on the left axis; hollow dots on the dashed line where they differ."""
    set_scale(axes, scale, ticks)
    for colour, steps in zip(_colours(paths), paths, strict=True):
        for which, values in steps.losses.items():
            drawn = np.clip(np.where(np.isfinite(values), values, np.nan), scale.low, scale.high)
            look = {"color": colour, "linestyle": _STROKES[which], "linewidth": 1.2}
            axes.plot(steps.at, drawn, **look, gid=f"{which} of {steps.name}")
            _draw_dots(axes, steps, drawn, colour, which)


def _draw_dots(axes: Any, steps: Steps, drawn: FloatArray, colour: str, which: str) -> None:
    true = faithful(steps.path)
    hollow = np.zeros(drawn.size, bool) if true is None or which == OWN else ~true
    some = np.zeros(drawn.size, bool)
    some[:: -(-drawn.size // _MOST_DOTS)] = True
    for kind, dots, fill in (("true", some & ~hollow, colour), ("off", some & hollow, "white")):
        if dots.any():
            look = {"marker": "o", "markersize": 3.0, "markeredgewidth": 0.8, "linestyle": "none"}
            look |= {"color": colour, "markerfacecolor": fill}
            name = f"{kind} {which} of {steps.name}"
            axes.plot(steps.at[dots], drawn[dots], **look, zorder=3, gid=name)


def draw_distances(axes: Any, paths: Sequence[Steps], most: float) -> None:
    """Draw distances from the plane on the right axis, from 0 to just above ``most``."""
    axes.set_ylim(0, 1.04 * most if most > 0 else 1.0)
    for colour, steps in zip(_colours(paths), paths, strict=True):
        if steps.path.distance is not None:
            far = np.where(np.isfinite(steps.path.distance), steps.path.distance, np.nan)
            look: dict[str, Any] = {"color": colour, "linestyle": ":", "linewidth": 1.2}
            axes.plot(steps.at, far, **look, gid=f"distance of {steps.name}")


def name_paths(axes: Any, paths: Sequence[Steps]) -> None:
    """Add a legend if there is more than one path."""
    if len(paths) < 2:
        return
    # matplotlib leaves names that begin with _ out of legends
    keys = [
        Line2D([], [], color=colour, linewidth=1.2, label=f"\u200b{steps.name}")
        for colour, steps in zip(_colours(paths), paths, strict=True)
    ]
    name_lines(axes, keys, handlelength=1.4)


def _colours(paths: Sequence[Steps]) -> list[str]:
    return [_COLOURS[k % len(_COLOURS)] for k in range(len(paths))]
