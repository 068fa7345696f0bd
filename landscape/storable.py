"""What a surface file can hold: everything else is refused before it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.hdf5 import LARGEST
from landscape.surface import Attribute, Surface

OF_THE_FILE = {"schema", "quantities", "values_sha256"}
"""Attributes of the file itself, not of the surface."""

_OF_HDF5 = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS"}
OF_AN_AXIS = {*_OF_HDF5, "_Netcdf4Dimid", "long_name", "units"}
"""Attributes of the dimension of an axis, not of its direction."""

UNFINISHED = "unfinished"
"""The group of what a run keeps until it is complete."""

_DATASETS = ("x", "y", "done", "trajectories", UNFINISHED)
_NUMBER = 8  # bytes
_LARGEST_ATTRIBUTE = 2**15


def check_storable(surface: Surface) -> None:
    """Check that a surface can be written to a file, and read again.

    Raises
    ------
    InputError
        Naming what cannot be stored.
    """
    check_size(surface.grid, len(surface.quantities))
    for name in surface.quantities:
        _check_name(name, "quantity", _DATASETS)
    for name in surface.trajectories:
        _check_name(name, "trajectory", ())
    _check_attributes(surface.attributes, OF_THE_FILE)
    for facts in surface.axes.values():
        _check_attributes(facts, OF_AN_AXIS)


def check_size(grid: Grid, quantities: int) -> None:
    """Check that a surface is not larger than files that are opened.

    Raises an InputError that states the limit.
    """
    size = _NUMBER * (grid.size * (quantities + 1) + sum(axis.size for axis in grid.axes.values()))
    if size > LARGEST:
        most = LARGEST // (_NUMBER * (quantities + 2))
        raise InputError(
            f"{grid.size:,} points of {quantities} quantities take {size:,} bytes, but a surface "
            f"file holds at most {LARGEST:,}, which is {most:,} such points; give fewer points, "
            "splits, metrics or draws"
        )


def storable(facts: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Attributes with every character that HDF5 cannot store as an escape sequence."""
    return {
        name: _text(value) if isinstance(value, str) else value for name, value in facts.items()
    }


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _check_name(name: str, what: str, taken: Iterable[str]) -> None:
    if not name or "/" in name or name == "." or not name.isprintable():
        raise InputError(
            f"the name of the {what} {name!r} cannot be stored; expected printable characters "
            "without line ends, tabs and '/'"
        )
    if name in taken:
        raise InputError(f"a {what} cannot be called {name!r}, which surface files use themselves")


def _check_attributes(facts: Mapping[str, object], taken: Iterable[str]) -> None:
    for name, value in facts.items():
        if not isinstance(name, str) or not name or "\0" in name or _text(name) != name:
            raise InputError(f"the name of the attribute {name!r} cannot be stored")
        if name in taken:
            raise InputError(
                f"an attribute cannot be called {name!r}, which surface files use themselves; "
                "give it another name"
            )
        if not isinstance(value, str) and not _is_number(value):
            raise InputError(
                f"attribute {name!r} is {value!r:.80}, which cannot be stored; expected text or a "
                "number of 64 bits"
            )


def _is_number(value: object) -> bool:
    """Whether it is a number, or an array of a few, with a type of HDF5."""
    try:
        array = np.asarray(value)
    except ValueError:
        return False
    return array.dtype.kind in "biuf" and array.nbytes <= _LARGEST_ATTRIBUTE
