"""Ctrl-C while the modules of a command are imported, before the command can answer it."""

from __future__ import annotations

import sys
from itertools import pairwise
from types import TracebackType


def is_command(words: list[str]) -> bool:
    """Whether the words that Python was started with run a command of this package.

    >>> is_command(["python", "-m", "landscape.sample"]), is_command(["python", "-m", "pytest"])
    (True, False)
    """
    modules = (word for before, word in pairwise(words) if before == "-m")
    return any(module.partition(".")[0] == "landscape" for module in modules)


def answer_ctrl_c() -> None:
    """Print one line for a KeyboardInterrupt that nobody catches, not a traceback."""
    usual = sys.excepthook

    def said(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("interrupted: nothing was written", file=sys.stderr)
        else:
            usual(kind, error, place)

    sys.excepthook = said
