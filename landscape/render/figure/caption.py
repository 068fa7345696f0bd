"""The text below a figure: one line, everything, nothing, or the caller's own."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from landscape.errors import unknown_choice

CAPTIONS = ("short", "full", "none")


@dataclass(frozen=True)
class Caption:
    """What is written below a figure, and what is only said in its file.

    Attributes
    ----------
    notes
        Sentences below each panel.
    lines
        The text below all panels, in versions of the same meaning, the longest first.
    everything
        The full caption, for the metadata of the file.
    """

    notes: list[list[str]]
    lines: list[str] = field(default_factory=list)
    everything: str = ""

    @property
    def of_one(self) -> list[str]:
        """All the text below a single panel."""
        return [*self.notes[0], *self.lines[:1]]


def captioned(
    wanted: str | None,
    full: Sequence[Sequence[str]],
    short: Sequence[str],
    names: Sequence[str] = (),
) -> Caption:
    """The caption that is wanted: ``short`` (also None), ``full``, ``none`` or a text.

    ``full``: sentences on each panel. ``short``: see
    :func:`landscape.render.words.one_line.in_one_line`. ``names``: of the panels. Raises an
    InputError for a word that is almost one of the three.
    """
    told = [" ".join(dict.fromkeys(own)) for own in full]
    if len(told) > 1 and names:
        told = [f"{name}: {own}" for name, own in zip(names, told, strict=True)]
    everything = "\n".join(dict.fromkeys(told))
    empty: list[list[str]] = [[] for _ in full]
    if wanted is None or wanted == "short":
        return Caption(empty, list(short), everything)
    if wanted == "full":
        return Caption([list(own) for own in full], [], everything)
    if wanted == "none":
        return Caption(empty, [], everything)
    if difflib.get_close_matches(wanted.lower(), CAPTIONS, n=1, cutoff=0.75):
        raise unknown_choice("caption", wanted, (*CAPTIONS, "a text"))
    return Caption(empty, [wanted], everything)
