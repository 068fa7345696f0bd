"""Validation of requested settings against those of a family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from landscape.errors import InputError, unknown_choice
from landscape.models.family import Family

_EXPECTED = {int: "a whole number", float: "a number", str: "text"}


def checked(family: Family, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Validate settings and convert each to the type of its default.

    Raises an InputError for a setting or a kind of shortcuts that the family does not have, and for
    a value of another type.
    """
    kinds = family.shortcuts
    if asked.get("shortcuts", kinds[0]) not in kinds:
        raise unknown_choice(f"kind of shortcuts of {name}", asked["shortcuts"], kinds)
    found = {}
    for key, value in asked.items():
        if key == "shortcuts":
            found[key] = value
            continue
        if key not in family.defaults:
            raise unknown_choice(f"setting of {name}", key, ["shortcuts", *family.defaults])
        found[key] = typed(family.defaults[key], value)
        if found[key] is None:
            expected = _EXPECTED[type(family.defaults[key])]
            raise InputError(f"{key} of {name} is {value!r}: expected {expected}")
    return found


def typed(default: Any, value: Any) -> Any:
    """Convert a value to the type of the default; None if it cannot be converted."""
    kind = type(default)
    if isinstance(value, str) and kind is not str:
        try:
            value = kind(value)
        except ValueError:
            return None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if type(value) is kind and finite else None
