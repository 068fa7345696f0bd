"""The input of a measure: the values of a surface, which are usable, and their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.quantity import stderr_of
from landscape.surface import Surface


@dataclass(frozen=True, eq=False)
class Sampled:
    """One quantity of a surface; all arrays have the shape of the grid.

    ``values``: as stored. NaN and infinity are values that were computed. ``usable``: where the
    value has been computed and is finite. ``errors``: standard errors; 0 where the file has none.
    """

    values: FloatArray
    usable: npt.NDArray[np.bool_]
    errors: FloatArray


def sampled(surface: Surface, quantity: str | None = None) -> Sampled:
    """Read one quantity, by default the main loss.

    Raises an InputError if there is no such quantity.
    """
    name = quantity or surface.main_quantity
    values = surface[name]
    usable = surface.done & np.isfinite(values)
    error = stderr_of(surface.quantities, name)
    errors = np.zeros(surface.grid.shape) if error is None else surface[error]
    known = usable & np.isfinite(errors)
    return Sampled(values, usable, np.where(known, errors, 0.0))


def origin_index(surface: Surface) -> tuple[int, ...]:
    """The array index of the trained network: the point at coordinate 0.

    Raises an InputError if the grid has no point at 0.
    """
    index = []
    for axis in surface.grid.by_array_axis:
        zero = np.flatnonzero(axis == 0.0)
        if zero.size == 0:
            raise InputError(f"grid {surface.grid} has no point at the origin")
        index.append(int(zero[0]))
    return tuple(index)


def usable_origin(surface: Surface, quantity: str | None = None) -> tuple[int, ...]:
    """The index of the origin, once its loss is known and finite.

    Raises an InputError if the grid has no point at 0, or the loss there is not computed, NaN or
    infinite.
    """
    index = origin_index(surface)
    if not sampled(surface, quantity).usable[index]:
        state = "NaN or infinite" if surface.done[index] else "not computed yet"
        raise InputError(f"the loss at the origin, of the network itself, is {state}")
    return index
