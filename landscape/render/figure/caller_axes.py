"""Axes provided by the caller: text wrapped to their size, in their style, in any layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from landscape.grid import FloatArray
from landscape.render.figure.colour_bar import bar_room, colour_bar
from landscape.render.figure.style import TEXT_SIZE, wrap
from landscape.render.heights import Heights
from landscape.render.scale import Scale
from landscape.render.words.captions import name_of
from landscape.render.words.directions import axis_name
from landscape.surface import Surface

_ROOM = 0.2
"""Inches left free beside the label of the bar, where the label of the next axes may stand."""


def draw_into(
    axes: Any,
    panels: Sequence[Heights],
    shared: Scale,
    levels: FloatArray,
    norm: Any,
    colours: Any,
    title: str | None,
    notes: Sequence[str],
) -> Figure:
    """Add the colour bar, labels and notes of a plane to axes that hold its picture.

    The bar is inside the place of the axes, which become narrower by what its numerals and label
    need, so that nothing reaches the next axes in any layout.
    """
    surface, figure = panels[0].surface, axes.figure
    wide, high = _inches(axes)
    room = bar_room(panels[0], levels, high) * mpl.rcParams["font.size"] / TEXT_SIZE
    part = min((room + _ROOM) / wide, 0.5)
    box = axes.get_position()
    if axes.get_subplotspec() is not None and figure.get_layout_engine() is not None:
        where = {"ax": axes}  # the layout engine measures the bar
    else:
        axes.set_position([box.x0, box.y0, box.width * (1 - part), box.height])
        where = {"cax": _beside(axes, 0.12 * part * box.width)}
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    ratio = (y1 - y0) / (x1 - x0)
    axes.set_box_aspect(ratio if 0.5 <= ratio <= 1.6 else 1.0)
    colour_bar(figure, panels, shared, levels, norm, colours, where)
    write_beside(axes, axis_name(surface, "y"))
    return write_around(axes, surface, title, axis_name(surface, "x"), notes)


def _beside(axes: Any, width: float) -> Any:
    """Axes of a width, in parts of the figure, that stay to the right of others and as high."""
    bar = axes.figure.add_axes((0.0, 0.0, 1.0, 1.0))

    def place(_: Any, renderer: Any) -> Bbox:
        axes.apply_aspect()
        box = axes.get_position()
        return Bbox.from_bounds(box.x1 + 0.6 * width, box.y0, width, box.height)

    bar.set_axes_locator(place)
    return bar


def write_around(
    axes: Any, surface: Surface, title: str | None, below: str, notes: Sequence[str]
) -> Figure:
    """Set the title, and the label of the x axis with the notes below it; the axes' figure."""
    axes.set_title(name_of(surface) if title is None else title, parse_math=False)
    width, _ = _inches(axes)
    size = axes.xaxis.label.get_fontsize()
    lines = [line for text in (below, *notes) for line in wrap(text, width, size)]
    axes.set_xlabel("\n".join(lines), parse_math=False)
    figure: Figure = axes.figure
    return figure


def write_beside(axes: Any, words: str) -> None:
    """Set the label of the y axis."""
    _, height = _inches(axes)
    lines = wrap(words, height, axes.yaxis.label.get_fontsize())
    axes.set_ylabel("\n".join(lines), parse_math=False)


def _inches(axes: Any) -> tuple[float, float]:
    box = axes.get_position()
    width, height = axes.figure.get_size_inches()
    return box.width * width, box.height * height
