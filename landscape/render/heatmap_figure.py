"""A heat map of any stored quantity, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from landscape.render.heatmap_panel import draw_heatmap, limits
from landscape.render.look import PlaneLook, takes
from landscape.render.plane_sheet import PlaneStyle, planes
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

HEATMAP = PlaneStyle("heatmap", draw_heatmap, limits, shows_chance=False)


@takes(PlaneLook)
def heatmap(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """One cell of colour for each point of one surface, without interpolation.

    Cells end midway between neighbouring points, also where these are not equally far apart.
    Points that are not computed, NaN or infinite are hatched, each in its own way. A quantity of
    both signs gets a diverging colour map with 0 in the middle.

    Parameters
    ----------
    ax
        As for :func:`landscape.render.contour`; ``levels`` are the ticks of the colour bar.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is not one of those below.
    """
    return planes([surface], HEATMAP, look, ax)
