"""Losses and accuracies along a line, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from landscape.grid import FloatArray
from landscape.render.captions import axis_label, brief
from landscape.render.choice import chosen_levels
from landscape.render.curve_panel import STROKE_WORDS, draw_accuracies, draw_losses
from landscape.render.heights import Heights, prepare
from landscape.render.lines import line_of
from landscape.render.numerals import short
from landscape.render.panel_sheet import panel_sheet
from landscape.render.scale import Scale
from landscape.render.sheet import TICKS_BELOW, Margins, panel_width
from landscape.render.shown import accuracy_of, is_loss, shown, split_words
from landscape.render.style import ACCURACY_COLOUR, LINE, LOSS_COLOUR, wrap
from landscape.surface import Surface

_CURVE_MARGINS = Margins(left=0.62, right=0.52, below=0.27)
_CURVE_ASPECT = 0.75


def curves(
    surfaces: Sequence[Surface],
    names: Sequence[str],
    look: dict[str, Any],
    levels: int | Sequence[float] | None,
    title: str | None,
) -> Figure:
    """One panel for each surface; ``look`` goes to :func:`~landscape.render.heights.prepare`."""
    for surface in surfaces:
        line_of(surface)
    per_surface = [[n for n in names if n in s.quantities] for s in surfaces]
    pairs = [(s, n) for s, own in zip(surfaces, per_surface, strict=True) for n in own]
    prepared, shared = prepare(pairs, **look)
    rest = iter(prepared)
    groups = [[next(rest) for _ in own] for own in per_surface]
    ticks = chosen_levels(6 if levels is None else levels, shared)
    notes = [_curve_notes(group) for group in groups]
    firsts = [group[0] for group in groups]
    columns = min(len(groups), 2)
    width = panel_width(columns, _CURVE_MARGINS, bar=0.0)
    labels = [_line_label(surface, width + 0.8) for surface in surfaces]
    margins = replace(_CURVE_MARGINS, below=TICKS_BELOW + LINE * max(map(len, labels)))
    sheet = panel_sheet(firsts, notes, margins, _CURVE_ASPECT, title, columns=columns, bar=0.0)
    for axes, group, label in zip(sheet.panels, groups, labels, strict=True):
        axes.set_xlabel("\n".join(label), parse_math=False)
        _curve_panel(axes, group, shared, ticks)
    return sheet.figure


def other_losses(surface: Surface, name: str) -> list[str]:
    """Losses of the same unit that a curve shows beside ``name``, three at most."""
    if not is_loss(name):
        return []
    unit = shown(surface, name).unit
    losses = [q for q in surface.quantities if is_loss(q) and q != name]
    alike = [q for q in losses if shown(surface, q).unit == unit]
    return [q for q in alike if np.isfinite(surface[q]).any()][:3]


def _line_label(surface: Surface, width: float) -> list[str]:
    line = line_of(surface)
    return wrap(", ".join(filter(None, (axis_label(surface, line.axis), line.at))), width)


def _curve_panel(axes: Any, group: Sequence[Heights], shared: Scale, ticks: FloatArray) -> None:
    surface, first = group[0].surface, group[0].quantity
    line = line_of(surface)
    draw_losses(axes, group, shared, ticks)
    axes.set_xlim(line.coordinates[0], line.coordinates[-1])
    colour = ACCURACY_COLOUR if first.is_fraction else LOSS_COLOUR
    words = first.axis_label if len(group) == 1 else first.axis_label.replace(first.label, "loss")
    axes.set_ylabel(words, color=colour, parse_math=False)
    axes.tick_params(axis="y", colors=colour)
    accuracies = [a for p in group if (a := accuracy_of(surface, p.quantity.name))]
    if accuracies:
        right = axes.twinx()
        draw_accuracies(right, surface, accuracies)
        one = shown(surface, accuracies[0]).axis_label
        words = one if len(accuracies) == 1 else "accuracy (%)"
        right.set_ylabel(words, color=ACCURACY_COLOUR, parse_math=False)
        right.tick_params(axis="y", colors=ACCURACY_COLOUR)


def _curve_notes(group: Sequence[Heights]) -> list[str]:
    # Training and test losses have numbers of examples of their own; what is the same is said once.
    said = dict.fromkeys(brief(panel.surface, panel.quantity) for panel in group)
    notes = [*filter(None, said)]
    if len(group) > 1:
        strokes = zip(STROKE_WORDS, group, strict=False)
        words = "; ".join(f"{word}: {split_words(p.quantity.name)}" for word, p in strokes)
        notes.append(f"{words[:1].upper()}{words[1:]}.")
    if group[0].chance is not None:
        notes.append(f"Grey line: chance level, {short(group[0].chance)}.")
    for panel in group:
        label = panel.quantity.label
        own = [f"{label[:1].upper()}{label[1:]}: {n[:1].lower()}{n[1:]}" for n in panel.notes]
        notes.extend(own if len(group) > 1 else panel.notes)
    return notes
