"""The numbers of a surface in a gallery: the network's values, and measures of its surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from landscape import measures
from landscape.errors import InputError
from landscape.measures.sampled import origin_index
from landscape.quantity import stderr_of
from landscape.render.words.numerals import short, with_error
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

RISE = 0.1
"""Nats; see :func:`landscape.measures.risen_by`."""
UNKNOWN = "—"


@dataclass(frozen=True)
class Number:
    """One number as text.

    ``value``: with its unit and range, or a dash where the surface does not have it. ``why``: why
    it does not; empty where it does.
    """

    label: str
    value: str
    why: str = ""


def numbers(surface: Surface) -> list[Number]:
    """The values at the trained network, its parameters, and the measures of its main loss.

    What the file cannot give, because its loss is NaN there or its grid has no point at the
    origin, is a dash with the reason.
    """
    found = [_at_centre(surface, name) for name in measured_at_centre(surface)]
    parameters = surface.attributes.get("parameters")
    if isinstance(parameters, int):
        found.append(Number("parameters", f"{parameters:,}"))
    if not surface.quantity(surface.main_quantity).is_loss:
        return found
    rise, words = rise_of(surface)
    found.append(
        _measure(f"flat radius ({words})", lambda s: measures.flat_radius(s, rise), surface)
    )
    if (level := measures.chance_level(surface)) is not None:
        below: Measure = lambda s: measures.share_below(s, level)  # noqa: E731
        found.append(_measure("share better than guessing", below, surface, percent))
    found.append(_measure("roughness, decades", measures.roughness, surface))
    found.append(_measure("convex points", measures.convexity_share, surface, percent))
    found.append(_measure("basins", measures.number_of_basins, surface))
    return found


Measure = Callable[[Surface], measures.Estimate]


def measured_at_centre(surface: Surface) -> list[str]:
    """The quantities of the network itself: losses first; no errors, counts, draws or quantiles."""
    known = {name: surface.quantity(name) for name in surface.quantities}
    own = [n for n, q in known.items() if not (q.is_stderr or q.is_count or q.of_draws)]
    return sorted(own, key=lambda name: not known[name].is_loss)


def rise_of(surface: Surface) -> tuple[measures.Level, str]:
    """The rise of the loss that defines the flat radius, and its label.

    A tenth of a nat; in other units no amount is small in itself, so the loss doubles instead.
    """
    if surface.quantities[surface.main_quantity].units == "nats":
        return measures.risen_by(RISE), f"loss + {RISE:g}"
    return measures.risen_to(2.0), "loss × 2"


def ranged(found: measures.Estimate) -> str:
    """``0.29 (0.27 … 0.31)``, or ``≥ 0.29`` where it is a lower bound."""
    value, low, high = (short(part) for part in (found.value, found.low, found.high))
    if found.at_least:
        return f"≥ {value}"
    return value if low == high else f"{value} ({low} … {high})"


def percent(share: measures.Estimate) -> str:
    """``43%``, or ``43% (41 … 45%)``."""
    value, low, high = (f"{100 * part:.3g}" for part in (share.value, share.low, share.high))
    return f"{value}%" if low == high else f"{value}% ({low} … {high}%)"


def why_unknown(surface: Surface, name: str) -> str:
    """Why there is no value at the centre; empty where there is one, including NaN and infinity."""
    try:
        index = origin_index(surface)
    except InputError:
        return "the grid has no point at the origin"
    return "" if surface.done[index] else "not computed yet"


def _at_centre(surface: Surface, name: str) -> Number:
    how = shown(surface, name)
    label = f"{how.label} at the centre"
    if why := why_unknown(surface, name):
        return Number(label, UNKNOWN, why)
    index = origin_index(surface)
    value, error = how.factor * float(surface[name][index]), stderr_of(surface.quantities, name)
    off = 0.0 if error is None else how.factor * float(surface[error][index])
    text = with_error(value, off) if off > 0 else short(value, 4)
    return Number(label, f"{text} {how.unit}".rstrip())


def _measure(
    label: str,
    compute: Measure,
    surface: Surface,
    show: Callable[[measures.Estimate], str] = ranged,
) -> Number:
    found = known(compute, surface)
    return Number(label, UNKNOWN, found) if isinstance(found, str) else Number(label, show(found))


def known(compute: Measure, surface: Surface) -> measures.Estimate | str:
    """A measure, or the reason why the surface does not have it."""
    try:
        return compute(surface)
    except InputError as error:
        return str(error)
