"""Surfaces side by side: the measures, what their differences mean, and what forbids comparing."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from landscape.errors import InputError, unknown_choice
from landscape.measures.comparable import (
    Difference,
    differences,
    listed,
    remarks,
    same_network,
    unsaid,
)
from landscape.measures.estimate import Estimate
from landscape.measures.meaning import meaning_of
from landscape.measures.table import Measure, measured, measures_for
from landscape.surface import Surface

_WIDTH = 96
_SUBJECTS = {"data", "statistics"}
"""What may be the question itself, where the network is the same."""


@dataclass(frozen=True)
class Row:
    """One measure of all surfaces.

    Attributes
    ----------
    name
        With its unit.
    estimates
        One for each surface; None where it does not have the measure.
    meaning
        A sentence on the difference, or on why there is none to speak of.
    compared
        Whether the values may be compared.
    """

    name: str
    estimates: tuple[Estimate | None, ...]
    meaning: str
    compared: bool


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare_surfaces` found; prints as text, shows itself in a notebook.

    Attributes
    ----------
    verdict
        Whether the planes are comparable, and what is nevertheless where some of it is not.
    names
        What the surfaces are called.
    differences
        What stands in the way of comparing some or all measures.
    notes
        What does not, but should be known.
    rows
        The measures.
    """

    verdict: str
    names: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        lines = textwrap.wrap(self.verdict, _WIDTH)
        for text in [*(d.what for d in self.differences), *self.notes]:
            lines += textwrap.wrap(text, _WIDTH, initial_indent="- ", subsequent_indent="  ")
        head = ["", *self.names]
        body = [[row.name, *map(_cell, row.estimates)] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        lines += ["", _line(head, widths)]
        for row, cells in zip(self.rows, body, strict=True):
            lines.append(_line(cells, widths))
            lines += textwrap.wrap(
                row.meaning, _WIDTH, initial_indent="    ", subsequent_indent="    "
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table for notebooks; every text is escaped."""
        items = "".join(
            f"<li>{escape(t)}</li>" for t in [*(d.what for d in self.differences), *self.notes]
        )
        head = "".join(f"<th>{escape(name)}</th>" for name in ("", *self.names, "what it means"))
        body = "".join(
            "<tr>"
            + f"<th>{escape(row.name)}</th>"
            + "".join(f"<td>{escape(_cell(e))}</td>" for e in row.estimates)
            + f'<td style="text-align:left">{escape(row.meaning)}</td></tr>'
            for row in self.rows
        )
        notes = f"<ul>{items}</ul>" if items else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<div><p>{escape(self.verdict)}</p>{notes}{table}</div>"


def compare_surfaces(
    surfaces: Sequence[Surface],
    names: Sequence[str] | None = None,
    *,
    quantity: str | None = None,
    rise: float = 0.1,
    epsilon: float = 0.1,
) -> Comparison:
    """Measure surfaces and say what their differences mean.

    A difference is one where the ranges of the values (two standard errors, and what the grid
    leaves open) do not overlap.

    Parameters
    ----------
    surfaces
        Two or more.
    names
        One for each; by default their titles or networks.
    quantity
        A loss that all hold; by default each one's main loss.
    rise
        The amount by which the loss has risen at the flat radius, in its unit.
    epsilon
        Half the side of the box of the sharpness, in coordinates.

    Raises
    ------
    InputError
        For fewer than two surfaces, a quantity that is no loss or not there, an amount that is
        not positive.
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
    found = differences(surfaces, quantities, called)
    gaps = unsaid(surfaces, quantities, called)
    notes = [*gaps, *remarks(surfaces, quantities, called)]
    if same_network(surfaces):
        about = [d.reason for d in found if d.breaks & _SUBJECTS]
        due = f": what differs below is due to {listed(about)}" if about else ""
        notes.insert(0, f"the network is the same{due}")
        blocking = [d for d in found if not d.breaks & _SUBJECTS]
    else:
        blocking = [*found, _OTHER_NETWORK]
    rows, stopped = [], []
    for measure in measures_for(surfaces, quantities, rise, epsilon):
        against = [d for d in blocking if d.breaks & measure.needs]
        reasons = list(dict.fromkeys(d.reason for d in against))
        rows.append(_row(measure, surfaces, quantities, called, reasons))
        stopped += [reason for reason in reasons if reason != _OTHER_NETWORK.reason]
    verdict = _verdict(rows, list(dict.fromkeys(stopped)), not gaps)
    return Comparison(verdict, tuple(called), tuple(found), tuple(notes), tuple(rows))


_OTHER_NETWORK = Difference(
    "", "other networks, and the scale of weights is free", frozenset({"network"})
)


def _verdict(rows: Sequence[Row], stopped: Sequence[str], all_said: bool) -> str:
    if not stopped:
        same = ": same loss, data, kind of directions, range and grid" if all_said else ""
        return f"The planes are comparable{same}."
    why, compared = listed(stopped), [row.name for row in rows if row.compared]
    if not compared:
        return f"The planes are NOT comparable ({why}): the differences below mean nothing."
    return (
        f"The planes are comparable IN PART only ({why}). Compared nevertheless: "
        f"{'; '.join(compared)}."
    )


def _row(
    measure: Measure,
    surfaces: Sequence[Surface],
    quantities: Sequence[str],
    names: Sequence[str],
    reasons: Sequence[str],
) -> Row:
    estimates: list[Estimate | None] = []
    missing: dict[str, list[str]] = {}
    for surface, quantity, name in zip(surfaces, quantities, names, strict=True):
        try:
            estimates.append(measured(measure, surface, quantity))
        except InputError as error:
            estimates.append(None)
            missing.setdefault(str(error), []).append(name)
    why = "; ".join(f"{', '.join(group)}: {text}" for text, group in missing.items())
    if reasons:
        meaning = f"not compared: {', '.join(reasons)}"
    else:
        known = [(n, e) for n, e in zip(names, estimates, strict=True) if e is not None]
        meaning = meaning_of(measure, known) if len(known) > 1 else ""
    return Row(
        measure.name,
        tuple(estimates),
        " ".join(filter(None, (meaning, why and f"({why}.)"))),
        not reasons,
    )


def _loss_of(surface: Surface, quantity: str | None) -> str:
    losses = [q for q in surface.quantities if q == "loss" or q.endswith("_loss")]
    name = surface.main_quantity if quantity is None else quantity
    if name not in losses:
        raise unknown_choice("loss to be compared", name, losses or ["no loss in this surface"])
    return name


def _names(surfaces: Sequence[Surface]) -> list[str]:
    names: list[str] = []
    for surface in surfaces:
        facts = [str(surface.attributes.get(key, "")) for key in ("title", "model")]
        name = facts[0] or facts[1] or "surface"
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _cell(estimate: Estimate | None) -> str:
    return "—" if estimate is None else str(estimate)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
