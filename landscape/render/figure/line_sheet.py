"""The common parts of figures of lines: panels, the axis of values and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from landscape.grid import FloatArray
from landscape.render.figure.caption import Caption
from landscape.render.figure.layout import (
    TICKS_BELOW,
    Margins,
    Sheet,
    columns_that_fit,
    inches,
    lay_out,
    panel_texts,
    panel_width,
)
from landscape.render.figure.named import Named
from landscape.render.figure.options import Shared
from landscape.render.figure.style import LINE, wrap
from landscape.render.heights import Heights
from landscape.render.resolve import chosen_levels
from landscape.render.scale import Scale
from landscape.render.words.numerals import short

_LEFT, _RIGHT, _RIGHT_AXIS = 0.55, 0.08, 0.42
_ASPECT = 0.9
_HIGHEST = 3.0
"""Inches; a curve across a page is lower than one in a column."""
_TICKS = 6


def line_sheet(
    panels: Sequence[Heights],
    caption: Caption,
    labels: Sequence[tuple[str, str]],
    look: Shared,
    named: Named,
    *,
    right_axis: bool,
    above: float = 0.0,
    left: float = _LEFT,
) -> Sheet:
    """One panel for each line, with its labels of the axes (x, y) wrapped to its size.

    ``named``: the number of columns; None is at most two. ``right_axis``: whether there is room for
    a second axis on the right. ``above``, ``left``: inches above and beside each panel.
    """
    width = inches(look.get("width"), len(panels), look.get("context"))
    margins = Margins(left, _RIGHT_AXIS if right_axis else _RIGHT, TICKS_BELOW, above)
    asked = named.columns_of(len(panels))
    columns = columns_that_fit(width, min(len(panels), 2), margins, 0.0, asked)
    room = panel_width(width, columns, margins, bar=0.0)
    beside = 2 * min(margins.left, margins.right) - 0.1
    aspect = min(_ASPECT, _HIGHEST / room)
    across = [wrap(x, room + beside) for x, _ in labels]
    upward = [wrap(y, room * aspect + 0.2) for _, y in labels]
    margins = replace(
        margins,
        left=margins.left + LINE * max(max(map(len, upward)) - 1, 0),
        below=TICKS_BELOW + LINE * max(map(len, across)),
    )
    size: dict[str, Any] = {"width": width, "columns": columns, "aspect": aspect, "bar": 0.0}
    size |= {"rows_named": named.row_titles, "columns_named": named.column_titles}
    texts, heading = panel_texts(panels, caption.notes, look.get("title"))
    sheet = lay_out(texts, margins, title=heading, caption=caption.lines, **size)
    sheet.figure.description = caption.everything
    for axes, x_label, y_label in zip(sheet.panels, across, upward, strict=True):
        axes.set_xlabel("\n".join(x_label), parse_math=False)
        axes.set_ylabel("\n".join(y_label), parse_math=False)
    return sheet


def ticks_of(look: Shared, shared: Scale) -> FloatArray:
    """The values of the ticks of the left axis."""
    levels = look.get("levels")
    return chosen_levels(_TICKS if levels is None else levels, shared)


def set_scale(axes: Any, scale: Scale, ticks: FloatArray, along: str = "y") -> None:
    """Show a scale on the left axis, or along ``x``."""
    set_kind = getattr(axes, f"set_{along}scale")
    if scale.kind == "symlog":
        set_kind("function", functions=(scale.mapped, scale.values))
    else:
        set_kind(scale.kind)
    room = 0.04 * (scale.top - scale.bottom)
    ends = scale.value(scale.bottom - room), scale.value(scale.top + room)
    getattr(axes, f"set_{along}lim")(*ends)
    getattr(axes, f"set_{along}ticks")(ticks, [short(v) for v in ticks])
    axes.minorticks_off()


def name_lines(
    axes: Any, keys: Sequence[Any], loc: Any = "best", size: float = 6.5, **spacing: float
) -> None:
    """Add a legend of several lines, whose names are shown verbatim."""
    legend = axes.legend(handles=keys, loc=loc, fontsize=size, borderpad=0.3, **spacing)
    legend.set(zorder=6)
    for text in legend.get_texts():
        text.set(parse_math=False)
