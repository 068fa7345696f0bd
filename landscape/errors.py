"""Errors that a user can act on.

Every message says what came, what was expected and what to do. The command lines print it
without a traceback and leave with exit status 2; from Python it is an ordinary exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something that the user gave cannot be used as it is."""


class MissingExtra(InputError):
    """A feature needs a package that is not part of the core installation."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed; in a checkout of landscape: "
            f"pip install '.[{extra}]'"
        )


def unknown_choice(what: str, came: object, choices: Iterable[str]) -> InputError:
    """The error for a name that is none of ``choices``, with the nearest one if there is one."""
    names = list(choices)
    near = difflib.get_close_matches(str(came), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {what} {str(came)!r}: expected one of {', '.join(names)}{hint}")


def one_line(error: BaseException) -> str:
    """The type and message of someone else's error, short enough to stand in one of ours."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {message[:200]}" if message else name
