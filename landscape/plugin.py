"""User-defined functions, given as ``package.module:function``."""

from __future__ import annotations

import functools
import importlib
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscape.errors import InputError, argument, one_line

_NOT_THE_USERS = ("<frozen", __file__, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
"""Prefixes of files whose lines are not the user's code."""


def load_function(name: str, given_as: str) -> Callable[..., Any]:
    """Import ``package.module:function``, the value of the argument ``given_as``.

    Errors raised inside the function later are reported as an InputError with their location.
    Raises an InputError if the module cannot be imported, or the attribute does not exist or cannot
    be called.
    """
    given = argument(given_as, name)
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # importing a module can raise anything
        raise InputError(
            f"{given}: cannot import {module_name!r} ({_told(error)}); expected "
            "package.module:function, importable from the current folder"
        ) from error
    found = getattr(module, attribute, None)
    if not callable(found):
        what = "does not exist" if found is None else f"is a {type(found).__name__}"
        raise InputError(f"{given}: {attribute!r} of {module_name} {what}; expected a function")
    function = _guarded(found, given)
    function.__name__ = attribute  # callable objects have no name
    return function


def _guarded(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except InputError:
            raise
        except Exception as error:  # a user's function can raise anything
            raise InputError(f"{what} failed: {_told(error)}; fix the function") from error

    return guarded


def _told(error: BaseException) -> str:
    """The type and message of an error in one line, with the line of the user's code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(_NOT_THE_USERS)]
    place = f" (line {own[-1].lineno} of {Path(own[-1].filename).name})" if own else ""
    return f"{one_line(error)}{place}"
