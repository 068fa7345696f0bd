"""3-D surfaces side by side on one scale, drawn by matplotlib or PyVista."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from landscape.errors import check_choice
from landscape.grid import FloatArray
from landscape.render.figure.box_axes import draw_box
from landscape.render.figure.box_names import LETTERS, BoxName, names_that_fit, ranges_of
from landscape.render.figure.caption import Caption, captioned
from landscape.render.figure.colour_bar import bar_room, colour_bar, colours_of
from landscape.render.figure.context import enlarged
from landscape.render.figure.layout import (
    ROW_TITLE,
    Margins,
    Sheet,
    columns_for,
    columns_that_fit,
    inches,
    lay_out,
    panel_texts,
    panel_width,
)
from landscape.render.figure.named import Named
from landscape.render.figure.options import PlaneLook, Quantified, of_heights, takes
from landscape.render.figure.paths_in_space import draw_paths, path_notes_in_space
from landscape.render.figure.style import MARK, STYLE, StyledFigure, text_width
from landscape.render.figure.surface_panel import CELLS, MOST, draw_surface
from landscape.render.heights import Heights, prepare
from landscape.render.mesh.picture import picture
from landscape.render.resolve import RENDERERS, chosen_levels, one_kind, quantity_of_all
from landscape.render.scale import Scale
from landscape.render.space.camera import Camera, choose_camera, sees
from landscape.render.space.interpolate import METHODS
from landscape.render.space.projection import Window, box_window, eye_of, project
from landscape.render.space.relief import HEIGHT, Relief, described, relief
from landscape.render.unfinished import finished_part, unfinished_notes
from landscape.render.words.captions import brief
from landscape.render.words.directions import explained
from landscape.render.words.names import names_of
from landscape.render.words.numerals import short
from landscape.render.words.one_line import in_one_line
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_MARGINS = Margins(left=0.5, right=0.18, below=0.2, above=0.02)
_BESIDE_NUMERALS = 0.3
"""Inches of the left margin that the numerals of the height do not need."""
_SOLID_CELLS = 320
_LEAST_PANEL = 1.8
"""Minimum width of a 3-D panel in inches, when several are side by side."""
_PER_INCH = 600.0
_HEIGHT_TICKS = 4
_LINES = 16


@dataclass(frozen=True)
class Scene:
    """How reliefs are drawn: the settings shared by all panels of a figure or a movie.

    Attributes
    ----------
    ticks, few, lines
        Values that get a tick on the colour bar, on matplotlib's height, and a contour line.
    window
        The visible part of the picture plane.
    per_inch
        Pixels of PyVista's picture per inch.
    turns
        Whether the camera moves, in a movie.
    width, named, caption, context
        Of the figure, see :data:`landscape.render.figure.options.HELP`.
    """

    panels: Sequence[Heights]
    camera: Camera
    ticks: FloatArray
    few: FloatArray
    lines: FloatArray
    cmap: str | None
    renderer: str
    window: Window
    per_inch: float
    turns: bool = False
    width: str | float | None = None
    named: Named = Named()  # noqa: RUF009  (frozen)
    caption: str | None = None
    context: str | None = None

    @property
    def solid(self) -> bool:
        """Whether PyVista is the renderer."""
        return self.renderer == "pyvista"


@takes(PlaneLook)
def surface3d(
    surface: Surface,
    *,
    elevation: float | None = None,
    azimuth: float | None = None,
    interpolate: str | None = None,
    renderer: str | None = None,
    **look: Unpack[PlaneLook],
) -> StyledFigure:
    """A shaded 3-D surface; height and colour are the logarithm of a loss, its ticks losses.

    Parameters
    ----------
    elevation, azimuth
        Of the camera, in degrees; None chooses the lowest view that shows the minimum.
    interpolate
        ``cubic`` (also None) passes smoothly through the samples without overshooting the corners
        of a cell (:mod:`landscape.render.space.interpolate`); ``none`` joins them by straight
        lines.
    renderer
        ``matplotlib`` (also None), or ``pyvista``: lighting, highlights and shadows, as an image in
        the figure; it needs the extra ``mesh``.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> surface = open_surface("example:digits_eigen_ratio")
    >>> figure = render.surface3d(surface, elevation=30, azimuth=-60)
    """
    one_kind([surface], "surface")
    view: dict[str, Any] = {"elevation": elevation, "azimuth": azimuth}
    return surfaces([surface], look, interpolate=interpolate, renderer=renderer, **view)


def surfaces(
    several: Sequence[Surface],
    look: PlaneLook,
    *,
    elevation: float | None = None,
    azimuth: float | None = None,
    interpolate: str | None = None,
    renderer: str | None = None,
    named: Named | None = None,
) -> StyledFigure:
    """Draw several surfaces; options as for :func:`surface3d`.

    ``named``: the number of columns, and the titles of rows and columns.
    """
    interpolate, renderer = interpolate or "cubic", renderer or "matplotlib"
    drawn = [finished_part(surface) for surface in several]
    shapes, shared = reliefs_of(drawn, look, interpolate, renderer)
    reliefs = [
        replace(shape, said=tuple(unfinished_notes(surface, part)))
        for shape, surface, part in zip(shapes, several, drawn, strict=True)
    ]
    camera = camera_for(reliefs, elevation, azimuth)
    scene = scene_of(reliefs, shared, [camera], look.get("levels"), look.get("cmap"), renderer)
    width, caption = look.get("width"), look.get("caption")
    context = look.get("context")
    scene = replace(scene, width=width, named=named or Named(), caption=caption, context=context)
    return enlarged(draw(reliefs, scene, look.get("title")), context)


def reliefs_of(
    several: Sequence[Surface],
    look: Quantified,
    interpolate: str,
    renderer: str,
    cells: int = _SOLID_CELLS,
) -> tuple[list[Relief], Scale]:
    """The shapes of all surfaces on one scale, at the resolution of the renderer.

    ``cells`` along each axis are drawn by PyVista.
    """
    check_choice("interpolation", interpolate, METHODS)
    check_choice("renderer", renderer, RENDERERS)
    name = quantity_of_all(several, look.get("quantity"))
    panels, shared = prepare([(s, name) for s in several], **of_heights(look))
    detail = {"cells": CELLS, "most": MOST} if renderer == "matplotlib" else {"cells": cells}
    return [relief(p, shared, interpolate, **detail) for p in panels], shared


def camera_for(reliefs: Sequence[Relief], elevation: float | None, azimuth: float | None) -> Camera:
    """The camera of all panels; occlusion is tested with the interpolated surface, as drawn."""
    chosen = choose_camera([r.up for r in reliefs], [r.best_index for r in reliefs])
    return chosen.turned(elevation, azimuth)


def scene_of(
    reliefs: Sequence[Relief],
    shared: Scale,
    cameras: Sequence[Camera],
    levels: int | Sequence[float] | None,
    cmap: str | None,
    renderer: str,
    per_inch: float | None = None,
) -> Scene:
    """The shared settings for pictures from all of the cameras.

    ``per_inch`` defaults to 600: twice the dots of a .png, so that edges are smooth.
    """
    norm, _ = colours_of(shared, cmap)
    ticks = chosen_levels(levels, shared, (norm.vmin, norm.vmax))
    few, lines = (
        ticks if levels is not None else shared.ticks(count) for count in (_HEIGHT_TICKS, _LINES)
    )
    window = box_window(cameras)
    panels, dots = [r.panel for r in reliefs], per_inch or _PER_INCH
    return Scene(panels, cameras[0], ticks, few, lines, cmap, renderer, window, dots)


def draw(
    reliefs: Sequence[Relief], scene: Scene, title: str | None, foot: float = 0.0
) -> StyledFigure:
    """The figure of these shapes, with ``foot`` inches of blank space at the bottom."""
    shared = reliefs[0].scale
    norm, colours = colours_of(shared, scene.cmap, scene.panels)
    with mpl.rc_context(STYLE):
        sheet = paper(reliefs, scene, title, foot)
        names = _axis_names([r.panel for r in reliefs], scene)
        for axes, shape, named in zip(sheet.panels, reliefs, names, strict=True):
            _draw_panel(axes, shape, scene, named, norm, colours)
        cax = {"cax": sheet.colour_bar}
        colour_bar(sheet.figure, scene.panels, shared, scene.ticks, norm, colours, cax)
    made = f"{described(reliefs)}; drawn by {scene.renderer}"
    said = _caption(reliefs, scene).everything
    sheet.figure.description = "\n".join(filter(None, (said, made)))
    return sheet.figure


def paper(reliefs: Sequence[Relief], scene: Scene, title: str | None, foot: float = 0.0) -> Sheet:
    """The figure with its text, before anything is drawn."""
    panels = [r.panel for r in reliefs]
    width, columns, margins, bar = _spread(panels, scene)
    deepest = max(name.below for names in _axis_names(panels, scene) for name in names)
    margins = replace(margins, below=max(margins.below, deepest + 0.02))
    caption = _caption(reliefs, scene)
    texts, heading = panel_texts(panels, caption.notes, title)
    return lay_out(
        texts,
        margins,
        width=width,
        columns=columns,
        aspect=scene.window.aspect,
        bar=bar,
        title=heading,
        foot=foot,
        caption=caption.lines,
        rows_named=scene.named.row_titles,
        columns_named=scene.named.column_titles,
    )


def _spread(panels: Sequence[Heights], scene: Scene) -> tuple[float, int, Margins, float]:
    """The width of the figure, the number of columns, the margins and the width of the bar."""
    width = inches(scene.width, len(panels), scene.context)
    bar = bar_room(panels[0], scene.ticks, 1.5)
    numerals = max((text_width(short(value)) for value in scene.few), default=0.0)
    margins = replace(_MARGINS, left=max(_MARGINS.left, _BESIDE_NUMERALS + numerals))
    asked, wanted = scene.named.columns_of(len(panels)), columns_for(len(panels))
    return width, columns_that_fit(width, wanted, margins, bar, asked, _LEAST_PANEL), margins, bar


def _axis_names(panels: Sequence[Heights], scene: Scene) -> list[tuple[BoxName, BoxName]]:
    """Of each panel; ``x`` and ``y`` where the camera turns, so that some edge has no room."""
    if scene.turns:
        return [LETTERS] * len(panels)
    width, columns, margins, bar = _spread(panels, scene)
    taken = ROW_TITLE if scene.named.row_titles else 0.0
    room = panel_width(width - taken, columns, margins, bar)
    sight = (scene.camera, scene.window, room, margins)
    return [names_that_fit(panel.surface, *sight) for panel in panels]


def _caption(reliefs: Sequence[Relief], scene: Scene) -> Caption:
    panels = [relief.panel for relief in reliefs]
    names = names_of([panel.surface for panel in panels])
    more = [note for relief in reliefs for note in relief.said]
    on_edges = _axis_names(panels, scene)
    full = [_notes(r, scene, named) for r, named in zip(reliefs, on_edges, strict=True)]
    return captioned(scene.caption, full, in_one_line(panels, more), names)


def _draw_panel(
    axes: Any, shape: Relief, scene: Scene, names: Sequence[BoxName], norm: Any, colours: Any
) -> None:
    """The axes, the surface and its marks, on the picture plane."""
    camera, window = scene.camera, scene.window
    axes.set_axis_off()
    axes.set(xlim=(window.left, window.right), ylim=(window.lower, window.upper))
    draw_box(axes, shape, camera, scene.few, names)
    if scene.solid:
        wide = axes.get_position().width * axes.figure.get_size_inches()[0]
        pixels, lines = round(wide * scene.per_inch), shape.scale.heights(scene.lines)
        drawn = picture(shape, camera, window, pixels, lines, norm, colours)
        look: dict[str, Any] = {"aspect": "auto", "interpolation": "antialiased", "zorder": 1}
        axes.imshow(drawn, extent=window.extent, **look)
    else:
        draw_surface(axes, shape, norm, colours, camera)
    draw_paths(axes, shape, eye_of(camera), lambda points: list(project(points, camera).T))
    _mark_best(axes, shape, scene)
    axes.set(xlim=(window.left, window.right), ylim=(window.lower, window.upper))


def _mark_best(axes: Any, shape: Relief, scene: Scene) -> None:
    if not shape.panel.quantity.has_best:
        return
    u, v = project(shape.best, scene.camera)
    look = dict(MARK)
    if not _shows(shape, scene):
        # Drawn through the surface in front: hollow, with a dotted line up to where it is visible.
        look["markerfacecolor"] = "none"
        stem = np.stack([shape.best, [*shape.best[:2], HEIGHT]])
        axes.plot(*project(stem, scene.camera).T, ":", color="black", linewidth=0.8, zorder=5)
    axes.plot([u], [v], **look, zorder=5, gid="best", clip_on=False)


def _shows(shape: Relief, scene: Scene) -> bool:
    # A visible point must be visible in the picture, to the thickness of a line.
    return sees(shape.up, shape.best_index, scene.camera, tip=0.01)


def _notes(shape: Relief, scene: Scene, named: Sequence[BoxName]) -> list[str]:
    panel = shape.panel
    lowest = f"○ {panel.best_words()}" if panel.quantity.has_best else ""
    if lowest and not _shows(shape, scene):
        lowest += ", hidden behind the surface"
    first = brief(panel.surface, panel.quantity)
    sides = [ranges_of(panel.surface)] if named == LETTERS else []
    plane = explained(panel.surface, shares_shown=True)
    paths = path_notes_in_space(shape)
    best = [f"{lowest}."] if lowest else []
    return [*filter(None, [first, plane]), *sides, *best, *paths, *panel.notes, *shape.notes]
