"""Trajectories on 3-D surfaces: full lines, dashed where the surface is in front of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.figure.style import HALO
from landscape.render.figure.trajectories import COLOURS, ENDS, legend, path_note
from landscape.render.space.paths import ends, pieces, visible
from landscape.render.space.relief import Relief

Place = Callable[[FloatArray], Sequence[FloatArray]]
"""Maps points of the box, shape (n, 3), to coordinates of the axes, one array for each."""


def draw_paths(axes: Any, relief: Relief, eye: FloatArray, place: Place) -> None:
    """Draw the trajectories of a panel on its relief, as seen by an eye at a point of the box."""
    paths = relief.panel.surface.trajectories
    for k, (name, path) in enumerate(paths.items()):
        colour = COLOURS[k % len(COLOURS)]
        for piece in pieces(relief, path, eye):
            look = {"linewidth": 1.2, "linestyle": "-", "path_effects": HALO}
            if not piece.visible:
                look = {"linewidth": 0.9, "linestyle": (0, (2.0, 1.6))}
            kind = "visible" if piece.visible else "hidden"
            axes.plot(*place(piece.points), color=colour, zorder=4, gid=f"{kind} {name}", **look)
        for end, point in zip(("start", "end"), ends(relief, path), strict=True):
            if np.isfinite(point[2]):
                look = {"markerfacecolor": colour, **ENDS[end], "markeredgecolor": "black"}
                if not visible(relief, point[None], eye)[0]:
                    look["markerfacecolor"] = "none"
                axes.plot(*place(point[None]), **look, markeredgewidth=0.7, zorder=4.5, gid=end)
    legend(axes, paths, loc="upper left")


def path_notes_in_space(relief: Relief) -> list[str]:
    """A sentence on each path."""
    surface = relief.panel.surface
    assert surface.y is not None
    limits = (surface.x[[0, -1]], surface.y[[0, -1]])
    notes = [path_note(name, path, limits) for name, path in surface.trajectories.items()]
    return [*notes, "Dashed where behind the surface."] if notes else []
