"""How an option is explained, once for Python and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass
from typing import Any


@dataclass(frozen=True)
class Option:
    """How a field is explained, and how it is given on a command line.

    Attributes
    ----------
    help
        What it means, in one sentence without a full stop.
    metavar, read, several
        On a command line: what stands for the value, what makes it of the text, and whether it may
        come several times. Without ``metavar`` it is for Python alone.
    group
        Under which heading it is listed.
    in_python, in_command
        What there is to say beside ``help`` to one of the two.
    more_names
        On a command line: what it is called there beside the name of the field.
    of_surface
        Whether it says what the surface is, and so is stored with it; else it says where and how
        this run does its work.
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
    """How a field is explained."""
    found: Option = one.metadata["option"]
    return found
