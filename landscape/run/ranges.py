"""Ranges as they are asked for: text, or coordinates."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError, argument
from landscape.grid import parse_range

Range = str | npt.ArrayLike
RANDOM_RANGE = "-1:1:25"
"""The range of random directions."""


def is_automatic(given: object) -> bool:
    return isinstance(given, str) and given.startswith("auto")


def requested_range(given: Range, name: str) -> Range:
    """The range as text if the text gives exactly these coordinates, otherwise as a tuple."""
    if isinstance(given, str):
        if given != "default" and not is_automatic(given):
            parse_range(given, name)
        return given
    _check_not_a_range(given, name)
    values = np.asarray(given)
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "fiu":
        invalid: Range = values.tolist()  # rejected by the grid
        return invalid
    for spell in ("{:g}".format, repr):
        ends = [spell(float(values[k])) for k in (0, -1)]
        text = f"{ends[0]}:{ends[1]}:{values.size}" if values.size > 1 else ends[0]
        with contextlib.suppress(InputError):
            if np.array_equal(parse_range(text), values):
                return text
    return tuple(values.astype(np.float64).tolist())


def _check_not_a_range(given: Any, name: str) -> None:
    """Reject ``(-1, 1, 9)``, which is meant as -1:1:9 rather than as three coordinates."""
    if not isinstance(given, tuple | list) or [type(v) for v in given[2:]] != [int]:
        return
    start, stop, count = given
    evenly = stop - start == count - stop
    if start < stop < count and (not evenly or start == -stop):
        text = f"{start}:{stop}:{count}"
        raise InputError(
            f"{argument(name, given)}: {count} points from {start} to {stop} are "
            f"{argument(name, text)}; the coordinates {start}, {stop} and {count} are "
            f"{name}=numpy.array({list(given)})"
        )
