"""Paths of training runs over contours and heat maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects

from landscape.render.numerals import short
from landscape.surface import Surface, Trajectory

# Told apart by colour and by lightness, on dark and on light shades (the halo sees to that).
_COLOURS = ("black", "#D55E00", "#56B4E9", "#CC79A7", "#009E73", "#F0E442")
_HALO = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.85)]
_MOST_DOTS = 60
_ENDS: dict[str, dict[str, Any]] = {
    "start": {"marker": "s", "markersize": 4.2, "markerfacecolor": "white"},
    "end": {"marker": "D", "markersize": 4.4},
}


def draw_trajectories(axes: Any, surface: Surface) -> None:
    """Draw every path of the surface into its plane; a legend names them if there are several.

    The limits of the axes stay: what lies beyond them is cut off.
    """
    for k, (name, path) in enumerate(surface.trajectories.items()):
        colour = _COLOURS[k % len(_COLOURS)]
        every = max(1, math.ceil(path.x.size / _MOST_DOTS))
        axes.plot(
            path.x,
            path.y,
            "-o",
            color=colour,
            linewidth=1.0,
            markersize=1.8,
            markevery=every,
            path_effects=_HALO,
            label=f"\u200b{name}",  # matplotlib leaves names that begin with _ out of legends
            gid=f"trajectory {name}",
            zorder=4,
            scalex=False,
            scaley=False,
        )
        inside = _inside(axes, path)
        for end, index in (("start", 0), ("end", -1)):
            if inside[index]:
                look = {"markerfacecolor": colour, **_ENDS[end], "markeredgecolor": "black"}
                at = (path.x[index], path.y[index])
                axes.plot(*at, **look, markeredgewidth=0.7, clip_on=False, gid=end, zorder=4.5)
    if len(surface.trajectories) > 1:
        legend = axes.legend(loc="best", handlelength=1.6, borderpad=0.3, labelspacing=0.3)
        legend.set(zorder=6)
        for text in legend.get_texts():
            text.set(parse_math=False, fontsize=7)


def trajectory_notes(axes_limits: tuple[Any, Any], surface: Surface) -> list[str]:
    """A sentence on each path: its ends, how far off the plane it runs, what is cut off."""
    return [_note(name, path, axes_limits) for name, path in surface.trajectories.items()]


def _note(name: str, path: Trajectory, limits: tuple[Any, Any]) -> str:
    steps = ("", "")
    if path.step is not None:
        steps = (f" step {short(path.step[0])}", f" step {short(path.step[-1])}")
    words = f"Path of {name} from □{steps[0]} to ◆{steps[1]}"
    off = None if path.distance is None else path.distance[np.isfinite(path.distance)]
    if off is not None and off.size:
        words += f", up to {short(float(off.max()))} off the plane"
    inside = _within(path, *limits)
    if not inside.all():
        words += "; the path leaves the picture" if inside.any() else "; it lies outside"
    return f"{words}."


def _inside(axes: Any, path: Trajectory) -> npt.NDArray[np.bool_]:
    return _within(path, axes.get_xlim(), axes.get_ylim())


def _within(path: Trajectory, x: Any, y: Any) -> npt.NDArray[np.bool_]:
    return (path.x >= x[0]) & (path.x <= x[1]) & (path.y >= y[0]) & (path.y <= y[1])
