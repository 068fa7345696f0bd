"""A heat map of any stored quantity: one colour per point, without interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from landscape.render.figure.holes import cell_edges
from landscape.render.figure.options import MapLook, takes
from landscape.render.figure.plane_layout import Paint, PlaneStyle, planes
from landscape.render.heights import Heights
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack


def draw_heatmap(axes: Any, panel: Heights, paint: Paint, interpolate: str) -> None:
    """Draw the cells; the levels are ticks of the colour bar."""
    x, y = panel.surface.grid.plane
    cells = np.ma.masked_invalid(panel.heights)
    # As an image: viewers of vector files show seams between thousands of rectangles.
    look: dict[str, Any] = {"norm": paint.norm, "cmap": paint.colours, "rasterized": True}
    axes.pcolormesh(cell_edges(x), cell_edges(y), cells, **look)


def limits(panel: Heights) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of a heat map: the outer edges of the outermost cells."""
    across, upward = map(cell_edges, panel.surface.grid.plane)
    return (float(across[0]), float(across[-1])), (float(upward[0]), float(upward[-1]))


HEATMAP = PlaneStyle("heatmap", draw_heatmap, limits, shows_chance=False, smooth=False)


@takes(MapLook)
def heatmap(surface: Surface, *, ax: Any = None, **look: Unpack[MapLook]) -> Figure:
    """One cell of colour for each point of one surface, without interpolation.

    Cells end midway between neighbouring points, also if these are unevenly spaced. Points that
    are not computed, NaN or infinite are hatched, each with its own pattern. A quantity of
    both signs gets a diverging colour map with 0 in the middle.

    Parameters
    ----------
    ax
        As for :func:`landscape.render.contour`; ``levels`` are the ticks of the colour bar.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.heatmap(open_surface("example:digits_eigen_ratio"), scale="log")
    """
    return planes([surface], HEATMAP, look, ax)
