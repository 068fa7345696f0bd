"""Losses and accuracies along a line, as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from landscape.grid import FloatArray
from landscape.quantity import accuracy_of, losses_of
from landscape.render.figure.band import Band, band_words, quantile_bands, with_room
from landscape.render.figure.caller_axes import write_around
from landscape.render.figure.caption import Caption, captioned
from landscape.render.figure.context import enlarged
from landscape.render.figure.curve_panel import STROKE_WORDS, draw_accuracies, draw_losses
from landscape.render.figure.line_sheet import line_sheet, ticks_of
from landscape.render.figure.named import Named
from landscape.render.figure.options import Look, of_heights, takes
from landscape.render.figure.solution_marks import mark_ends
from landscape.render.figure.style import ACCURACY_COLOUR, LINE, LOSS_COLOUR, STYLE
from landscape.render.heights import Heights, prepare
from landscape.render.lines import line_of
from landscape.render.resolve import one_kind, quantity_of_all
from landscape.render.scale import Scale
from landscape.render.solutions import own_losses, solutions
from landscape.render.words.captions import brief
from landscape.render.words.directions import axis_label
from landscape.render.words.names import names_of
from landscape.render.words.numerals import short
from landscape.render.words.one_line import in_one_line
from landscape.render.words.quantity_words import shown, split_words
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(Look)
def curve(surface: Surface, *, ax: Any = None, **look: Unpack[Look]) -> Figure:
    """Loss (left axis) and accuracy (right axis) along a line, each with a band if the file has it.

    Without ``quantity`` all losses are drawn, the first as a solid line. A plane with a single row
    or column counts as a line. The band is ±1.96 standard errors or, where the surface has
    quantiles over random draws (``train_loss_q05``, ``_q25``, ``_q75``, ``_q95``), those.

    Parameters
    ----------
    ax
        Matplotlib axes to draw the losses into, in the caller's own style; accuracies get a
        separate axis on the right. ``width`` is ignored then.

    Raises
    ------
    InputError
        If the surface is not a line, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.curve(open_surface("example:digits_between"))
    """
    if ax is None:
        return curves([surface], look)
    (group,), shared = _prepared([surface], look)
    _curve_panel(ax, group, shared, ticks_of(look, shared))
    ax.set_ylabel(_loss_label(group), parse_math=False)
    notes = _caption([surface], [group], look).of_one
    return write_around(ax, surface, look.get("title"), _line_label(surface), notes)


def curves(surfaces: Sequence[Surface], look: Look, named: Named | None = None) -> Figure:
    """One panel for each surface, on one loss scale; options as for :func:`curve`.

    ``named``: the number of columns, at most two unless given, and their titles.
    """
    groups, shared = _prepared(surfaces, look)
    with mpl.rc_context(STYLE):
        labels = [(_line_label(s), _loss_label(g)) for s, g in zip(surfaces, groups, strict=True)]
        sheet = line_sheet(
            [group[0] for group in groups],
            _caption(surfaces, groups, look),
            labels,
            look,
            named or Named(),
            right_axis=any(map(_accuracies, groups)),
            above=LINE if any(map(solutions, surfaces)) else 0.0,
        )
        for axes, group in zip(sheet.panels, groups, strict=True):
            _curve_panel(axes, group, shared, ticks_of(look, shared))
        return enlarged(sheet.figure, look.get("context"))


def _caption(
    surfaces: Sequence[Surface], groups: Sequence[Sequence[Heights]], look: Look
) -> Caption:
    full = [_curve_notes(group) for group in groups]
    strokes = dict.fromkeys(filter(None, (_stroke_words(group) for group in groups)))
    short = in_one_line([panel for group in groups for panel in group], list(strokes))
    return captioned(look.get("caption"), full, short, names_of(surfaces))


def _prepared(surfaces: Sequence[Surface], look: Look) -> tuple[list[list[Heights]], Scale]:
    """Each surface's losses, ready to draw, and the common scale."""
    one_kind(surfaces, "curve")
    for surface in surfaces:
        line_of(surface)
    asked = look.get("quantity")
    name = quantity_of_all(surfaces, asked)
    names = [name] if asked else [name, *_other_losses(surfaces[0], name)]
    per_surface = [[n for n in names if n in s.quantities] for s in surfaces]
    pairs = [(s, n) for s, own in zip(surfaces, per_surface, strict=True) for n in own]
    prepared, shared = prepare(pairs, **of_heights(look))
    if look.get("norm_range") is None and look.get("clip", "auto") in ("auto", "none"):
        bands = [band for s, n in pairs for band in [*quantile_bands(s, n), *_ends(s, n)]]
        shared = with_room(shared, bands, any(p.cuts for p in prepared))
    rest = iter(prepared)
    return [[next(rest) for _ in own] for own in per_surface], shared


def _ends(surface: Surface, name: str) -> list[Band]:
    """The losses of the solutions at the ends of a line, for which the axis is extended."""
    own = np.array(list(own_losses(surface).values()))
    return [Band("solutions", own, own)] if own.size and name == surface.main_quantity else []


def _accuracies(group: Sequence[Heights]) -> list[str]:
    found = [accuracy_of(panel.surface.quantities, panel.quantity.name) for panel in group]
    return [name for name in found if name]


def _other_losses(surface: Surface, name: str) -> list[str]:
    """Losses of the same unit shown along with ``name``, at most three."""
    if not surface.quantity(name).is_loss:
        return []
    unit = shown(surface, name).unit
    losses = [q for q in losses_of(surface.quantities) if q != name]
    alike = [q for q in losses if shown(surface, q).unit == unit]
    return [q for q in alike if np.isfinite(surface[q]).any()][:3]


def _line_label(surface: Surface) -> str:
    line = line_of(surface)
    return ", ".join(filter(None, (axis_label(surface, line.axis), line.at)))


def _curve_panel(axes: Any, group: Sequence[Heights], shared: Scale, ticks: FloatArray) -> None:
    surface, first = group[0].surface, group[0].quantity
    line = line_of(surface)
    draw_losses(axes, group, shared, ticks)
    axes.set_xlim(line.coordinates[0], line.coordinates[-1])
    if line.axis == "x":
        mark_ends(axes, surface, first.name)
    colour = ACCURACY_COLOUR if first.is_fraction else LOSS_COLOUR
    axes.yaxis.label.set_color(colour)
    axes.tick_params(axis="y", colors=colour)
    accuracies = _accuracies(group)
    if accuracies:
        right = axes.twinx()
        draw_accuracies(right, surface, accuracies)
        one = shown(surface, accuracies[0]).axis_label
        words = one if len(accuracies) == 1 else "accuracy (%)"
        right.set_ylabel(words, color=ACCURACY_COLOUR, parse_math=False)
        right.tick_params(axis="y", colors=ACCURACY_COLOUR)


def _loss_label(group: Sequence[Heights]) -> str:
    first = group[0].quantity
    return first.axis_label if len(group) == 1 else first.axis_label.replace(first.label, "loss")


def _curve_notes(group: Sequence[Heights]) -> list[str]:
    # Training and test losses have different numbers of examples; identical captions appear once.
    said = dict.fromkeys(brief(panel.surface, panel.quantity) for panel in group)
    notes = [*filter(None, said)]
    if strokes := _stroke_words(group):
        notes.append(f"{strokes[:1].upper()}{strokes[1:]}.")
    notes.extend(filter(None, dict.fromkeys(_band_words(panel) for panel in group)))
    if any(_ends(panel.surface, panel.quantity.name) for panel in group):
        notes.append("●: the solutions as trained.")
    if group[0].chance is not None:
        notes.append(f"Grey line: chance level, {short(group[0].chance)}.")
    for panel in group:
        label = panel.quantity.label
        own = [f"{label[:1].upper()}{label[1:]}: {n[:1].lower()}{n[1:]}" for n in panel.notes]
        notes.extend(own if len(group) > 1 else panel.notes)
    return notes


def _stroke_words(group: Sequence[Heights]) -> str:
    """``solid: training; dashed: test``, or empty for a single line."""
    if len(group) < 2:
        return ""
    strokes = zip(STROKE_WORDS, group, strict=False)
    return "; ".join(f"{word}: {split_words(p.quantity.quantity)}" for word, p in strokes)


def _band_words(panel: Heights) -> str:
    return band_words(panel.surface, panel.quantity.name)
