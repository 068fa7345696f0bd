"""Trajectories of training runs on contours and heat maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D

from landscape.render.figure.line_sheet import name_lines
from landscape.render.figure.style import HALO
from landscape.render.solutions import solutions
from landscape.render.words.directions import explained
from landscape.render.words.faithful import faithful, faithful_words, off_plane
from landscape.render.words.numerals import short
from landscape.surface import Surface, Trajectory

# Distinct in hue and lightness.
COLOURS = ("black", "#D55E00", "#56B4E9", "#CC79A7", "#009E73", "#F0E442")
_MOST_DOTS = 60
ENDS: dict[str, dict[str, Any]] = {
    "start": {"marker": "s", "markersize": 4.2, "markerfacecolor": "white"},
    "end": {"marker": "D", "markersize": 4.4},
}


def draw_trajectories(axes: Any, surface: Surface) -> None:
    """Draw all trajectories of the surface in its plane, with a legend if there are several.

    Steps whose loss differs from the plane's (:mod:`landscape.render.words.faithful`) are
    hollow, and the line to and from them is dashed. The axis limits do not change: what is
    outside is cut off.
    """
    covered = _ends_of_paths(surface)
    for k, (name, path) in enumerate(surface.trajectories.items()):
        colour = COLOURS[k % len(COLOURS)]
        _draw_steps(axes, name, path, colour)
        if name in covered:
            continue
        inside = _within(path, axes.get_xlim(), axes.get_ylim())
        for end, index in (("start", 0), ("end", -1)):
            if inside[index]:
                look = {"markerfacecolor": colour, **ENDS[end], "markeredgecolor": "black"}
                at = (path.x[index], path.y[index])
                axes.plot(*at, **look, markeredgewidth=0.7, clip_on=False, gid=end, zorder=4.5)
    legend(axes, surface.trajectories)


def legend(axes: Any, paths: Mapping[str, Trajectory], loc: str = "best") -> None:
    """The colour of each path, if there are several; drawn as most of its steps are."""
    # matplotlib leaves names that begin with _ out of legends
    keys = [
        Line2D(
            [],
            [],
            color=COLOURS[k % len(COLOURS)],
            path_effects=HALO,
            label=f"\u200b{name}",
            **_KEY[_mostly_true(path)],
        )
        for k, (name, path) in enumerate(paths.items())
    ]
    if len(keys) > 1:
        name_lines(axes, keys, loc, handlelength=1.6, labelspacing=0.3)


_KEY: dict[bool, dict[str, Any]] = {
    True: {"linewidth": 1.0, "markersize": 2.4, "marker": "o"},
    False: {
        **{"linewidth": 1.0, "linestyle": (0, (2.0, 1.6)), "markersize": 3.0, "marker": "o"},
        **{"markerfacecolor": "white", "markeredgewidth": 0.7},
    },
}


def _mostly_true(path: Trajectory) -> bool:
    true = faithful(path)
    return true is None or bool(2 * true.sum() >= true.size)


def _draw_steps(axes: Any, name: str, path: Trajectory, colour: str) -> None:
    true = faithful(path)
    true = np.ones(path.x.size, dtype=bool) if true is None else true
    still: dict[str, Any] = {"scalex": False, "scaley": False, "zorder": 4}
    line: dict[str, Any] = {"color": colour, "linewidth": 1.0, "path_effects": HALO, **still}
    dashes = "-" if true.all() else (0, (2.0, 1.6))
    axes.plot(path.x, path.y, linestyle=dashes, **line, gid=f"trajectory {name}")
    if not true.all():
        # A step between two hollow ones has no solid segment: it is a dot on the dashed line.
        both = true[:-1] & true[1:]
        for run in np.ma.clump_masked(np.ma.array(both, mask=both)):
            part = slice(run.start, run.stop + 1)
            axes.plot(path.x[part], path.y[part], "-", **line, gid=f"true part of {name}")
    dots = np.zeros(path.x.size, dtype=bool)
    dots[:: -(-path.x.size // _MOST_DOTS)] = True
    for kind, which, fill in (("true", dots & true, colour), ("off", dots & ~true, "white")):
        if which.any():
            look = {"marker": "o", "markersize": 2.4 if kind == "true" else 3.0, "color": colour}
            look |= {"markerfacecolor": fill, "markeredgewidth": 0.7, "linestyle": "none"}
            axes.plot(path.x[which], path.y[which], **look, **still, gid=f"{kind} steps of {name}")


def trajectory_notes(axes_limits: tuple[Any, Any], surface: Surface) -> list[str]:
    """A sentence on each path: its ends, distance from the plane, faithfulness, and cut-off.

    Preceded by the variance that the plane explains, where its axes record it.
    """
    paths = surface.trajectories.items()
    ends = _ends_of_paths(surface)
    notes = [path_note(name, path, axes_limits, name in ends) for name, path in paths]
    if any(not true.all() for _, p in paths if (true := faithful(p)) is not None):
        notes.append("Hollow, dashed: the other steps, whose loss differs from the plane's.")
    return [*filter(None, [explained(surface, shares_shown=True)]), *notes]


def _ends_of_paths(surface: Surface) -> set[str]:
    """The names of the paths that begin and end at solutions, whose dots cover their own marks."""
    places = np.array([(s.x, s.y) for s in solutions(surface)])
    found = set()
    for name, path in surface.trajectories.items():
        ends = np.stack([path.x, path.y], axis=1)[[0, -1]]
        if len(places) and all((np.abs(places - end) < 1e-6).all(axis=1).any() for end in ends):
            found.add(name)
    return found


def path_note(
    name: str, path: Trajectory, limits: tuple[Any, Any], between_solutions: bool = False
) -> str:
    """``Path of SGD from □ to ◆, up to 2.5 from the plane; 14 of 21 steps match ….``

    A curve between solutions has dots of its own at its ends, which are named.
    """
    steps = ("", "")
    if path.step is not None:
        steps = (f" step {short(path.step[0])}", f" step {short(path.step[-1])}")
    words = f"Path of {name} from □{steps[0]} to ◆{steps[1]}"
    if between_solutions:
        words = f"{name[:1].upper()}{name[1:]} between the solutions ●"
    words = ", ".join(filter(None, (words, off_plane(path))))
    words = "; ".join(filter(None, (words, faithful_words(path))))
    inside = _within(path, *limits)
    if not inside.all():
        words += "; partly outside the plot" if inside.any() else "; outside the plot"
    return f"{words}."


def _within(path: Trajectory, x: Any, y: Any) -> npt.NDArray[np.bool_]:
    in_x: npt.NDArray[np.bool_] = (path.x >= x[0]) & (path.x <= x[1])
    in_y: npt.NDArray[np.bool_] = (path.y >= y[0]) & (path.y <= y[1])
    return in_x & in_y
