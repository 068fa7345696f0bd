"""Two sentences on what to look at in a surface, computed from its numbers.

The first describes the surface itself: how flat it is around the trained network, and how much
of the plane is better than guessing. The second says how it differs from the same network
with other shortcuts or, without one to compare it with, describes its shape. Nothing is
assumed: a difference within the sampling error is reported as none, and a number that the file
does not have as missing, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landscape import measures
from landscape.measures.comparable import listed
from landscape.measures.sampled import origin_index
from landscape.quantity import accuracy_of
from landscape.render.gallery.numbers import RISE, Measure, known, percent, rise_of, why_unknown
from landscape.render.words.captions import name_of
from landscape.render.words.numerals import short
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

_HARDLY_BETTER = 0.9
"""Share of the chance-level loss above which a network has learnt little, unless its accuracy
shows otherwise."""
_OPEN = "beyond sampling error and grid resolution"
_OF_CHANCE = 2.0
"""Multiple of the chance-level accuracy from which a network has learnt something."""


def sentences(surface: Surface, sibling: Surface | None = None) -> tuple[str, str]:
    """Two sentences: what to look at in ``surface``, and how it differs from its sibling.

    Parameters
    ----------
    surface
        A plane or a line in any state: unfinished, with NaN or infinite values.
    sibling
        The same network with other shortcuts, see
        :func:`landscape.render.gallery.siblings.siblings`.
    """
    first = f"{_state(surface)}{_floor(surface)}."
    return first[:1].upper() + first[1:], f"{_beside(surface, sibling)}."


def _state(surface: Surface) -> str:
    """What the surface lacks, as the beginning of a sentence."""
    values = surface[surface.main_quantity]
    if surface.complete and np.isnan(values).all():
        return "Every point is NaN: "
    total, done = values.size, surface.done
    parts = []
    if missing := int((~done).sum()):
        parts.append(f"{missing:,} of {total:,} points are not yet computed")
    for words, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        if odd := int((done & test(values)).sum()):
            verb = "is" if odd == 1 else "are"
            parts.append(f"{odd:,} of {total:,} points {verb} {words} and left blank")
    return f"Note that {' and '.join(parts)}: " if parts else ""


def _floor(surface: Surface) -> str:
    name = surface.main_quantity
    how = shown(surface, name)
    if not how.quantity.is_loss:
        return f"the file contains no loss; look at its {how.label} instead"
    if why := why_unknown(surface, name):
        return f"the loss of the trained network is unknown ({why}), so flatness cannot be measured"
    start = float(surface[name][origin_index(surface)])
    if not math.isfinite(start):
        return f"the loss of the trained network is {short(start)}, so flatness is undefined"
    at = f"the loss at the centre is {short(start)} {how.unit}".rstrip()
    level = measures.chance_level(surface)
    if level is not None and start >= _HARDLY_BETTER * level:
        at += f", {'no' if start >= level else 'hardly'} better than guessing ({short(level)})"
        if _guesses(surface):
            return f"{at}: this network has learnt almost nothing"
        at += f", although {_accuracy(surface):.3g}% of the answers are right"
    return f"{at}; {_reach(surface)}{_share(surface, level)}"


def _reach(surface: Surface) -> str:
    level, words = rise_of(surface)
    by_amount = words.startswith("loss +")
    radius = known(lambda s: measures.flat_radius(s, level), surface)
    if isinstance(radius, str):
        return f"the flat radius is unknown ({radius})"
    if radius.at_least:
        rise = f"rise by {RISE:g}" if by_amount else "double"
        return f"it does not {rise} within a radius of {radius.value:.2g}"
    rise = f"rises by {RISE:g}" if by_amount else "doubles"
    return f"it {rise} at a radius of {radius.value:.2g}"


def _share(surface: Surface, level: float | None) -> str:
    if level is None:
        return ""
    found = known(lambda s: measures.share_below(s, level), surface)
    if isinstance(found, str):
        return ""
    return f", and {found.value:.0%} of the plane is better than guessing"


def _beside(surface: Surface, sibling: Surface | None) -> str:
    if not _has_loss(surface):
        return "Without a loss there is nothing to compare"
    if sibling is None or not _has_loss(sibling):
        return _alone(surface)
    other = name_of(sibling)
    silent = [_guesses(s) for s in (surface, sibling)]
    if any(silent):
        who = "both" if all(silent) else "it" if silent[0] else "the latter"
        return f"Not compared with {other}, because {who} learnt almost nothing"
    found = measures.compare_surfaces([surface, sibling], ["this", "that"], rise=RISE)
    rows = {row.name: row for row in found.rows}
    words, same, reasons = [], [], []
    for how in (_flatness(surface), *_COMPARED):
        row = rows[how.row]
        first, second = row.estimates
        if first is None or second is None:
            continue
        if not row.compared[1]:
            reasons.append(row.meaning.removeprefix("not compared: ").rstrip("."))
            continue
        if how.tells(first, second):
            word = how.more if first.value > second.value else how.less
            values = f"{short(first.value)} vs {short(second.value)}"
            words.append(f"{word} ({how.unit.format(values)})")
        else:
            same.append(how.what)
    if not (words or same):
        why = next(iter(dict.fromkeys(reasons)), "their measures are unknown")
        return f"It cannot be compared with {other} ({why})"
    if not words:
        return f"Compared with {other}, it shows no difference in {listed(same)} {_OPEN}"
    rest = f"; no difference in {listed(same)} {_OPEN}" if same else ""
    return f"Compared with {other}, it {listed(words)}{rest}"


@dataclass(frozen=True)
class _Compared:
    """A row of a comparison: its subject, and the words for more and less of it.

    ``unit`` formats the two values; a difference up to ``least`` is negligible.
    """

    row: str
    what: str
    more: str
    less: str
    unit: str
    least: float = 0.0

    def tells(self, first: measures.Estimate, second: measures.Estimate) -> bool:
        """Whether the values differ beyond their ranges, and by more than the least."""
        if first.at_least and second.at_least:
            return False
        return first.differs_from(second) and abs(first.value - second.value) > self.least


def _flatness(surface: Surface) -> _Compared:
    row = f"flat radius, {rise_of(surface)[1]}"
    return _Compared(row, "flatness", "is flatter", "is sharper", "radius {}")


_COMPARED = (
    _Compared("roughness, decades", "roughness", "is rougher", "is smoother", "{} decades", 0.01),
    _Compared("basins", "the number of basins", "has more basins", "has fewer basins", "{}"),
)


def _alone(surface: Surface) -> str:
    found = [(known(compute, surface), words) for compute, words in _SHAPE]
    parts = [words(value) for value, words in found if not isinstance(value, str)]
    if not parts:
        return "Its shape cannot be measured: too few finite values"
    return f"Shape: {', '.join(parts)}"


_SHAPE: tuple[tuple[Measure, Callable[[measures.Estimate], str]], ...] = (
    (measures.number_of_basins, lambda n: f"{n.value:.0f} basin{'s' * (n.value != 1)}"),
    (
        measures.convexity_share,
        lambda share: f"convex at {percent(measures.Estimate.exact(share.value))} of the points",
    ),
    (measures.roughness, lambda r: f"roughness {short(r.value)} decades"),
)


def _has_loss(surface: Surface) -> bool:
    return surface.quantity(surface.main_quantity).is_loss


def _guesses(surface: Surface) -> bool:
    """Whether the network's loss and, if known, accuracy are at chance level.

    A network whose loss is high because it is confident in its few errors has learnt something.
    """
    level, name = measures.chance_level(surface), surface.main_quantity
    if level is None or why_unknown(surface, name):
        return False
    if not surface[name][origin_index(surface)] >= _HARDLY_BETTER * level:
        return False
    accuracy = accuracy_of(surface.quantities, name)
    chance = None if accuracy is None else shown(surface, accuracy).chance
    return chance is None or not _accuracy(surface) >= _OF_CHANCE * chance


def _accuracy(surface: Surface) -> float:
    """The accuracy of the network itself in percent; NaN where the file has none."""
    name = accuracy_of(surface.quantities, surface.main_quantity)
    if name is None:
        return math.nan
    return shown(surface, name).factor * float(surface[name][origin_index(surface)])
