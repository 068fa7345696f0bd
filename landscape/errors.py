"""Errors that a user can act on.

Every message states what came, what was expected and what to do. The command line prints it without
a traceback and exits with status 2; in Python it is an ordinary exception.

Messages name arguments with :func:`argument`, whose spelling depends on where the error is shown:
``batch_size=0`` in Python, an option on the command line.
"""

from __future__ import annotations

import difflib
import os
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Number
from pathlib import PurePath
from typing import Any, NamedTuple

_NOT_GIVEN = object()
# Delimits the parts of an argument in a message. Random, so that no user's text contains it.
_MARK = f"\ue000{os.urandom(8).hex()}\ue000"


class Argument(NamedTuple):
    """An argument in a message: its name in Python, and its value if given.

    ``value`` is the value in Python syntax, ``text`` in shell syntax; both are empty for a name
    without a value, ``text`` also for a flag.
    """

    name: str
    value: str
    text: str


def argument(name: str, value: object = _NOT_GIVEN) -> str:
    """Name an argument in the message of an :class:`InputError` (and nowhere else).

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
    """Input from the user that cannot be used.

    ``str``, ``repr`` and ``args`` spell arguments as in Python.

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
        """The message, with arguments formatted by ``spelling``."""
        return "".join(part if isinstance(part, str) else spelling(part) for part in self._parts)

    @property
    def marked(self) -> str:
        """The message for use in another error, with arguments still marked."""
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
    """The error for a name not in ``choices``, with the closest match if any."""
    names = list(choices)
    near = difflib.get_close_matches(str(came), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {what} {str(came)!r}: expected one of {', '.join(names)}{hint}")


def check_choice(what: str, came: object, choices: Collection[str]) -> None:
    """Raise the error of :func:`unknown_choice` for a name that is not in ``choices``."""
    if came not in choices:
        raise unknown_choice(what, came, choices)


def one_line(error: BaseException) -> str:
    """The type and message of a foreign error, shortened to fit into one of ours."""
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
