"""Help and command-line form of an option, defined once for Python and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import Any


@dataclass(frozen=True)
class Option:
    """Documentation of a field, and its form on the command line.

    Attributes
    ----------
    help
        Meaning, in one sentence without a full stop.
    metavar, read, several
        On the command line: placeholder, conversion from text, and whether the option can be
        repeated. Without ``metavar`` it exists in Python only.
    group
        Heading it is listed under.
    in_python, in_command
        Additions to ``help`` for only one of the two.
    more_names
        Additional names on the command line.
    of_surface
        Whether it determines the surface, and so is stored with it, rather than where and how
        this run works.
    """

    help: str
    metavar: str | None
    group: str
    in_python: str = ""
    in_command: str = ""
    read: Callable[[str], Any] = str
    several: bool = False
    more_names: tuple[str, ...] = ()
    of_surface: bool = True


def option(metavar: str | None, help: str, group: str, **more: Any) -> dict[str, Option]:
    return {"option": Option(help, metavar, group, **more)}


def option_of(one: Field[Any]) -> Option:
    """The documentation of a field."""
    found: Option = one.metadata["option"]
    return found
