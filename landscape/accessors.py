"""Accessors: methods that a higher layer adds to a data object, loaded on first use.

:mod:`landscape.render` depends on surfaces, not the reverse: the package registers its plotting
methods here by name, like accessors of xarray and pandas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Accessor = Callable[[Any], Any]
"""Maps an object to its accessor."""

_registered: dict[str, Callable[[], Accessor]] = {}


def register_accessor(name: str, load: Callable[[], Accessor]) -> None:
    """Register ``load()(object)`` as the accessor of that name."""
    _registered[name] = load


def accessor(name: str, of: Any) -> Any:
    """The registered accessor of an object."""
    return _registered[name]()(of)
