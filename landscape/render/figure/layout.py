"""The layout of a figure in inches: panels in rows, a title above and notes below each.

Everything is placed by the measured size of the text, so nothing overlaps or is cut off, however
long the titles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from landscape.errors import InputError
from landscape.render.figure.style import (
    HEADING_SIZE,
    LINE,
    TEXT_SIZE,
    TITLE_SIZE,
    StyledFigure,
    new_figure,
    text_width,
    wrap,
)
from landscape.render.heights import Heights
from landscape.render.words.captions import name_of

COLUMN = 3.25
"""Width in inches of one column of a two-column paper (ICML)."""
PAGE = 6.75
"""Width of both columns."""
_NARROWEST, _WIDEST = 2.0, 40.0
LEAST_PANEL = 1.1
"""Minimum plotting area in inches of a 2-D panel when several are side by side."""
_BAR_GAP = 0.06
_BAR_WIDTH = 0.11
_PAD = 0.08
TITLE_LINE = LINE * TITLE_SIZE / TEXT_SIZE
HEADING_LINE = LINE * HEADING_SIZE / TEXT_SIZE
TICKS_BELOW = 0.27
"""Height in inches of the tick labels below a panel."""


@dataclass(frozen=True)
class Margins:
    """Margins in inches around the plotting area of each panel, for ticks and labels.

    ``above`` is negative where the top of the plot itself is empty, as with a 3-D box.
    """

    left: float
    right: float
    below: float
    above: float = 0.0


@dataclass(frozen=True)
class PanelText:
    """The text above and below a panel."""

    title: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """A figure, its panels in reading order, and the axes of the colour bar, if any."""

    figure: StyledFigure
    panels: list[Any]
    colour_bar: Any | None


def inches(width: str | float | None, panels: int) -> float:
    """The width of a figure: ``column``, ``page``, inches, or None to suit the panels.

    Raises an InputError if it is none of them.
    """
    if width is None:
        return COLUMN if panels == 1 else PAGE
    known = {"column": COLUMN, "page": PAGE}
    try:
        value = known.get(str(width)) or float(width)
    except (TypeError, ValueError):
        value = math.nan
    if not _NARROWEST <= value <= _WIDEST:
        raise InputError(
            f"width {width!r}: expected column ({COLUMN} inches), page ({PAGE} inches) or a number "
            f"of inches from {_NARROWEST:g} to {_WIDEST:g}"
        )
    return value


def columns_for(panels: int) -> int:
    """The default number of columns, 3-D or 2-D: at most three, two for four panels."""
    return {4: 2}.get(panels, min(panels, 3))


def columns_that_fit(
    width: float,
    wanted: int,
    margins: Margins,
    bar: float,
    asked: int | None = None,
    least: float = LEAST_PANEL,
) -> int:
    """The number of columns: as many as wanted, or fewer if panels would be too small.

    ``asked``: the number that the caller requires instead, or None. ``least``: minimum plotting
    area of each panel in inches. Raises an InputError if it is below 1, or so many panels would be
    too small.
    """
    if asked is not None:
        return _columns_asked(width, asked, margins, bar, least)
    columns = wanted
    while columns > 1 and panel_width(width, columns, margins, bar) < least:
        columns -= 1
    return columns


def _columns_asked(width: float, asked: int, margins: Margins, bar: float, least: float) -> int:
    if asked < 1:
        raise InputError(f"{asked} columns: expected at least 1")
    if (room := panel_width(width, asked, margins, bar)) < least:
        raise InputError(
            f"{asked} columns in a figure {width:g} inches wide leave {max(room, 0.0):.2f} inches "
            f"for each panel, which needs {least:g}: use fewer columns or a larger width"
        )
    return asked


def panel_width(width: float, columns: int, margins: Margins, bar: float) -> float:
    """The width in inches of the plotting area of each panel, given the number of columns."""
    return (width - bar) / columns - margins.left - margins.right


def lay_out(
    texts: Sequence[PanelText],
    margins: Margins,
    *,
    width: float,
    columns: int,
    aspect: float,
    bar: float,
    title: str | None = None,
    projection: str | None = None,
    foot: float = 0.0,
) -> Sheet:
    """Lay out one panel for each text.

    Parameters
    ----------
    texts
        Titles and notes, shown verbatim, without mathematical markup.
    width
        Of the figure, in inches; see :func:`inches`.
    aspect
        Height over width of the plotting area.
    bar
        Width in inches reserved for a colour bar on the right, 0 for none; :func:`bar_width`.
    projection
        ``3d``, or None for plane axes.
    foot
        Inches of blank space at the bottom.
    """
    count = len(texts)
    rows = math.ceil(count / columns)
    cell = (width - bar) / columns
    plot_width = cell - margins.left - margins.right
    plot_height = aspect * plot_width
    # On screens, hinting makes text up to 5 % wider than it is in print.
    titles = [wrap(t.title, 0.95 * (cell - _PAD), TITLE_SIZE) for t in texts]
    room = (width if count == 1 else cell) - 2 * _PAD  # below a bar that ends there, too
    notes = [[line for note in t.notes for line in wrap(note, room)] for t in texts]
    above = TITLE_LINE * max(len(t) for t in titles) + 1.5 * _PAD + margins.above
    below = margins.below + LINE * max(len(n) for n in notes) + _PAD
    heading = wrap(title, width - 2 * _PAD, HEADING_SIZE) if title else []
    top = HEADING_LINE * len(heading) + (_PAD if heading else 0.0)
    row_height = above + plot_height + below
    height = top + rows * row_height + foot
    figure = new_figure(width, height)
    if heading:
        _write(figure, width / 2, height - _PAD / 2, heading, HEADING_SIZE, "center")
    panels = []
    for k in range(count):
        left = (k % columns) * cell
        floor = height - top - (k // columns) * row_height - above - plot_height
        place = (left + margins.left, floor, plot_width, plot_height)
        panels.append(figure.add_axes(_relative(place, width, height), projection=projection))
        middle = left + margins.left + plot_width / 2
        half = min(middle - left, left + cell - middle)
        # A title too wide to be centred on the plot is centred on its cell.
        wide = any(text_width(line, TITLE_SIZE) > 2 * half - _PAD for line in titles[k])
        centre = left + cell / 2 if wide else middle
        ceiling = floor + plot_height + margins.above + _PAD * 0.8 + TITLE_LINE * len(titles[k])
        _write(figure, centre, ceiling, titles[k], TITLE_SIZE, "center")
        _write(figure, left + _PAD, floor - margins.below, notes[k], TEXT_SIZE, "left")
    colour_bar = None
    if bar:
        floor = height - top - (rows - 1) * row_height - above - plot_height
        full = plot_height + (rows - 1) * row_height
        place = (columns * cell + _BAR_GAP, floor, _BAR_WIDTH, full)
        colour_bar = figure.add_axes(_relative(place, width, height))
    return Sheet(figure, panels, colour_bar)


def _relative(
    place: tuple[float, float, float, float], width: float, height: float
) -> tuple[float, float, float, float]:
    left, floor, wide, high = place
    return (left / width, floor / height, wide / width, high / height)


def _write(
    figure: StyledFigure, x: float, top: float, lines: list[str], size: float, side: str
) -> None:
    # Line by line on baselines: a block is placed by its ink, which shifts with descenders.
    width, height = figure.get_size_inches()
    for number, line in enumerate(lines, start=1):
        y = top - number * LINE * size / TEXT_SIZE + 0.25 * size / 72
        figure.text(x / width, y / height, line, fontsize=size, ha=side, parse_math=False)


def bar_width(ticks: Sequence[str], label_lines: int) -> float:
    """The width in inches of a colour bar with these tick labels."""
    text = max((text_width(tick) for tick in ticks), default=0.0)
    return _BAR_GAP + _BAR_WIDTH + 0.1 + text + LINE * label_lines + 2 * _PAD


def panel_texts(
    panels: Sequence[Heights], notes: Sequence[Sequence[str]], title: str | None
) -> tuple[list[PanelText], str | None]:
    """The text of each panel, and the heading: ``title`` is that of a single panel, or of all."""
    alone = len(panels) == 1 and title is not None
    texts = [
        PanelText(str(title) if alone else name_of(panel.surface), panel_notes)
        for panel, panel_notes in zip(panels, notes, strict=True)
    ]
    return texts, None if alone else title
