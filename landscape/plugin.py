"""User-defined functions, given as ``package.module:function`` or ``folder/module.py:function``."""

from __future__ import annotations

import functools
import importlib
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from landscape.errors import InputError, argument, one_line

_NOT_THE_USERS = ("<frozen", __file__, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
"""Prefixes of files whose lines are not the user's code."""


def load_function(name: str, given_as: str) -> Callable[..., Any]:
    """Import ``package.module:function``, the value of the argument ``given_as``.

    The module may also be given as a file, ``folder/module.py:function``; then modules are found
    next to it too, as if Python ran the file.

    Errors raised inside the function later are reported as an InputError with their location.
    Raises an InputError if the module cannot be imported, or the attribute does not exist or cannot
    be called.
    """
    given = argument(given_as, name)
    module_name, _, attribute = name.rpartition(":")
    if not attribute or (not module_name and ":" not in name):
        raise InputError(
            f"{given}: expected package.module:function or FILE.py:function, as in nets:network"
        )
    try:
        module = _imported(module_name, given)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # importing a module can raise anything
        raise InputError(
            f"{given}: cannot import {module_name!r} ({_told(error)}); expected "
            "package.module:function, importable from the current folder, or FILE.py:function"
        ) from error
    found = getattr(module, attribute, None)
    if not callable(found):
        what = "does not exist" if found is None else f"is a {type(found).__name__}"
        raise InputError(f"{given}: {attribute!r} of {module_name} {what}; expected a function")
    function = _guarded(found, given)
    function.__name__ = attribute  # callable objects have no name
    return function


def _imported(name: str, given: str) -> ModuleType:
    """The module of a dotted name or of a ``.py`` file."""
    file = Path(name)
    if file.suffix != ".py":
        return importlib.import_module(name)
    if not file.is_file():
        raise InputError(
            f"{given}: there is no file {name}; expected FILE.py:function or "
            "package.module:function"
        )
    folder = str(file.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module(file.stem)
    if module.__file__ is None or not file.samefile(module.__file__):
        raise InputError(
            f"{given}: another module is called {file.stem!r} ({module.__file__ or 'built in'}); "
            "rename the file"
        )
    return module


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
