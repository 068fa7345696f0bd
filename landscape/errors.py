"""Errors that a user can act on.

Every message says what came, what was expected and what to do. The command lines print it
without a traceback and leave with exit status 2; from Python it is an ordinary exception.

Messages name arguments by :func:`argument`. Whoever shows the error chooses how these are spelled:
``batch_size=0`` in Python, as an option on a command line.
"""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from numbers import Number
from pathlib import PurePath
from typing import Any, NamedTuple

_NOT_GIVEN = object()
# Around each part of an argument in a message. Nobody can guess it, so no text of a user has it.
_MARK = f"\ue000{os.urandom(8).hex()}\ue000"


class Argument(NamedTuple):
    """An argument in a message: its name in Python, and its value if there is one.

    ``value`` is the value as Python writes it, ``text`` as a command line does; both are empty
    where the name stands alone, and ``text`` is for a flag too, which is only switched on.
    """

    name: str
    value: str
    text: str


def argument(name: str, value: object = _NOT_GIVEN) -> str:
    """An argument, for the message of an :class:`InputError` (and for nothing else).

    >>> message = f"{argument('batch_size', 0)}: expected at least 1"
    >>> str(InputError(message))
    'batch_size=0: expected at least 1'
    >>> str(InputError(f"no GPU; choose {argument('device', 'cpu')}, or leave {argument('seed')}"))
    "no GPU; choose device='cpu', or leave seed"
    """
    if value is _NOT_GIVEN:
        return _marked(Argument(name, "", ""))
    return _marked(Argument(name, _in_python(value), "" if value is True else _in_shell(value)))


class InputError(Exception):
    """Something that the user gave cannot be used as it is.

    ``str``, ``repr`` and ``args`` have its arguments as Python spells them.

    Examples
    --------
    >>> from landscape import InputError, parse_range
    >>> try:
    ...     parse_range("1:0:5")
    ... except InputError as error:
    ...     print(str(error).partition(";")[0])
    x='1:0:5': start is not below stop
    """

    def __init__(self, message: str) -> None:
        pieces = message.split(_MARK)
        self._parts: list[str | Argument] = [pieces[0]]
        for at in range(1, len(pieces), 4):
            self._parts += [Argument(*pieces[at : at + 3]), pieces[at + 3]]
        super().__init__(self.spelled(_python))

    def spelled(self, spelling: Callable[[Argument], str]) -> str:
        """The message, with its arguments as ``spelling`` writes them."""
        return "".join(part if isinstance(part, str) else spelling(part) for part in self._parts)

    @property
    def marked(self) -> str:
        """The message, to be part of another error's, which then spells the arguments."""
        return self.spelled(_marked)

    def __reduce__(self) -> tuple[Any, ...]:
        return Exception.__new__, (type(self), *self.args), self.__dict__


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


def _marked(argument: Argument) -> str:
    return _MARK + _MARK.join(argument) + _MARK


def _python(argument: Argument) -> str:
    return f"{argument.name}={argument.value}" if argument.value else argument.name


def _in_python(value: object) -> str:
    if isinstance(value, PurePath):
        return repr(str(value))
    return str(value) if isinstance(value, Number) else repr(value)


def _in_shell(value: object) -> str:
    if isinstance(value, Mapping):
        value = [f"{key}={setting}" for key, setting in value.items()]
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    return shlex.quote(str(value))
