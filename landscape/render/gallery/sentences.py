"""Two sentences on what to look at in a surface, computed from its numbers.

The first is on the surface itself: how far the floor around the trained network reaches, how much
of the plane is better than guessing. The second is on what sets it apart from the same network
with other shortcuts, or, where there is none to compare it with, on how rough it is. Nothing is
assumed: a difference within the sampling error is said to be none, and a number that the file does
not have is said to be missing, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError
from landscape.measures import (
    Estimate,
    chance_level,
    compare_surfaces,
    convexity_share,
    flat_radius,
    number_of_basins,
    roughness,
    share_below,
)
from landscape.measures.comparable import listed
from landscape.measures.sampled import origin_index
from landscape.quantity import accuracy_of
from landscape.render.gallery.numbers import RISE, Measure, percent, rise_of, why_unknown
from landscape.render.words.captions import name_of
from landscape.render.words.numerals import short
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

_HARDLY_BETTER = 0.9
"""Of the loss of guessing: a network with a loss above that has learnt little, unless
its accuracy says otherwise."""
_OPEN = "beyond what sampling error and grid leave open"
_OF_CHANCE = 2.0
"""Times the accuracy of guessing: a network that reaches it has learnt something."""


def sentences(surface: Surface, sibling: Surface | None = None) -> tuple[str, str]:
    """What to look at in ``surface``, and beside its sibling.

    Parameters
    ----------
    surface
        A plane or a line of any state: unfinished, with NaN or infinite values.
    sibling
        The same network with other shortcuts, see
        :func:`landscape.render.gallery.siblings.siblings`.
    """
    first = f"{_state(surface)}{_floor(surface)}."
    return first[:1].upper() + first[1:], f"{_beside(surface, sibling)}."


def _state(surface: Surface) -> str:
    """What is missing of the surface, as the beginning of a sentence."""
    values = surface[surface.main_quantity]
    if surface.complete and np.isnan(values).all():
        return "Every point is NaN: "
    total, done = values.size, surface.done
    parts = []
    if missing := int((~done).sum()):
        parts.append(f"{missing:,} of {total:,} points are not computed yet")
    for words, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        if odd := int((done & test(values)).sum()):
            verb = "is" if odd == 1 else "are"
            parts.append(f"{odd:,} of {total:,} points {verb} {words} and left open")
    return f"Mind that {' and '.join(parts)}: " if parts else ""


def _floor(surface: Surface) -> str:
    name = surface.main_quantity
    how = shown(surface, name)
    if not how.quantity.is_loss:
        return f"the file holds no loss, so look at its {how.label} alone"
    if why := why_unknown(surface, name):
        return f"the loss of the trained network is not known ({why}), so no floor is measured"
    start = float(surface[name][origin_index(surface)])
    if not math.isfinite(start):
        return f"the loss of the trained network itself is {short(start)}, so it has no flat floor"
    at = f"the loss at the centre is {short(start)} {how.unit}".rstrip()
    level = chance_level(surface)
    if level is not None and start >= _HARDLY_BETTER * level:
        at += f", {'no' if start >= level else 'hardly'} better than guessing ({short(level)})"
        if _guesses(surface):
            return f"{at}: this is the surface of a network that has learnt next to nothing"
        at += f", although {_accuracy(surface):.3g}% of the answers are right"
    return f"{at}; {_reach(surface)}{_share(surface, level)}"


def _reach(surface: Surface) -> str:
    level, words = rise_of(surface)
    rise = f"has risen by {RISE:g}" if words.startswith("loss +") else "has doubled"
    radius = _known(lambda s: flat_radius(s, level), surface)
    if isinstance(radius, str):
        return f"how far its floor reaches is not known ({radius})"
    if radius.at_least:
        return f"look how far its floor reaches: nowhere within {radius.value:.2g} the loss {rise}"
    return f"look how far its floor reaches: at a radius of {radius.value:.2g} the loss {rise}"


def _share(surface: Surface, level: float | None) -> str:
    if level is None:
        return ""
    found = _known(lambda s: share_below(s, level), surface)
    return (
        ""
        if isinstance(found, str)
        else f", and {found.value:.0%} of the plane is better than guessing"
    )


def _beside(surface: Surface, sibling: Surface | None) -> str:
    if not _has_loss(surface):
        return "Nothing is compared without a loss"
    if sibling is None or not _has_loss(sibling):
        return _alone(surface)
    other = name_of(sibling)
    silent = [_guesses(s) for s in (surface, sibling)]
    if any(silent):
        who = "both" if all(silent) else "it" if silent[0] else "that"
        return f"It is not compared with {other}, as {who} learnt next to nothing"
    found = compare_surfaces([surface, sibling], ["this", "that"], rise=RISE)
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
            values = f"{short(first.value)} against {short(second.value)}"
            words.append(f"{word} ({how.unit.format(values)})")
        else:
            same.append(how.what)
    if not (words or same):
        why = next(iter(dict.fromkeys(reasons)), "their measures are not known")
        return f"It cannot be compared with {other} ({why})"
    if not words:
        return f"Beside {other} nothing sets it apart in {listed(same)} {_OPEN}"
    rest = f", and no different in {listed(same)} {_OPEN}" if same else ""
    return f"Beside {other} it is {listed(words)}{rest}"


@dataclass(frozen=True)
class _Compared:
    """A row of a comparison: what it is of, what more and less of it is called.

    ``unit`` holds two values in words; a difference up to ``least`` is none to speak of.
    """

    row: str
    what: str
    more: str
    less: str
    unit: str
    least: float = 0.0

    def tells(self, first: Estimate, second: Estimate) -> bool:
        """Whether the values differ beyond their ranges, and by more than the least."""
        if first.at_least and second.at_least:
            return False
        return first.differs_from(second) and abs(first.value - second.value) > self.least


def _flatness(surface: Surface) -> _Compared:
    row = f"flat radius, {rise_of(surface)[1]}"
    return _Compared(row, "flatness", "flatter", "sharper", "radius {}")


_COMPARED = (
    _Compared(
        "roughness, decades", "roughness", "rougher", "smoother", "{} decades to climb", 0.01
    ),
    _Compared("basins", "the number of basins", "richer in basins", "poorer in basins", "{}"),
)


def _alone(surface: Surface) -> str:
    parts = []
    for compute, words in _SHAPE:
        found = _known(compute, surface)
        parts.append(words(found) if isinstance(found, Estimate) else "")
    known = [part for part in parts if part]
    if not known:
        return "Its shape is not measured, for want of finite values"
    return f"Of its shape: {', '.join(known)}"


_SHAPE: tuple[tuple[Measure, Callable[[Estimate], str]], ...] = (
    (number_of_basins, lambda n: f"{n.value:.0f} basin{'s' * (n.value != 1)}"),
    (convexity_share, lambda share: f"{percent(Estimate.exact(share.value))} curves upwards"),
    (roughness, lambda r: f"{short(r.value)} decades to climb on a straight way across"),
)


def _has_loss(surface: Surface) -> bool:
    return surface.quantity(surface.main_quantity).is_loss


def _guesses(surface: Surface) -> bool:
    """Whether loss and accuracy of the network are those of guessing, as far as they are known.

    A network whose loss is high because it is sure of its few errors has learnt nevertheless.
    """
    level, name = chance_level(surface), surface.main_quantity
    if level is None or why_unknown(surface, name):
        return False
    if not surface[name][origin_index(surface)] >= _HARDLY_BETTER * level:
        return False
    accuracy = accuracy_of(surface.quantities, name)
    chance = None if accuracy is None else shown(surface, accuracy).chance
    return chance is None or not _accuracy(surface) >= _OF_CHANCE * chance


def _accuracy(surface: Surface) -> float:
    """Of the network itself in percent; NaN where the file does not say it."""
    name = accuracy_of(surface.quantities, surface.main_quantity)
    if name is None:
        return math.nan
    return shown(surface, name).factor * float(surface[name][origin_index(surface)])


def _known(compute: Measure, surface: Surface) -> Estimate | str:
    """A measure, or why the surface does not have it."""
    try:
        return compute(surface)
    except InputError as error:
        return str(error)
