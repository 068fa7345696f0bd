"""Values as colours: norm, colour map and colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from landscape.grid import FloatArray
from landscape.render.figure.layout import bar_width
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
    bar.set_ticks(shared.heights(ticks), labels=[short(v) for v in ticks])
    bar.ax.minorticks_off()
    height = bar.ax.get_position().height * figure.get_size_inches()[1]
    bar.set_label("\n".join(wrap(panels[0].quantity.axis_label, height)), parse_math=False)
    bar.outline.set_linewidth(0.6)


_DARK_ENOUGH = 0.5


def colours_of(shared: Scale, cmap: str | None) -> tuple[Any, Any]:
    """The norm of heights and the colour map.

    Values of both signs get a diverging map centred at 0, unless another one is requested.
    """
    if cmap is None and shared.kind != "log" and shared.low < 0 < shared.high:
        most = max(-shared.bottom, shared.top)
        return Normalize(-most, most), colour_map(DIVERGING_CMAP)
    return Normalize(shared.bottom, shared.top), colour_map(cmap)


def on_white(cmap: Any) -> Any:
    """The colour map with its light colours darkened until thin lines are visible on white."""
    colours = cmap(np.linspace(0, 1, 256))
    luminance = colours[:, :3] @ (0.2126, 0.7152, 0.0722)
    colours[:, :3] *= np.minimum(1, _DARK_ENOUGH / np.maximum(luminance, 1e-9))[:, None]
    return ListedColormap(colours)
