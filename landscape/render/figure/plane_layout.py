"""The common parts of all 2-D pictures of planes: axes, colour bar, marks and notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from landscape.errors import InputError, check_choice
from landscape.grid import FloatArray
from landscape.render.figure.caller_axes import draw_into
from landscape.render.figure.caption import Caption, captioned
from landscape.render.figure.colour_bar import colour_bar, colours_of
from landscape.render.figure.context import enlarged
from landscape.render.figure.holes import draw_holes, hole_notes
from landscape.render.figure.line_labels import label_lines
from landscape.render.figure.marks import mark_best, mark_notes, mark_samples
from landscape.render.figure.named import Named
from landscape.render.figure.options import MapLook, of_heights
from landscape.render.figure.plane_sheet import plane_sheet
from landscape.render.figure.scale_bar import draw_scale_bar
from landscape.render.figure.shared_colours import levels_by_use
from landscape.render.figure.solution_marks import mark_solutions
from landscape.render.figure.style import STYLE, StyledFigure
from landscape.render.figure.trajectories import draw_trajectories, trajectory_notes
from landscape.render.heights import Heights, prepare
from landscape.render.resolve import chosen_levels, one_kind, quantity_of_all
from landscape.render.scale import Scale
from landscape.render.space.interpolate import METHODS
from landscape.render.unfinished import unfinished_notes
from landscape.render.words.captions import brief
from landscape.render.words.names import names_of
from landscape.render.words.numerals import short
from landscape.render.words.one_line import in_one_line
from landscape.surface import Surface


@dataclass(frozen=True, eq=False)
class Paint:
    """What all panels share: the scale, the levels, the norm and the colour map."""

    scale: Scale
    levels: FloatArray
    norm: Any
    colours: Any


@dataclass(frozen=True)
class PlaneStyle:
    """A 2-D style for planes.

    ``draw``: draws one panel, (axes, panel, paint, interpolation), and returns the contour lines
    to be labelled, or None. ``limits``: the axis limits of a panel: ((left, right), (bottom, top)).
    ``smooth``: whether it interpolates between samples.
    """

    name: str
    draw: Callable[[Any, Heights, Paint, str], Any]
    limits: Callable[[Heights], tuple[tuple[float, float], tuple[float, float]]]
    shows_chance: bool = True
    part: Callable[[Surface], Surface] = lambda surface: surface
    adapt: Callable[[Any], Any] = lambda colours: colours
    smooth: bool = True

    def __call__(
        self, surfaces: Sequence[Surface], look: MapLook, named: Named | None = None
    ) -> Figure:
        """One panel for each surface, on one scale."""
        return planes(surfaces, self, look, named=named or Named())


def planes(
    surfaces: Sequence[Surface],
    style: PlaneStyle,
    look: MapLook,
    ax: Any = None,
    named: Named = Named(),  # noqa: B008  (frozen)
) -> Figure:
    """Draw surfaces on one scale in a new figure, or a single one into the caller's axes."""
    one_kind(surfaces, style.name)
    interpolate = look.get("interpolate")
    if interpolate and not style.smooth:
        raise InputError(f"style {style.name} does not interpolate: use style contour or surface")
    check_choice("interpolation", interpolate or METHODS[0], METHODS)
    name = quantity_of_all(surfaces, look.get("quantity"))
    drawn = [style.part(s) for s in surfaces]
    panels, shared = prepare([(s, name) for s in drawn], **of_heights(look))
    unfinished = [unfinished_notes(s, p.surface) for s, p in zip(surfaces, panels, strict=True)]
    caption = captioned(
        look.get("caption"),
        [[*_notes(p, style), *more] for p, more in zip(panels, unfinished, strict=True)],
        in_one_line(panels, [note for more in unfinished for note in more]),
        names_of(surfaces),
    )
    paint = _paint(panels, shared, style, look)
    if ax is not None:
        _draw(ax, panels[0], style, paint, look)
        title, below = look.get("title"), caption.of_one
        return draw_into(ax, panels, shared, paint.levels, paint.norm, paint.colours, title, below)
    with mpl.rc_context(STYLE):
        figure = _figure(panels, caption, style, paint, look, named)
        return enlarged(figure, look.get("context"))


def _paint(panels: Sequence[Heights], shared: Scale, style: PlaneStyle, look: MapLook) -> Paint:
    norm, colours = colours_of(shared, look.get("cmap"), panels)
    levels = chosen_levels(look.get("levels"), shared, (norm.vmin, norm.vmax))
    if look.get("levels") is None and shared.kind == "log" and len(panels) > 1:
        levels = levels_by_use(shared, panels, levels)
    return Paint(shared, levels, norm, style.adapt(colours))


def _figure(
    panels: Sequence[Heights],
    caption: Caption,
    style: PlaneStyle,
    paint: Paint,
    look: MapLook,
    named: Named,
) -> StyledFigure:
    limits = [style.limits(panel) for panel in panels]
    sheet = plane_sheet(panels, limits, caption, paint.levels, look, named)
    for axes, panel in zip(sheet.panels, panels, strict=True):
        _draw(axes, panel, style, paint, look)
    cax = {"cax": sheet.colour_bar}
    bar = (paint.scale, paint.levels, paint.norm, paint.colours)
    colour_bar(sheet.figure, panels, *bar, cax)
    sheet.figure.description = caption.everything
    return sheet.figure


def _draw(axes: Any, panel: Heights, style: PlaneStyle, paint: Paint, look: MapLook) -> None:
    across, upward = style.limits(panel)
    axes.set(xlim=across, ylim=upward)
    lines = style.draw(axes, panel, paint, look.get("interpolate") or METHODS[0])
    draw_holes(axes, panel)
    if look.get("samples"):
        mark_samples(axes, panel)
    draw_trajectories(axes, panel.surface)
    mark_solutions(axes, panel.surface)
    mark_best(axes, panel)
    axes.set(xlim=across, ylim=upward)
    if look.get("scale_bar"):
        draw_scale_bar(axes, panel.surface)
    if lines is not None:
        scale = paint.scale
        label_lines(axes, lines, lambda height: short(scale.value(height)))


def _notes(panel: Heights, style: PlaneStyle) -> list[str]:
    return [
        *filter(None, [brief(panel.surface, panel.quantity)]),
        *mark_notes(panel, style.shows_chance),
        *panel.cuts,
        *hole_notes(panel),
        *trajectory_notes(style.limits(panel), panel.surface),
    ]
