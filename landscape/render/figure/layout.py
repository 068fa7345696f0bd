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
from landscape.render.contexts import factor_of
from landscape.render.figure.style import (
    CAPTION_SIZE,
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
from landscape.render.words.names import names_of

COLUMN = 3.25
"""Width in inches of one column of a two-column paper (ICML)."""
PAGE = 6.75
"""Width of both columns."""
_NARROWEST, _WIDEST = 2.0, 40.0
LEAST_PANEL = 1.1
"""Minimum plotting area in inches of a 2-D panel when several are side by side."""
_BAR_GAP = 0.07
_BAR_WIDTH = 0.1
_PAD = 0.05
_TICK = 0.07
"""Inches of a tick and the space before its numeral."""
TITLE_LINE = LINE * TITLE_SIZE / TEXT_SIZE
ROW_TITLE = TITLE_LINE + _PAD / 2
"""Width in inches of the titles of rows."""
HEADING_LINE = LINE * HEADING_SIZE / TEXT_SIZE
TICKS_BELOW = 0.185
"""Height in inches of the tick labels below a panel."""


@dataclass(frozen=True)
class Margins:
    """Margins in inches around the plotting area of each panel, for ticks and labels.

    ``above`` is negative where the top of the plot itself is empty. Panels with the same axes
    share their labels: ``inner_left`` and ``inner_below`` are then the margins of the panels that
    are not in the first column, and not in the last row.
    """

    left: float
    right: float
    below: float
    above: float = 0.0
    inner_left: float | None = None
    inner_below: float | None = None

    @property
    def between(self) -> float:
        """Inches between the plotting areas of two columns."""
        return self.right + (self.left if self.inner_left is None else self.inner_left)


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


def inches(width: str | float | None, panels: int, context: str | None = None) -> float:
    """The width of a figure: ``column``, ``page``, inches, or None to suit the panels.

    Of a talk or a poster it is the width in a paper, which :func:`enlarged` multiplies. Raises an
    InputError if it is none of them.
    """
    if width is None:
        return COLUMN if panels == 1 else PAGE
    known = {"column": COLUMN, "page": PAGE}
    try:
        value = known.get(str(width)) or float(width) / factor_of(context)
    except (TypeError, ValueError):
        value = math.nan
    if not _NARROWEST <= value <= _WIDEST:
        raise InputError(
            f"width {width!r}: expected column ({COLUMN} inches), page ({PAGE} inches) or a number "
            f"of inches from {_NARROWEST * factor_of(context):g} to {_WIDEST:g}"
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
    room = panel_width(width, asked, margins, bar)
    if room < least - 0.02:  # a hair: numerals may be a little wider in one file than in another
        raise InputError(
            f"{asked} columns in a figure {width:g} inches wide leave {max(room, 0.0):.2f} inches "
            f"for each panel, which needs {least:g}: use fewer columns or a larger width"
        )
    return asked


def panel_width(width: float, columns: int, margins: Margins, bar: float) -> float:
    """The width in inches of the plotting area of each panel, given the number of columns."""
    outside = margins.left + margins.right + (columns - 1) * margins.between
    return (width - bar - outside) / columns


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
    caption: Sequence[str] = (),
    rows_named: Sequence[str] = (),
    columns_named: Sequence[str] = (),
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
    caption
        Texts of the same meaning, the longest first: the first that fits into one line is written
        below all panels, else the last one, wrapped.
    rows_named, columns_named
        Titles of the rows, on the left, and of the columns, above.
    """
    count = len(texts)
    rows = math.ceil(count / columns)
    beside = ROW_TITLE if rows_named else 0.0
    plot_width = panel_width(width - beside, columns, margins, bar)
    plot_height = aspect * plot_width
    pitch = plot_width + margins.between
    # On screens, hinting makes text up to 5 % wider than it is in print.
    room = 0.95 * (width if count == 1 else pitch - _PAD / 2) - _PAD
    titles = [wrap(t.title, room, TITLE_SIZE) for t in texts]
    if columns_named:
        heads = [wrap(name, room, TITLE_SIZE) for name in columns_named]
        titles = [heads[k] if k < columns else [] for k in range(count)]
    elif rows_named:
        titles = [[] for _ in texts]
    below_panel = (width if count == 1 else pitch) - 2 * _PAD  # below a bar that ends there, too
    notes = [[line for note in t.notes for line in wrap(note, below_panel)] for t in texts]
    said = one_line(caption, width - 2 * _PAD)
    heading = wrap(title, width - 2 * _PAD, HEADING_SIZE) if title else []
    top = HEADING_LINE * len(heading) + (_PAD if heading else 0.0)
    floors, y = [], top
    for row in range(rows):
        own = range(row * columns, min(count, (row + 1) * columns))
        lines = max(len(titles[k]) for k in own)
        y += (TITLE_LINE * lines + _PAD if lines else _PAD / 2) + margins.above + plot_height
        floors.append(y)
        inner = row < rows - 1 and margins.inner_below is not None
        y += margins.inner_below or 0.0 if inner else margins.below
        y += LINE * max(len(notes[k]) for k in own) + _PAD / 2
    height = y + (LINE * len(said) + _PAD / 3 if said else 0.0) + foot
    figure = new_figure(width, height)
    if heading:
        _write(figure, width / 2, height - _PAD / 2, heading, HEADING_SIZE, "center")
    _write(figure, _PAD, height - y, said, CAPTION_SIZE, "left")
    panels = []
    for k in range(count):
        left = beside + margins.left + (k % columns) * pitch
        floor = height - floors[k // columns]
        place = (left, floor, plot_width, plot_height)
        panels.append(figure.add_axes(_relative(place, width, height), projection=projection))
        middle = left + plot_width / 2
        half = min(middle, width - middle) if count == 1 else pitch / 2
        # A title too wide to be centred on the plot is centred on the figure.
        wide = any(text_width(line, TITLE_SIZE) > 2 * half - _PAD for line in titles[k])
        centre = width / 2 if wide and count == 1 else middle
        ceiling = floor + plot_height + margins.above + _PAD * 0.6 + TITLE_LINE * len(titles[k])
        _write(figure, centre, ceiling, titles[k], TITLE_SIZE, "center")
        _write(
            figure, left - margins.left + _PAD, floor - margins.below, notes[k], TEXT_SIZE, "left"
        )
    for name, floor in zip(rows_named, floors, strict=False):
        where = (_PAD + TITLE_LINE / 2) / width, (height - floor + plot_height / 2) / height
        look: Any = {"fontsize": TITLE_SIZE, "ha": "center", "va": "center", "rotation": 90}
        figure.text(
            *where, "\n".join(wrap(name, plot_height, TITLE_SIZE)), parse_math=False, **look
        )
    colour_bar = None
    if bar:
        floor = height - floors[-1]
        full = plot_height + floors[-1] - floors[0]
        right = beside + margins.left + (columns - 1) * pitch + plot_width + margins.right
        place = (right + _BAR_GAP, floor, _BAR_WIDTH, full)
        colour_bar = figure.add_axes(_relative(place, width, height))
    return Sheet(figure, panels, colour_bar)


def one_line(texts: Sequence[str], width: float) -> list[str]:
    """The first of the texts that fits into a line of this width, else the last one, wrapped."""
    for text in texts:
        if text_width(text, CAPTION_SIZE) <= width:
            return [text] if text else []
    return wrap(texts[-1], width, CAPTION_SIZE) if texts else []


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
    return _BAR_GAP + _BAR_WIDTH + _TICK + text + 0.03 + LINE * label_lines + _PAD / 2


def panel_texts(
    panels: Sequence[Heights], notes: Sequence[Sequence[str]], title: str | None
) -> tuple[list[PanelText], str | None]:
    """The text of each panel, and the heading: ``title`` is that of a single panel, or of all."""
    alone = len(panels) == 1 and title is not None
    names = [str(title)] if alone else names_of([panel.surface for panel in panels])
    texts = [PanelText(name, own) for name, own in zip(names, notes, strict=True)]
    return texts, None if alone else title
