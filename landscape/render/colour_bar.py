"""The bar that explains the colours of all panels of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.cm import ScalarMappable

from landscape.grid import FloatArray
from landscape.render.heights import Heights
from landscape.render.numerals import short
from landscape.render.scale import Scale
from landscape.render.sheet import bar_width
from landscape.render.style import wrap


def bar_room(panel: Heights, ticks: FloatArray, height: float) -> float:
    """The width in inches that the bar, its ticks and its label take."""
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
    """Draw the bar into ``where``: ``cax``, or ``ax`` to take its room from.

    It ends in a point where values of a panel lie beyond the scale.
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
