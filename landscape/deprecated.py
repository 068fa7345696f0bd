"""Deprecated names, which keep working with a warning."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


def warn_renamed(old: str, new: str, *, stacklevel: int = 2) -> None:
    """Warn the caller's caller that ``old`` is now called ``new``."""
    message = f"{old} is deprecated: it is now called {new}"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)


def renamed(**new_names: str) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Decorate a function to accept former names of keyword arguments, given as ``old="new"``.

    >>> @renamed(ignored="ignore")
    ... def size(*, ignore="biasbn"):
    ...     return ignore
    >>> size(ignore="none")
    'none'

    ``size(ignored="none")`` gives the same with a DeprecationWarning; giving both names is a
    TypeError.
    """

    def accept(function: Callable[P, Result]) -> Callable[P, Result]:
        @functools.wraps(function)
        def with_old_names(*args: P.args, **given: P.kwargs) -> Result:
            for old in new_names.keys() & given.keys():
                warn_renamed(f"{function.__qualname__}({old}=…)", f"{new_names[old]}=")
                if new_names[old] in given:
                    raise TypeError(
                        f"{function.__qualname__}() got {new_names[old]!r} and its former name "
                        f"{old!r}: give only the first"
                    )
                moved: dict[str, Any] = given
                moved[new_names[old]] = moved.pop(old)
            return function(*args, **given)

        with_old_names.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
        return with_old_names

    return accept
