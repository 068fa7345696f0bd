"""What was asked of a run, as a surface file keeps it: the attribute ``request``.

It is a JSON object of keyword arguments, those that are not by default, so that
``sample_surface(problem, **json.loads(surface.attributes["request"]))`` gives the surface again.
Functions, tensors and long arrays are named, not kept; a request with such a name is refused.
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
"""Characters of one value as JSON: all together fit into an attribute of an HDF5 file (64 KiB)."""


def kept(value: Any) -> Any:
    """A value as JSON has it, or what it was."""
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
    """Refuse what :func:`kept` has put in place of a value.

    Raises
    ------
    InputError
        Naming the argument, and what it was.
    """
    for one in given if isinstance(given, list | tuple) else [given]:
        if isinstance(one, Mapping) and _NOT_KEPT in one:
            raise InputError(
                f"{argument(name)}: the file says only what it was ({one[_NOT_KEPT]}); give the "
                "value itself"
            )


def continued(before: object, now: str) -> str:
    """What a file says once a run has gone on with it.

    What it was begun with decides, as it does on how points are computed; a later title takes the
    place of an earlier one, and more paths come to those that are there.
    """
    try:
        earlier, later = json.loads(str(before)), json.loads(now)
        new = {name: value for name, value in later.items() if name not in earlier}
        asked = {**earlier, **new}
    except (ValueError, TypeError, AttributeError):  # another program's
        return now
    if "title" in later:
        asked["title"] = later["title"]
    runs = [*earlier.get("trajectories", []), *later.get("trajectories", [])]
    if runs:
        asked["trajectories"] = [one for k, one in enumerate(runs) if one not in runs[:k]]
    return json.dumps(asked)
