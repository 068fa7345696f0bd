"""Measure surfaces, and compare each with the first where that is meaningful."""

from __future__ import annotations

import math
from collections.abc import Sequence

from landscape.errors import InputError, argument, unknown_choice
from landscape.measures.comparable import (
    OTHER_NETWORK,
    Difference,
    Named,
    differences,
    listed,
    obstacles,
    remarks,
    unsaid,
)
from landscape.measures.comparison import Comparison, Row
from landscape.measures.estimate import Estimate
from landscape.measures.meaning import meaning_of
from landscape.measures.table import Measure, measured, measures_for
from landscape.quantity import losses_of
from landscape.surface import Surface


def compare_surfaces(
    surfaces: Sequence[Surface],
    names: Sequence[str] | None = None,
    *,
    quantity: str | None = None,
    rise: float = 0.1,
    epsilon: float = 0.1,
) -> Comparison:
    """Measure surfaces and describe what their differences mean.

    Each surface is compared with the first, in those measures that mean the same on both planes.
    A difference is one where the ranges of the values (two standard errors, and what the grid
    leaves open) do not overlap.

    Parameters
    ----------
    surfaces
        Two or more.
    names
        One for each; by default their titles or networks.
    quantity
        A loss that all surfaces have; by default the main loss of each. For any other quantity
        whose better direction is known, such as an accuracy, the value at the origin and the
        best value on the plane are compared.
    rise
        The amount by which the loss has risen at the flat radius, in its unit.
    epsilon
        Half the side of the box of the sharpness, in coordinates.

    Raises
    ------
    InputError
        For fewer than two surfaces, a quantity that does not exist or whose better direction is
        unknown, or an amount that is not positive.

    Examples
    --------
    >>> from landscape import compare_surfaces, open_surface
    >>> names = ["digits_eigen_ratio", "digits_eigen_ratio_noshort"]
    >>> comparison = compare_surfaces([open_surface(f"example:{name}") for name in names])
    >>> [row.name for row in comparison.rows][:2]
    ['loss at the origin, nats', 'flat radius, loss + 0.1']
    """
    if len(surfaces) < 2:
        raise InputError(f"{len(surfaces)} surface to compare: expected at least two")
    for name, amount in (("rise", rise), ("epsilon", epsilon)):
        if not (math.isfinite(amount) and amount > 0.0):
            raise InputError(f"{name} {amount:g}: expected a number above 0")
    called = _names(surfaces) if names is None else [str(name) for name in names]
    if len(called) != len(surfaces):
        raise InputError(f"{len(called)} names for {len(surfaces)} surfaces: expected one for each")
    quantities = [_loss_of(surface, quantity) for surface in surfaces]
    everything = list(zip(surfaces, quantities, called, strict=True))
    against = [obstacles(everything[0], other) for other in everything[1:]]
    rows = []
    for measure in measures_for(surfaces, quantities, rise, epsilon):
        estimates, why = _estimates(measure, everything)
        reasons = [
            list(dict.fromkeys(d.reason for d in found if d.breaks & measure.needs))
            for found, _ in against
        ]
        rows.append(_row(measure, called, estimates, reasons, why))
    gaps = unsaid(everything)
    verdicts = [
        _verdict(called[0], called[k], found, rows, k, not gaps)
        for k, (found, _) in enumerate(against, 1)
    ]
    notes = [note for _, about in against for note in about]
    notes += [*gaps, *remarks(everything)]
    hindering = differences(everything)
    return Comparison(tuple(called), tuple(verdicts), tuple(hindering), tuple(notes), tuple(rows))


def _estimates(measure: Measure, everything: Sequence[Named]) -> tuple[list[Estimate | None], str]:
    """One estimate for each surface, and a sentence on the surfaces without one."""
    estimates: list[Estimate | None] = []
    missing: dict[str, list[str]] = {}
    for surface, quantity, name in everything:
        try:
            estimates.append(measured(measure, surface, quantity))
        except InputError as error:
            estimates.append(None)
            missing.setdefault(str(error), []).append(name)
    why = "; ".join(f"{', '.join(group)}: {text}" for text, group in missing.items())
    return estimates, f"({why}.)" if why else ""


def _row(
    measure: Measure,
    names: Sequence[str],
    estimates: Sequence[Estimate | None],
    reasons: Sequence[Sequence[str]],
    why: str,
) -> Row:
    compared = (any(not r for r in reasons), *(not r for r in reasons))
    known = [
        (name, estimate)
        for name, estimate, usable in zip(names, estimates, compared, strict=True)
        if estimate is not None and usable
    ]
    left_out: dict[str, list[str]] = {}
    for name, stopped in zip(names[1:], reasons, strict=True):
        if stopped:
            left_out.setdefault(", ".join(stopped), []).append(name)
    parts = [meaning_of(measure, known) if len(known) > 1 else ""]
    for words, group in left_out.items():
        who = f"{', '.join(group)} " if len(names) > 2 else ""
        parts.append(f"{who}not compared: {words}.")
    return Row(measure.name, tuple(estimates), " ".join(filter(None, [*parts, why])), compared)


def _verdict(
    first: str,
    other: str,
    found: Sequence[Difference],
    rows: Sequence[Row],
    number: int,
    said: bool,
) -> str:
    """Whether a surface, the ``number``-th, is comparable with the first."""
    compared = [row.name for row in rows if row.compared[number]]
    hindering = [d.reason for d in found if d.breaks and d is not OTHER_NETWORK]
    if not hindering:
        same = ": same loss, data, kind of directions, range and grid"
        return f"{first} and {other} are comparable{same if said else ', as far as recorded'}."
    why = listed(list(dict.fromkeys(hindering)))
    if not compared:
        return f"{first} and {other} are NOT comparable ({why}): their difference is meaningless."
    return (
        f"{first} and {other} are only PARTLY comparable ({why}). Still compared: "
        f"{'; '.join(compared)}."
    )


def _loss_of(surface: Surface, quantity: str | None) -> str:
    losses = losses_of(surface.quantities)
    name = surface.main_quantity if quantity is None else quantity
    asked = quantity is not None and name in surface.quantities
    known = surface.quantity(name) if asked else None
    if name not in losses and (known is None or known.better is None or known.of_draws):
        if not losses:
            raise InputError(
                f"a surface of {', '.join(list(surface.quantities)[:4])} has no loss to compare; "
                f"give surfaces of a loss, or name a quantity with {argument('quantity')}"
            )
        raise unknown_choice("loss to compare", name, losses)
    return name


def _names(surfaces: Sequence[Surface]) -> list[str]:
    names: list[str] = []
    for surface in surfaces:
        facts = [str(surface.attributes.get(key, "")) for key in ("title", "model")]
        name = facts[0] or facts[1] or "surface"
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names
