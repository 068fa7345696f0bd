"""Methods that a higher room adds to a data object, loaded when they are first used.

A surface is drawn by :mod:`landscape.render`, which knows surfaces; so that surfaces need not know
it, the package registers it here by name, as accessors are registered with xarray and pandas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Accessor = Callable[[Any], Any]
"""From the object to its methods."""

_registered: dict[str, Callable[[], Accessor]] = {}


def register_accessor(name: str, load: Callable[[], Accessor]) -> None:
    """Register what ``load()`` returns, called on an object, as its accessor of that name."""
    _registered[name] = load


def accessor(name: str, of: Any) -> Any:
    """The registered accessor of an object."""
    return _registered[name]()(of)
