"""Contours of a surface: filled, as labelled lines, or both.

Contours are interpolated in the height (the logarithm on a log scale), as the 3-D pictures are, so
that a line between 0.001 and 10 is where the drawn slope has that height.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from landscape.grid import FloatArray
from landscape.render.figure.colour_bar import on_white
from landscape.render.figure.line_labels import label_lines
from landscape.render.figure.marks import best_point
from landscape.render.figure.options import PlaneLook, takes
from landscape.render.figure.plane_layout import PlaneStyle, planes
from landscape.render.figure.solution_marks import covered
from landscape.render.figure.style import HOLE_COLOUR
from landscape.render.heights import Heights
from landscape.render.scale import Scale
from landscape.render.unfinished import finished_part
from landscape.render.words.numerals import short
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SHADES = 48
_MOST_VERTICES = 60_000


def draw_contour(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Draw shades, and a labelled line at each level (in the unit of the picture)."""
    _fill(axes, panel, scale, norm, cmap)
    chance = _draw_chance(axes, panel, scale, "white")
    look = {"colors": "#222222", "linewidths": 0.5}
    _draw_lines(axes, panel, scale, levels, look, chance)


def draw_filled(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Draw shades only; the levels are ticks of the colour bar."""
    _fill(axes, panel, scale, norm, cmap)
    _draw_chance(axes, panel, scale, "white")


def draw_lines(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Draw labelled lines only, each in the colour of its value, on white."""
    chance = _draw_chance(axes, panel, scale, "0.3")
    look = {"norm": norm, "cmap": cmap, "linewidths": 0.9}
    _draw_lines(axes, panel, scale, levels, look, chance)


def limits(panel: Heights) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of a contour plot: the outermost points of the grid."""
    x, y = panel.surface.grid.plane
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
    # A value clipped to the end of the scale has no line.
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
    """Draw the chance level, if it is in the picture, and return the points of its line."""
    if panel.chance is None:
        return []
    at = [float(scale.heights(panel.chance))]
    look = {"colors": colour, "linewidths": 1.4, "linestyles": [(0, (4, 2))]}
    line = axes.contour(*_grid(panel), levels=at, **look)
    line.set_gid("chance")
    return [np.asarray(path.vertices) for path in line.get_paths()]


def _grid(panel: Heights) -> tuple[FloatArray, FloatArray | None, Any]:
    return panel.surface.x, panel.surface.y, np.ma.masked_invalid(panel.heights)


CONTOUR = PlaneStyle("contour", draw_contour, limits, part=finished_part)
FILLED = PlaneStyle("filled", draw_filled, limits, part=finished_part)
LINES = PlaneStyle("lines", draw_lines, limits, part=finished_part, adapt=on_white)


@takes(PlaneLook)
def contour(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Filled contours of one surface, with labelled lines at round values.

    The white ring is the smallest value (the largest accuracy); the dashed line is what guessing
    gives, where the number of classes is known. Points that are not computed, NaN or infinite are
    hatched; trajectories of the surface are drawn as lines with dots. For an unfinished run the
    finest complete subgrid is drawn. Clipped values and holes are reported below the picture.

    Parameters
    ----------
    ax
        Matplotlib axes to draw into, in the caller's own style and with a colour bar next to them;
        ``width`` is ignored then.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.contour(open_surface("example:digits_path"), levels=[0.1, 1, 10])
    """
    return planes([surface], CONTOUR, look, ax)


@takes(PlaneLook)
def filled_contour(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Filled contours without lines: :func:`contour` for small panels and rough surfaces.

    Parameters
    ----------
    ax
        As for :func:`contour`; ``levels`` are the ticks of the colour bar.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.filled_contour(open_surface("example:digits_path"), cmap="cividis")
    """
    return planes([surface], FILLED, look, ax)


@takes(PlaneLook)
def contour_lines(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Labelled contour lines on white, each in the colour of its value.

    Parameters
    ----------
    ax
        As for :func:`contour`. Light colours of the map are darkened until the lines show.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.contour_lines(open_surface("example:digits_path"), caption="none")
    """
    return planes([surface], LINES, look, ax)
