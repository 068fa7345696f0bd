"""Loss and accuracy along a line, on existing axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray
from landscape.render.figure.band import bands_of, draw_bands
from landscape.render.figure.line_sheet import set_scale
from landscape.render.figure.style import ACCURACY_COLOUR, LOSS_COLOUR
from landscape.render.heights import Heights, finite_values
from landscape.render.lines import line_of
from landscape.render.scale import Scale
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

_STROKES: Any = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1, 1, 1)))
STROKE_WORDS = ("solid", "dashed", "dotted", "dash-dotted")


def draw_losses(axes: Any, panels: Sequence[Heights], scale: Scale, ticks: FloatArray) -> None:
    """Draw one or more quantities of one unit on the left axis, with their bands.

    The first is solid, the others are dashed. A point between two holes is a dot.
    """
    set_scale(axes, scale, ticks)
    colour = ACCURACY_COLOUR if panels[0].quantity.is_fraction else LOSS_COLOUR
    for panel, stroke in zip(panels, _STROKES, strict=False):
        drawn = np.clip(panel.values, scale.low, scale.high)
        _draw(axes, panel.surface, panel.quantity.name, drawn, colour, stroke, scale)
    if panels[0].chance is not None:
        axes.axhline(panels[0].chance, color="0.6", linewidth=0.8, zorder=1, gid="chance")


def draw_accuracies(axes: Any, surface: Surface, names: Sequence[str]) -> None:
    """Draw accuracies on the right axis, 0 to 100 %, in the line styles of their losses."""
    axes.set_ylim(0, 100)
    for name, stroke in zip(names, _STROKES, strict=False):
        _draw(
            axes,
            surface,
            name,
            finite_values(surface, shown(surface, name)),
            ACCURACY_COLOUR,
            stroke,
            None,
        )


def _draw(
    axes: Any,
    surface: Surface,
    name: str,
    values: FloatArray,
    colour: str,
    stroke: Any,
    scale: Scale | None,
) -> None:
    at = line_of(surface).coordinates
    values = np.where(np.isfinite(values), values, np.nan).ravel()
    label = shown(surface, name).label
    axes.plot(at, values, color=colour, linestyle=stroke, label=label, gid=name)
    alone = np.isfinite(values) & _isolated(values)
    if alone.any():
        axes.plot(at[alone], values[alone], ".", color=colour, markersize=4)
    draw_bands(axes, at, bands_of(surface, name), colour, scale)


def _isolated(values: FloatArray) -> npt.NDArray[np.bool_]:
    padded = np.concatenate([[np.nan], values, [np.nan]])
    missing: npt.NDArray[np.bool_] = np.isnan(padded)
    return missing[:-2] & missing[2:]
