"""Values as colours: norm, colour map and colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from landscape.grid import FloatArray
from landscape.render.figure.layout import bar_width
from landscape.render.figure.shared_colours import norm_by_use
from landscape.render.figure.style import DIVERGING_CMAP, colour_map, wrap
from landscape.render.heights import Heights
from landscape.render.scale import Scale
from landscape.render.words.numerals import short


def bar_room(panel: Heights, ticks: FloatArray, height: float) -> float:
    """The width in inches of the bar with its ticks and label."""
    label = wrap(panel.quantity.axis_label, height)
    return bar_width([short(v) for v in ticks], len(label))


def colour_bar(
    figure: Any,
    panels: Sequence[Heights],
    shared: Scale,
    ticks: FloatArray,
    norm: Any,
    colours: Any,
    where: dict[str, Any],
) -> None:
    """Draw the bar into ``where``: ``cax``, or ``ax`` to take space from.

    It has a pointed end where values of a panel exceed the scale.
    """
    above = any((p.values > shared.high).any() for p in panels)
    below = any((p.values < shared.low).any() for p in panels)
    extend = {(0, 0): "neither", (1, 0): "max", (0, 1): "min", (1, 1): "both"}[above, below]
    bar = figure.colorbar(ScalarMappable(norm, colours), extend=extend, extendfrac=0.04, **where)
    height = bar.ax.get_position().height * figure.get_size_inches()[1]
    bar.set_ticks(
        shared.heights(ticks), labels=_numerals(norm(shared.heights(ticks)), ticks, height)
    )
    bar.ax.minorticks_off()
    bar.set_label("\n".join(wrap(panels[0].quantity.axis_label, height)), parse_math=False)
    bar.outline.set_linewidth(0.6)


_DARK_ENOUGH = 0.5
_LEAST_APART = 0.11
"""Inches between the middles of two numerals of a bar."""


def _numerals(places: FloatArray, ticks: FloatArray, height: float) -> list[str]:
    """The numerals of ticks at places from 0 to 1 of a bar; blank where they would touch others.

    Round numbers stay first: powers of ten, then those that begin with 5, 2 and 3.
    """
    first = {"1": 0, "5": 1, "2": 2, "3": 3}
    digits = [f"{abs(v):.6e}" for v in ticks]
    rank = [
        (first.get(d[0], 4) if set(d[1:8]) <= {".", "0"} else 5, k) for k, d in enumerate(digits)
    ]
    kept: list[int] = []
    for _, k in sorted(rank):
        if all(abs(places[k] - places[j]) * height > _LEAST_APART for j in kept):
            kept.append(k)
    return [short(v) if k in kept else "" for k, v in enumerate(ticks)]


def colours_of(shared: Scale, cmap: str | None, panels: Sequence[Heights] = ()) -> tuple[Any, Any]:
    """The norm of heights and the colour map.

    Values of both signs get a diverging map centred at 0, unless another one is requested. Where
    a panel spans only a small part of a log scale, colours go by what is there: see
    :func:`landscape.render.figure.shared_colours.norm_by_use`.
    """
    if cmap is None and shared.kind != "log" and shared.low < 0 < shared.high:
        most = max(-shared.bottom, shared.top)
        return Normalize(-most, most), colour_map(DIVERGING_CMAP)
    return norm_by_use(shared, panels), colour_map(cmap)


def on_white(cmap: Any) -> Any:
    """The colour map with its light colours darkened until thin lines are visible on white."""
    colours = cmap(np.linspace(0, 1, 256))
    luminance = colours[:, :3] @ (0.2126, 0.7152, 0.0722)
    colours[:, :3] *= np.minimum(1, _DARK_ENOUGH / np.maximum(luminance, 1e-9))[:, None]
    return ListedColormap(colours)
