"""Figures of several surfaces side by side on one scale, and of one surface in 3-D."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from landscape.grid import FloatArray
from landscape.render.camera import Camera, choose_camera
from landscape.render.captions import brief
from landscape.render.choice import chosen_levels, one_kind, quantity_of_all
from landscape.render.colour_bar import bar_room, colour_bar
from landscape.render.contour_figure import CONTOUR, FILLED, LINES
from landscape.render.curve_figure import curves
from landscape.render.heatmap_figure import HEATMAP
from landscape.render.heights import Heights, prepare
from landscape.render.look import PlaneLook, of_heights, takes
from landscape.render.panel_sheet import panel_sheet
from landscape.render.plane_sheet import planes
from landscape.render.scale import Scale
from landscape.render.sheet import Margins, columns_that_fit, inches
from landscape.render.style import STYLE, colour_map
from landscape.render.surface_panel import best_shows, box_heights, draw_surface
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

PLANES = {style.name: style for style in (CONTOUR, FILLED, LINES, HEATMAP)}
_SURFACE_MARGINS = Margins(left=0.02, right=0.3, below=0.28, above=-0.22)
_SURFACE_ASPECT = 0.94
_HEIGHT_TICKS = 4


def surface3d(
    surface: Surface,
    *,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    elevation: float | None = None,
    azimuth: float | None = None,
) -> Figure:
    """A shaded 3-D surface; height and colour are the logarithm of a loss, its ticks losses.

    Parameters are those of :func:`contour` (``levels`` are the ticks of the height), and

    Parameters
    ----------
    elevation, azimuth
        Of the camera, in degrees; None chooses the lowest view that shows the minimum.
    """
    return side_by_side(
        [surface],
        "surface",
        quantity=quantity,
        scale=scale,
        clip=clip,
        levels=levels,
        cmap=cmap,
        title=title,
        norm_range=norm_range,
        elevation=elevation,
        azimuth=azimuth,
    )


@takes(PlaneLook)
def side_by_side(
    surfaces: Sequence[Surface],
    style: str | None = None,
    *,
    elevation: float | None = None,
    azimuth: float | None = None,
    **look: Unpack[PlaneLook],
) -> Figure:
    """One or more surfaces in one figure, on one scale, with one colour bar.

    Parameters
    ----------
    style
        ``contour``, ``filled``, ``lines``, ``heatmap``, ``surface`` or ``curve``; None is contour
        for planes and curve for lines.
    elevation, azimuth
        As for :func:`surface3d`.

    Returns
    -------
    A figure of exactly the width asked for.

    Raises
    ------
    InputError
        If lines and planes are mixed, a surface lacks the quantity, or nothing can be drawn.
    """
    style = one_kind(surfaces, style)
    if style in PLANES:
        return planes(surfaces, PLANES[style], look)
    if style == "curve":
        return curves(surfaces, look)
    name = quantity_of_all(surfaces, look.get("quantity"))
    levels, cmap, title = look.get("levels"), look.get("cmap"), look.get("title")
    with mpl.rc_context(STYLE):
        panels, shared = prepare([(s, name) for s in surfaces], **of_heights(look))
        camera = choose_camera([box_heights(p, shared) for p in panels], [p.best for p in panels])
        camera = Camera(
            camera.elevation if elevation is None else elevation,
            camera.azimuth if azimuth is None else azimuth,
        )
        ticks = chosen_levels(levels, shared)
        few = ticks if levels is not None else shared.ticks(_HEIGHT_TICKS)
        width = inches(look.get("width"), len(panels))
        return _surfaces(panels, shared, ticks, few, cmap, title, camera, width)


def _surfaces(
    panels: Sequence[Heights],
    shared: Scale,
    ticks: FloatArray,
    height_ticks: FloatArray,
    cmap: str | None,
    title: str | None,
    camera: Camera,
    width: float,
) -> Figure:
    norm, colours = Normalize(shared.bottom, shared.top), colour_map(cmap)
    notes = [_surface_notes(p, best_shows(p, shared, camera)) for p in panels]
    bar = bar_room(panels[0], ticks, 2.0)
    columns = columns_that_fit(width, min(len(panels), 2), _SURFACE_MARGINS, bar)
    look: dict[str, Any] = {"columns": columns, "bar": bar, "projection": "3d", "width": width}
    sheet = panel_sheet(panels, notes, _SURFACE_MARGINS, _SURFACE_ASPECT, title, **look)
    for axes, panel in zip(sheet.panels, panels, strict=True):
        draw_surface(axes, panel, shared, height_ticks, norm, colours, camera)
    cax = {"cax": sheet.colour_bar}
    colour_bar(sheet.figure, panels, shared, ticks, norm, colours, cax)
    return sheet.figure


def _surface_notes(panel: Heights, seen: bool) -> list[str]:
    first = brief(panel.surface, panel.quantity)
    words = panel.best_words()
    lowest = f"○ {words}." if seen else f"○ {words}, hidden by the wall before it."
    return [*filter(None, [first]), lowest, *panel.notes]
