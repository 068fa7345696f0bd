"""Contours of a surface: filled, as labelled lines, or both.

They are those of the surface that the 3-D pictures show: smooth between the samples, interpolated
in the height (the logarithm on a log scale).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.figure.colour_bar import on_white
from landscape.render.figure.options import MapLook, takes
from landscape.render.figure.plane_layout import Paint, PlaneStyle, planes
from landscape.render.figure.style import HOLE_COLOUR
from landscape.render.heights import Heights
from landscape.render.scale import Scale
from landscape.render.space.relief import relief
from landscape.render.unfinished import finished_part
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SHADES = 48
_CELLS = 120
_MOST_VERTICES = 60_000


def draw_contour(axes: Any, panel: Heights, paint: Paint, interpolate: str) -> Any:
    """Draw shades, and a line at each level; the lines to be labelled, or None."""
    shape = _shape(panel, paint.scale, interpolate)
    _fill(axes, shape, paint)
    _draw_chance(axes, panel, shape, paint.scale, "white")
    return _draw_lines(axes, shape, paint, {"colors": "#222222", "linewidths": 0.5})


def draw_filled(axes: Any, panel: Heights, paint: Paint, interpolate: str) -> None:
    """Draw shades only; the levels are ticks of the colour bar."""
    shape = _shape(panel, paint.scale, interpolate)
    _fill(axes, shape, paint)
    _draw_chance(axes, panel, shape, paint.scale, "white")


def draw_lines(axes: Any, panel: Heights, paint: Paint, interpolate: str) -> Any:
    """Draw lines only, each in the colour of its value, on white; as :func:`draw_contour`."""
    shape = _shape(panel, paint.scale, interpolate)
    _draw_chance(axes, panel, shape, paint.scale, "0.3")
    look = {"norm": paint.norm, "cmap": paint.colours, "linewidths": 0.9}
    return _draw_lines(axes, shape, paint, look)


def limits(panel: Heights) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of a contour plot: the outermost points of the grid."""
    x, y = panel.surface.grid.plane
    return (float(x[0]), float(x[-1])), (float(y[0]), float(y[-1]))


_Shape = tuple[FloatArray, FloatArray, Any]
"""The coordinates along both axes, and the heights between them; holes are masked."""


def _shape(panel: Heights, scale: Scale, interpolate: str) -> _Shape:
    """The surface that the 3-D pictures show."""
    x, y = panel.surface.grid.plane
    try:
        fine = relief(panel, scale, interpolate, _CELLS, most=max(x.size, y.size)).fine
    except InputError:  # no cell has four corners: single points remain
        return x, y, np.ma.masked_invalid(panel.heights)
    return fine.x, fine.y, np.ma.masked_invalid(fine.heights)


def _fill(axes: Any, shape: _Shape, paint: Paint) -> None:
    scale = paint.scale
    axes.set_facecolor(HOLE_COLOUR)
    hair = 1e-9 * (scale.top - scale.bottom)
    shades = np.linspace(scale.bottom - hair, scale.top + hair, _SHADES + 1)
    filled = axes.contourf(*shape, levels=shades, norm=paint.norm, cmap=paint.colours)
    # Without an edge of the same colour, viewers of vector files show seams between the shades.
    filled.set(edgecolor="face", linewidth=0.3)
    # A rough surface of many points would make a vector file of tens of megabytes.
    filled.set_rasterized(sum(len(p.vertices) for p in filled.get_paths()) > _MOST_VERTICES)


def _draw_lines(axes: Any, shape: _Shape, paint: Paint, look: dict[str, Any]) -> Any:
    scale, levels = paint.scale, paint.levels
    inside = levels[(levels > scale.low) & (levels < scale.high)]
    # A value clipped to the end of the scale has no line.
    heights = shape[2].compressed()
    at = scale.heights(inside)
    at = at[(at > heights.min()) & (at < heights.max())]
    if not at.size:
        return None
    lines = axes.contour(*shape, levels=at, linestyles="solid", **look)
    lines.set_gid("levels")
    return lines


def _draw_chance(axes: Any, panel: Heights, shape: _Shape, scale: Scale, colour: str) -> None:
    """Draw the chance level, if it is in the picture."""
    if panel.chance is None:
        return
    at = [float(scale.heights(panel.chance))]
    look = {"colors": colour, "linewidths": 1.4, "linestyles": [(0, (4, 2))]}
    axes.contour(*shape, levels=at, **look).set_gid("chance")


CONTOUR = PlaneStyle("contour", draw_contour, limits, part=finished_part)
FILLED = PlaneStyle("filled", draw_filled, limits, part=finished_part)
LINES = PlaneStyle("lines", draw_lines, limits, part=finished_part, adapt=on_white)


@takes(MapLook)
def contour(surface: Surface, *, ax: Any = None, **look: Unpack[MapLook]) -> Figure:
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


@takes(MapLook)
def filled_contour(surface: Surface, *, ax: Any = None, **look: Unpack[MapLook]) -> Figure:
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


@takes(MapLook)
def contour_lines(surface: Surface, *, ax: Any = None, **look: Unpack[MapLook]) -> Figure:
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
