"""The common parts of all 2-D pictures of planes: axes, colour bar, marks and notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from landscape.grid import FloatArray
from landscape.render.figure.caller_axes import write_around, write_beside
from landscape.render.figure.colour_bar import bar_room, colour_bar, colours_of
from landscape.render.figure.holes import draw_holes, hole_notes
from landscape.render.figure.layout import (
    TICKS_BELOW,
    Margins,
    columns_for,
    columns_that_fit,
    inches,
    lay_out,
    panel_texts,
    panel_width,
)
from landscape.render.figure.marks import mark_best, mark_notes
from landscape.render.figure.options import PlaneLook, captioned, of_heights
from landscape.render.figure.solution_marks import mark_solutions
from landscape.render.figure.style import LINE, STYLE, wrap
from landscape.render.figure.trajectories import draw_trajectories, trajectory_notes
from landscape.render.heights import Heights, prepare
from landscape.render.resolve import chosen_levels, one_kind, quantity_of_all
from landscape.render.scale import Scale
from landscape.render.unfinished import unfinished_notes
from landscape.render.words.captions import brief
from landscape.render.words.directions import axis_label, axis_name
from landscape.surface import Surface

_RIGHT = 0.1
_TICKS_LEFT = 0.47
_NARROW = 1.8
"""Width in inches below which panels use the short names of their axes."""

_Paint = tuple[Scale, FloatArray, Any, Any]
"""The scale, the levels, the norm and the colour map that all panels share."""


@dataclass(frozen=True)
class PlaneStyle:
    """A 2-D style for planes.

    ``draw``: draws one panel: (axes, panel, scale, levels, norm, colour map). ``limits``: the axis
    limits of a panel: ((left, right), (bottom, top)).
    """

    name: str
    draw: Callable[[Any, Heights, Scale, FloatArray, Any, Any], None]
    limits: Callable[[Heights], tuple[tuple[float, float], tuple[float, float]]]
    shows_chance: bool = True
    part: Callable[[Surface], Surface] = lambda surface: surface
    adapt: Callable[[Any], Any] = lambda colours: colours

    def __call__(
        self, surfaces: Sequence[Surface], look: PlaneLook, columns: int | None = None
    ) -> Figure:
        """One panel for each surface, on one scale."""
        return planes(surfaces, self, look, asked=columns)


def planes(
    surfaces: Sequence[Surface],
    style: PlaneStyle,
    look: PlaneLook,
    ax: Any = None,
    asked: int | None = None,
) -> Figure:
    """Draw surfaces on one scale in a new figure, or a single one into the caller's axes.

    ``asked`` is the number of columns; None adapts it to the number of surfaces and the width.
    """
    one_kind(surfaces, style.name)
    name = quantity_of_all(surfaces, look.get("quantity"))
    drawn = [style.part(s) for s in surfaces]
    panels, shared = prepare([(s, name) for s in drawn], **of_heights(look))
    notes = captioned(
        look,
        [
            [*_notes(panel, style), *unfinished_notes(surface, panel.surface)]
            for surface, panel in zip(surfaces, panels, strict=True)
        ],
    )
    norm, colours = colours_of(shared, look.get("cmap"))
    levels = chosen_levels(look.get("levels"), shared, (norm.vmin, norm.vmax))
    paint: _Paint = (shared, levels, norm, style.adapt(colours))
    if ax is None:
        with mpl.rc_context(STYLE):
            return _sheet(panels, notes, style, paint, look, asked)
    _draw(ax, panels[0], style, paint)
    colour_bar(ax.figure, panels, *paint, {"ax": ax})  # takes its space from the axes
    write_beside(ax, axis_name(surfaces[0], "y"))
    return write_around(ax, surfaces[0], look.get("title"), axis_name(surfaces[0], "x"), notes[0])


def _draw(axes: Any, panel: Heights, style: PlaneStyle, paint: _Paint) -> None:
    shared, levels, norm, colours = paint
    across, upward = style.limits(panel)
    axes.set(xlim=across, ylim=upward)
    style.draw(axes, panel, shared, levels, norm, colours)
    draw_holes(axes, panel)
    draw_trajectories(axes, panel.surface)
    mark_solutions(axes, panel.surface)
    mark_best(axes, panel)
    axes.set(xlim=across, ylim=upward)


def _notes(panel: Heights, style: PlaneStyle) -> list[str]:
    return [
        *filter(None, [brief(panel.surface, panel.quantity)]),
        *mark_notes(panel, style.shows_chance),
        *panel.cuts,
        *hole_notes(panel),
        *trajectory_notes(style.limits(panel), panel.surface),
    ]


def _sheet(
    panels: Sequence[Heights],
    notes: Sequence[list[str]],
    style: PlaneStyle,
    paint: _Paint,
    look: PlaneLook,
    asked: int | None,
) -> Figure:
    (left, right), (bottom, top) = style.limits(panels[0])
    # Equal units on both axes, unless that would make a strip.
    ratio = (top - bottom) / (right - left)
    aspect = ratio if 0.5 <= ratio <= 1.6 else 1.0
    width = inches(look.get("width"), len(panels))
    bar = bar_room(panels[0], paint[1], aspect * 2.0)
    margins, columns, across, upward = _labels(panels, aspect, bar, width, asked)
    # A flat panel has a short bar, whose label needs more lines, which narrow the panel.
    bar = bar_room(panels[0], paint[1], aspect * panel_width(width, columns, margins, bar))
    margins, columns, across, upward = _labels(panels, aspect, bar, width, asked)
    texts, heading = panel_texts(panels, notes, look.get("title"))
    place: dict[str, Any] = {"width": width, "columns": columns, "aspect": aspect, "bar": bar}
    sheet = lay_out(texts, margins, title=heading, **place)
    for axes, panel, x_label, y_label in zip(sheet.panels, panels, across, upward, strict=True):
        _draw(axes, panel, style, paint)
        axes.set_xlabel("\n".join(x_label), parse_math=False)
        axes.set_ylabel("\n".join(y_label), parse_math=False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    colour_bar(sheet.figure, panels, *paint, {"cax": sheet.colour_bar})
    return sheet.figure


def _labels(
    panels: Sequence[Heights], aspect: float, bar: float, width: float, asked: int | None
) -> tuple[Margins, int, list[list[str]], list[list[str]]]:
    """Margins that hold the wrapped labels of both axes, the columns, and those labels."""
    margins = Margins(_TICKS_LEFT + LINE, _RIGHT, TICKS_BELOW)
    wanted = columns_for(len(panels))
    for _ in range(3):  # more lines on the left leave less height for each: iterate until stable
        columns = columns_that_fit(width, wanted, margins, bar, asked)
        room = panel_width(width, columns, margins, bar)
        words = axis_label if room > _NARROW else axis_name
        across = [wrap(words(p.surface, "x"), room + 0.5) for p in panels]
        upward = [wrap(words(p.surface, "y"), room * aspect + 0.1) for p in panels]
        margins = Margins(
            left=_TICKS_LEFT + LINE * max(map(len, upward)),
            right=_RIGHT,
            below=TICKS_BELOW + LINE * max(map(len, across)),
        )
    return margins, columns, across, upward
