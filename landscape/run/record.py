"""The request of a run as stored in a surface file: the attribute ``request``.

It is a JSON object of the keyword arguments that differ from their defaults, so that
``sample_surface(problem, **json.loads(surface.attributes["request"]))`` reproduces the surface.
Functions, tensors and long arrays are only named; such a request is rejected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from landscape.errors import InputError, argument
from landscape.evaluate import Tolerance
from landscape.planes import Run

REQUEST = "request"

_NOT_KEPT = "not kept"
_LONGEST = 4_000
"""Characters of one value as JSON: all together fit into an HDF5 attribute (64 KiB)."""


def kept(value: Any) -> Any:
    """A value as JSON, or a description of what it was."""
    if isinstance(value, tuple):
        found: Any = [kept(one) for one in value]
    elif value is None or isinstance(value, str | bool | int | float):
        found = value
    elif isinstance(value, PurePath | Tolerance):
        found = str(value)
    elif isinstance(value, Run):
        return {_NOT_KEPT: f"run {value.name}"}
    else:
        return {_NOT_KEPT: getattr(value, "__name__", type(value).__name__)[:100]}
    if len(json.dumps(found)) > _LONGEST:
        return {_NOT_KEPT: f"{len(found):,} values" if isinstance(found, list) else "a long text"}
    return found


def check_kept(given: object, name: str) -> None:
    """Reject a description that :func:`kept` stored instead of a value.

    Raises an InputError naming the argument and what it was.
    """
    for one in given if isinstance(given, list | tuple) else [given]:
        if isinstance(one, Mapping) and _NOT_KEPT in one:
            raise InputError(
                f"{argument(name)}: the file records only what it was ({one[_NOT_KEPT]}); give "
                "the value itself"
            )


def continued(before: object, now: str) -> str:
    """The request to store after a run has resumed a file.

    Options of the first run take precedence, as they do in how points are computed; a later title
    replaces an earlier one, and new trajectories are appended.
    """
    try:
        earlier, later = json.loads(str(before)), json.loads(now)
        new = {name: value for name, value in later.items() if name not in earlier}
        combined = {**earlier, **new}
    except (ValueError, TypeError, AttributeError):  # written by another program
        return now
    if "title" in later:
        combined["title"] = later["title"]
    runs = [*earlier.get("trajectories", []), *later.get("trajectories", [])]
    if runs:
        combined["trajectories"] = [one for k, one in enumerate(runs) if one not in runs[:k]]
    return json.dumps(combined)
