"""Contours of a surface, as a figure: filled, as labelled lines, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from landscape.render.colours import on_white
from landscape.render.contour_panel import draw_contour, draw_filled, draw_lines, limits
from landscape.render.look import PlaneLook, takes
from landscape.render.plane_sheet import PlaneStyle, planes
from landscape.render.unfinished import finished_part
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

CONTOUR = PlaneStyle("contour", draw_contour, limits, part=finished_part)
FILLED = PlaneStyle("filled", draw_filled, limits, part=finished_part)
LINES = PlaneStyle("lines", draw_lines, limits, part=finished_part, adapt=on_white)


@takes(PlaneLook)
def contour(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Filled contours of one surface, with labelled lines at round values.

    The white ring is the smallest value (the largest accuracy); the dashed line is what guessing
    gives, where the number of classes is known. Points that are not computed, NaN or infinite are
    hatched; trajectories of the surface are drawn as lines with dots. Of a run that is far from
    its end the coarser grid is drawn that is complete. What is clipped or left open is said below
    the picture.

    Parameters
    ----------
    ax
        Matplotlib axes to draw into, in the caller's own style and with a colour bar beside them;
        ``width`` has no meaning then.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is not one of those below.
    """
    return planes([surface], CONTOUR, look, ax)


@takes(PlaneLook)
def filled_contour(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Filled contours without lines: :func:`contour` for small panels and rough surfaces.

    Parameters
    ----------
    ax
        As for :func:`contour`; ``levels`` are the ticks of the colour bar.
    """
    return planes([surface], FILLED, look, ax)


@takes(PlaneLook)
def contour_lines(surface: Surface, *, ax: Any = None, **look: Unpack[PlaneLook]) -> Figure:
    """Labelled contour lines on white, each in the colour of its value.

    Parameters
    ----------
    ax
        As for :func:`contour`. Light colours of the map are darkened until the lines show.
    """
    return planes([surface], LINES, look, ax)
