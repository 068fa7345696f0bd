"""The barcode of a surface: its basins, and rings around hills, from birth to death."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from landscape.grid import FloatArray
from landscape.measures.persistence import Pair, pairs_of
from landscape.measures.resolved import SHALLOWEST
from landscape.render.figure.line_sheet import name_lines, set_scale
from landscape.render.figure.named import Named
from landscape.render.figure.options import Look, takes
from landscape.render.figure.style import ACCURACY_COLOUR, LOSS_COLOUR
from landscape.render.figure.topology_panels import (
    MOST_PALE,
    RULE,
    Kind,
    Panel,
    draw_all,
    draw_into,
    together,
)
from landscape.render.scale import Scale
from landscape.render.words.numerals import short
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_COLOURS = (LOSS_COLOUR, ACCURACY_COLOUR, "#009E73", "#CC79A7", "#56B4E9")
_NAMES = ("basins", "rings around hills", "shells", "holes of dimension 3", "of dimension 4")
_PALE = 0.3
"""Opacity of a bar that does not count, and its height relative to one that does."""
_LEAST = 7.0
"""Points between two bars from which on their places are written."""
_BESIDE = 0.3
"""The part of the axis that must be free in front of a bar for the text."""


@takes(Look)
def barcode(surface: Surface, *, ax: Any = None, **look: Unpack[Look]) -> Figure:
    """The barcode of the sublevel sets: a bar from the loss where a pair is born to where it dies.

    Blue: basins, each from its minimum to the saddle over which a deeper one is reached, with the
    coordinates of the minimum. Orange: rings around hills, from the loss at which the ring closes
    to that of the hill's top. An arrow: it lasts. Pairs that do not count
    (:func:`landscape.measures.persistence`) are pale.

    Parameters
    ----------
    ax
        Matplotlib axes to draw into, in the caller's own style. ``width`` is ignored then.

    Raises
    ------
    MissingExtra
        Without gudhi (extra ``topology``), except for a line.
    InputError
        If the quantity is not a loss, nothing is finite, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.barcode(open_surface("example:resnet56"))
    """
    return barcodes([surface], look) if ax is None else draw_into(_KIND, ax, surface, look)


def barcodes(surfaces: Sequence[Surface], look: Look, named: Named | None = None) -> Figure:
    """One panel for each surface, on one scale; options as for :func:`barcode`."""
    return draw_all(_KIND, surfaces, look, named)


def _draw(axes: Any, panel: Panel, scale: Scale, ticks: FloatArray, look: Look) -> None:
    set_scale(axes, scale, ticks, "x")
    shown = _shown(_pairs(panel))
    heights = [1.0 if pair.counts else _PALE for pair in shown]
    middles = np.cumsum(heights) - np.array(heights) / 2
    room = axes.get_position().height * axes.figure.get_figheight() * 72
    thick = min(0.7 * room / (sum(heights) + 1), 3.5)
    end = axes.get_xlim()[1]
    named = []
    for dimension in sorted({pair.dimension for pair in shown}):
        for counts in (False, True):
            own = [
                (pair, float(y))
                for pair, y in zip(shown, middles, strict=True)
                if pair.dimension == dimension and pair.counts is counts
            ]
            bars = [_bar(pair, y, panel, scale, end) for pair, y in own]
            look_: dict[str, Any] = {
                "color": _COLOURS[dimension],
                "alpha": 1.0 if counts else _PALE,
            }
            width = max(thick * (1.0 if counts else _PALE), 0.4)
            kind = f"{'pairs' if counts else 'pale pairs'} of dimension {dimension}"
            axes.add_collection(LineCollection(bars, linewidths=width, gid=kind, **look_))
            lasting = [y for pair, y in own if pair.died is None]
            arrow: dict[str, Any] = {"marker": ">", "linestyle": "none", "clip_on": False}
            arrow |= {"markersize": min(1.6 * width + 2, 6), "markeredgewidth": 0, **look_}
            axes.plot([end] * len(lasting), lasting, **arrow, gid=f"lasting {kind}")
            named += own if counts else []
    axes.set_ylim(sum(heights) + 0.5, -0.5)
    axes.set_yticks([])
    if room / (sum(heights) + 1) >= _LEAST:
        for pair, y in named:
            _write_place(axes, pair, y, panel, scale)
    _name(axes, shown)


def _write_place(axes: Any, pair: Pair, y: float, panel: Panel, scale: Scale) -> None:
    """Write the coordinates of a pair in front of its bar, or below one that begins on the left."""
    (birth, _), _ = _bar(pair, y, panel, scale, scale.high)
    beside = scale.mapped(np.array(birth)) - scale.bottom > _BESIDE * (scale.top - scale.bottom)
    side = {"xytext": (-3, 0), "ha": "right", "va": "center_baseline"}
    if not beside:
        side = {"xytext": (0, -3), "ha": "left", "va": "top"}
    axes.annotate(_place(pair, panel), (birth, y), textcoords="offset points", fontsize=6, **side)


def _bar(pair: Pair, y: float, panel: Panel, scale: Scale, end: float) -> list[tuple[float, float]]:
    birth = float(np.clip(panel.values[pair.born], scale.low, scale.high))
    if pair.died is None:
        return [(birth, y), (end, y)]
    return [(birth, y), (float(np.clip(panel.values[pair.died], scale.low, scale.high)), y)]


def _place(pair: Pair, panel: Panel) -> str:
    """The coordinates of the minimum or of the hill's top: ``0.4, −0.2``."""
    at = pair.born if pair.dimension == 0 or pair.died is None else pair.died
    index = np.unravel_index(at, panel.tree.found.values.shape)
    places = [axis[i] for axis, i in zip(panel.tree.axes, index, strict=True)]
    return ", ".join(short(float(c), 2) for c in reversed(places))


def _name(axes: Any, shown: Sequence[Pair]) -> None:
    dimensions = sorted({pair.dimension for pair in shown})
    if len(dimensions) < 2:
        return
    keys = [Line2D([], [], color=_COLOURS[d], linewidth=2.5, label=_NAMES[d]) for d in dimensions]
    name_lines(axes, keys, "lower left", handlelength=1.0)


def _pairs(panel: Panel) -> list[Pair]:
    return pairs_of(panel.tree, "linear", SHALLOWEST)


def _shown(pairs: Sequence[Pair]) -> list[Pair]:
    """All pairs that count, and the most persistent of the others, by dimension."""
    shown = []
    for dimension in sorted({pair.dimension for pair in pairs}):
        own = [pair for pair in pairs if pair.dimension == dimension]
        shown += [pair for pair in own if pair.counts]
        shown += [pair for pair in own if not pair.counts][:MOST_PALE]
    return shown


def _labels(panel: Panel) -> tuple[str, str]:
    return panel.heights.quantity.axis_label, ""


def _highest(panel: Panel) -> float:
    """The highest loss at which a drawn pair dies."""
    dead = [pair.died for pair in _shown(_pairs(panel)) if pair.died is not None]
    return float(max([panel.highest_saddle(), *panel.values[dead]]))


def _counted(panel: Panel) -> list[str]:
    """``3 of 11 basins count``, and the same of rings where there are any."""
    pairs = _pairs(panel)
    said = [panel.basins()]
    for dimension in sorted({pair.dimension for pair in pairs} - {0}):
        own = [pair for pair in pairs if pair.dimension == dimension]
        count = sum(pair.counts for pair in own)
        said.append(f"{count} of {len(own)} {_NAMES[dimension]}")
    return said


def _short(panels: Sequence[Panel]) -> list[str]:
    return [together([panel.basins() for panel in panels])]


def _notes(panel: Panel) -> list[str]:
    notes = [f"{'; '.join(_counted(panel))}."]
    notes.append(
        "Blue: basins, from the minimum (x, y) to the saddle over which a deeper one is reached."
    )
    if any(pair.dimension == 1 for pair in _pairs(panel)):
        notes.append("Orange: rings around hills, from where they close to the hill's top.")
    if any(math.isinf(pair.death) for pair in _pairs(panel)):
        notes.append("Arrows: they last.")
    return [*notes, RULE]


_KIND = Kind(_draw, _labels, _short, _notes, _highest, {"left": 0.12})
