"""What the figures of topology have in common: trees on one scale of the loss, and captions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.topology import Topology, topology_of
from landscape.quantity import HIGHER
from landscape.render.figure.caller_axes import write_around
from landscape.render.figure.caption import Caption, captioned
from landscape.render.figure.context import enlarged
from landscape.render.figure.line_sheet import line_sheet, ticks_of
from landscape.render.figure.named import Named
from landscape.render.figure.options import Look, of_heights
from landscape.render.figure.style import STYLE
from landscape.render.heights import Heights, prepare
from landscape.render.resolve import quantity_of_all
from landscape.render.scale import Scale
from landscape.render.words.captions import brief, name_of
from landscape.render.words.names import names_of
from landscape.render.words.one_line import in_one_line, listed
from landscape.surface import Surface

MOST_PALE = 60
"""The most pairs that do not count which are drawn, the most persistent of them."""
RULE = (
    "Pale, and in no number: what the sampling error and the grid leave open, or less than 5 % "
    "above its lowest loss."
)


@dataclass(frozen=True, eq=False)
class Panel:
    """One surface: its losses ready to draw, and its merge tree."""

    heights: Heights
    tree: Topology

    @property
    def values(self) -> FloatArray:
        """The losses in the unit of the picture, flat."""
        return self.heights.values.ravel()

    def highest_saddle(self) -> float:
        """The highest loss at which two basins meet; the highest of all where none do."""
        saddles = [b.saddle for b in self.tree.branches if b.saddle is not None]
        return float(self.values[saddles].max() if saddles else np.nanmax(self.values))

    def basins(self) -> str:
        """``3 of 11 basins count``."""
        found, kept = len(self.tree.branches), len(self.tree.kept)
        noun = "basin" if found == 1 else "basins"
        return f"{kept} {noun}" if kept == found else f"{kept} of {found} {noun} count"


@dataclass(frozen=True)
class Kind:
    """A style of topology.

    Attributes
    ----------
    draw
        ``(axes, panel, scale, ticks, look)``: draws into axes.
    labels
        ``panel -> (x, y)``: the labels of its axes.
    short
        Of several panels: what the caption in one line says, apart from data and clipping.
    notes
        Of one panel: the sentences of the full caption on what is drawn.
    highest
        ``panel -> loss``: the end of the scale unless another is asked for.
    margins
        Of :func:`~landscape.render.figure.line_sheet.line_sheet`, if others.
    """

    draw: Callable[[Any, Panel, Scale, FloatArray, Look], None]
    labels: Callable[[Panel], tuple[str, str]]
    short: Callable[[Sequence[Panel]], list[str]]
    notes: Callable[[Panel], list[str]]
    highest: Callable[[Panel], float]
    margins: Mapping[str, float] = field(default_factory=dict)


def draw_all(
    kind: Kind, surfaces: Sequence[Surface], look: Look, named: Named | None = None
) -> Figure:
    """One panel for each surface, on one scale of the loss."""
    panels, shared = _prepared(kind, surfaces, look)
    with mpl.rc_context(STYLE):
        sheet = line_sheet(
            [panel.heights for panel in panels],
            _caption(kind, panels, look),
            [kind.labels(panel) for panel in panels],
            look,
            named or Named(),
            right_axis=False,
            **kind.margins,
        )
        for axes, panel in zip(sheet.panels, panels, strict=True):
            kind.draw(axes, panel, shared, ticks_of(look, shared), look)
        return enlarged(sheet.figure, look.get("context"))


def draw_into(kind: Kind, ax: Any, surface: Surface, look: Look) -> Figure:
    """Draw one surface into axes of the caller."""
    (panel,), shared = _prepared(kind, [surface], look)
    kind.draw(ax, panel, shared, ticks_of(look, shared), look)
    below, beside = kind.labels(panel)
    ax.set_ylabel(beside, parse_math=False)
    return write_around(ax, surface, look.get("title"), below, _caption(kind, [panel], look).of_one)


def _prepared(kind: Kind, surfaces: Sequence[Surface], look: Look) -> tuple[list[Panel], Scale]:
    name = quantity_of_all(surfaces, look.get("quantity"))
    for surface in surfaces:
        if surface.quantity(name).better == HIGHER:
            raise InputError(
                f"{name} of {name_of(surface)} is better when higher: expected a loss, "
                "whose basins are its sublevel sets"
            )
    asked = of_heights(look)
    own_end = not {"clip", "norm_range"} & set(asked)
    if own_end:
        asked["clip"] = "none"
    heights, shared = prepare([(s, name) for s in surfaces], **asked)
    trees = [topology_of(surface, name) for surface in surfaces]
    panels = [Panel(h, t) for h, t in zip(heights, trees, strict=True)]
    if own_end:
        end = max(map(kind.highest, panels))
        shared = replace(shared, high=end) if end > shared.low else shared
    return panels, shared


def _caption(kind: Kind, panels: Sequence[Panel], look: Look) -> Caption:
    surfaces = [panel.heights.surface for panel in panels]
    full = []
    for panel in panels:
        own = [brief(panel.heights.surface, panel.heights.quantity), *kind.notes(panel)]
        full.append([note for note in [*own, *panel.heights.notes] if note])
    short = in_one_line([panel.heights for panel in panels], kind.short(panels))
    return captioned(look.get("caption"), full, short, names_of(surfaces))


def together(words: Sequence[str]) -> str:
    """One text for all panels: each only once, with the last words that all have at the end.

    >>> together(["3 of 11 basins count", "18 of 46 basins count"])
    '3 of 11 and 18 of 46 basins count'
    """
    each = [text.split() for text in dict.fromkeys(words)]
    shared = 0
    while len(each) > 1 and all(len(one) > shared + 1 for one in each):
        if len({one[-1 - shared] for one in each}) > 1:
            break
        shared += 1
    end = each[0][len(each[0]) - shared :]
    heads = [" ".join(one[: len(one) - shared]) for one in each]
    return " ".join([listed(heads), *end])
