"""The result of comparing surfaces, as text and as a table for notebooks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from landscape.measures.comparable import Difference
from landscape.measures.estimate import Estimate

_WIDTH = 96


@dataclass(frozen=True)
class Row:
    """One measure of all surfaces.

    Attributes
    ----------
    name
        Including its unit.
    estimates
        One for each surface; None where it does not have the measure.
    meaning
        A sentence on the difference, or on why there is none.
    compared
        For each surface whether its value may be compared with that of the first; for the first,
        whether any may.
    """

    name: str
    estimates: tuple[Estimate | None, ...]
    meaning: str
    compared: tuple[bool, ...]


@dataclass(frozen=True)
class Comparison:
    """The result of :func:`~landscape.measures.compare_surfaces`: text, or a table in notebooks.

    Attributes
    ----------
    verdicts
        For each surface but the first, whether it is comparable with the first and, where only
        partly, which measures are.
    differences
        What prevents comparing some or all measures.
    notes
        What does not prevent it, but should be known.
    """

    names: tuple[str, ...]
    verdicts: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        lines = [line for verdict in self.verdicts for line in _wrapped(verdict, "", "  ")]
        for text in [*(d.what for d in self.differences), *self.notes]:
            lines += _wrapped(text, "- ", "  ")
        head = ["", *self.names]
        body = [[row.name, *map(_cell, row.estimates)] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        lines += ["", _line(head, widths)]
        for row, cells in zip(self.rows, body, strict=True):
            lines.append(_line(cells, widths))
            lines += _wrapped(row.meaning, "    ", "    ")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table for notebooks; every text is escaped."""
        items = "".join(
            f"<li>{escape(t)}</li>" for t in [*(d.what for d in self.differences), *self.notes]
        )
        head = "".join(f"<th>{escape(name)}</th>" for name in ("", *self.names, "meaning"))
        body = "".join(
            "<tr>"
            + f"<th>{escape(row.name)}</th>"
            + "".join(f"<td>{escape(_cell(e))}</td>" for e in row.estimates)
            + f'<td style="text-align:left">{escape(row.meaning)}</td></tr>'
            for row in self.rows
        )
        notes = f"<ul>{items}</ul>" if items else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        verdicts = "".join(f"<p>{escape(verdict)}</p>" for verdict in self.verdicts)
        return f"<div>{verdicts}{notes}{table}</div>"


def _cell(estimate: Estimate | None) -> str:
    return "—" if estimate is None else str(estimate)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _wrapped(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False
    )
