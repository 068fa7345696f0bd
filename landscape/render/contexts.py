"""What a figure is for: a paper, a talk or a poster, and how large its parts are then."""

from __future__ import annotations

from landscape.errors import check_choice

CONTEXTS = {"paper": 1.0, "talk": 2.0, "poster": 4.0}
"""How many times larger than in a paper everything is, the default widths included."""


def factor_of(context: str | None) -> float:
    """The factor of a context; None is ``paper``. Raises an InputError if it is unknown."""
    check_choice("context", context or "paper", CONTEXTS)
    return CONTEXTS[context or "paper"]
