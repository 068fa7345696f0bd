"""The sheet of 2-D pictures of planes: margins measured by their numerals and labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from landscape.grid import FloatArray
from landscape.render.figure.caption import Caption
from landscape.render.figure.colour_bar import bar_room
from landscape.render.figure.layout import (
    ROW_TITLE,
    TICKS_BELOW,
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
from landscape.render.figure.options import MapLook
from landscape.render.figure.style import LINE, text_width, wrap
from landscape.render.heights import Heights
from landscape.render.words.directions import axis_label, axis_name
from landscape.render.words.numerals import short

_RIGHT = 0.05
_GAP = 0.09
_BESIDE_NUMERALS = 0.15
_NARROW = 2.6
"""Width in inches below which panels use the short names of their axes."""
Limits = tuple[tuple[float, float], tuple[float, float]]


def plane_sheet(
    panels: Sequence[Heights],
    limits: Sequence[Limits],
    caption: Caption,
    levels: FloatArray,
    look: MapLook,
    named: Named,
) -> Sheet:
    """Lay out the panels, with the labels and numerals of their axes."""
    (left, right), (bottom, top) = limits[0]
    # Equal units on both axes, unless that would make a strip.
    ratio = (top - bottom) / (right - left)
    aspect = ratio if 0.5 <= ratio <= 1.6 else 1.0
    width, asked = (
        inches(look.get("width"), len(panels), look.get("context")),
        named.columns_of(len(panels)),
    )
    bar = bar_room(panels[0], levels, aspect * 2.0)
    labels = _Labels(
        panels, limits, aspect, width - (ROW_TITLE if named.row_titles else 0.0), asked
    )
    margins, columns = labels.fitted(bar)
    # A flat panel has a short bar, whose label needs more lines, which narrow the panel.
    bar = bar_room(panels[0], levels, aspect * panel_width(labels.width, columns, margins, bar))
    margins, columns = labels.fitted(bar)
    texts, heading = panel_texts(panels, caption.notes, look.get("title"))
    sheet = lay_out(
        texts,
        margins,
        width=width,
        columns=columns,
        aspect=aspect,
        bar=bar,
        title=heading,
        caption=caption.lines,
        rows_named=named.row_titles,
        columns_named=named.column_titles,
    )
    titled = not (named.row_titles or named.column_titles)
    for k, axes in enumerate(sheet.panels):
        labels.write(axes, k, columns, titled)
    return sheet


class _Labels:
    """The labels of the axes of all panels, and the margins that hold them."""

    def __init__(
        self,
        panels: Sequence[Heights],
        limits: Sequence[Limits],
        aspect: float,
        width: float,
        asked: int | None,
    ) -> None:
        self._panels, self._aspect, self.width, self._asked = panels, aspect, width, asked
        self._ticks = [tuple(map(_ticks, pair)) for pair in limits]
        (self._left, _), (self._bottom, _) = limits[0]
        surfaces = [panel.surface for panel in panels]
        names = {tuple(axis_label(s, axis) for axis in "xy") for s in surfaces}
        self.shared = len(panels) > 1 and len(names) == len(set(limits)) == 1
        numerals = [short(v) for _, upward in self._ticks for v in upward]
        self._numerals = max((text_width(n) for n in numerals), default=0.0)
        self._across: list[list[str]] = []
        self._upward: list[list[str]] = []

    def fitted(self, bar: float) -> tuple[Margins, int]:
        """Margins that hold the wrapped labels of both axes, and the number of columns."""
        beside = self._numerals + _BESIDE_NUMERALS
        margins = self._margins(beside + LINE, TICKS_BELOW + LINE)
        wanted = columns_for(len(self._panels))
        beyond = 0.4 if len(self._panels) == 1 else 0.0
        for _ in range(3):  # more lines on the left leave less height: iterate until stable
            columns = columns_that_fit(self.width, wanted, margins, bar, self._asked)
            room = panel_width(self.width, columns, margins, bar)
            words = axis_label if room > _NARROW else axis_name
            surfaces = [p.surface for p in self._panels]
            self._across = [wrap(words(s, "x"), room + beyond) for s in surfaces]
            self._upward = [wrap(words(s, "y"), room * self._aspect + 0.2) for s in surfaces]
            margins = self._margins(
                beside + LINE * max(map(len, self._upward)),
                TICKS_BELOW + LINE * max(map(len, self._across)),
            )
        return margins, columns

    def _margins(self, left: float, below: float) -> Margins:
        inner = (_GAP, 0.02) if self.shared else (None, None)
        return Margins(left, _RIGHT, below, 0.0, *inner)

    def write(self, axes: Any, k: int, columns: int, titled: bool) -> None:
        """Write the labels and numerals of the k-th panel; inner panels share those outside.

        Where no title is between two rows, the numerals at their ends would be over each other.
        """
        across, upward = self._ticks[k]
        lowest = not self.shared or k + columns >= len(self._panels)
        first = not self.shared or k % columns == 0
        edge = self._left if self.shared and k % columns else -math.inf
        axes.set_xticks(across, [short(v) if lowest and v > edge else "" for v in across])
        foot = -math.inf if lowest or titled else self._bottom
        axes.set_yticks(upward, [short(v) if first and v > foot else "" for v in upward])
        axes.set_xlabel("\n".join(self._across[k]) if lowest else "", parse_math=False)
        axes.set_ylabel("\n".join(self._upward[k]) if first else "", parse_math=False)


def _ticks(limits: tuple[float, float]) -> FloatArray:
    low, high = limits
    found: FloatArray = np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high))
    slack = 1e-9 * (high - low)
    return found[(found >= low - slack) & (found <= high + slack)] + 0.0
