"""Surfaces that are lines: the axis along which their values change."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.words.numerals import short
from landscape.surface import Surface

NORMAL_95 = 1.96
"""Half width of a 95 % interval of a normal distribution, in standard errors."""


@dataclass(frozen=True)
class Line:
    """The axis (``x`` or ``y``), its coordinates, and its position: ``y = 0.2``, or empty."""

    axis: str
    coordinates: FloatArray
    at: str


def line_of(surface: Surface) -> Line:
    """The line of a 1-D surface, or of a plane with a single row or column.

    Raises an InputError if there are several rows and columns, or only a single point.
    """
    sizes = {name: axis.size for name, axis in surface.grid.axes.items()}
    long = [name for name, size in sizes.items() if size > 1]
    if not long:
        raise InputError(
            f"cannot draw a surface of a single point ({surface.grid}); expected at least two"
        )
    if len(long) > 1:
        raise InputError(
            f"a curve needs a line, this surface has {sizes['x']} × {sizes['y']} points; "
            "draw it as contours or as a surface"
        )
    other = [f"{n} = {short(v[0])}" for n, v in surface.grid.axes.items() if n != long[0]]
    return Line(long[0], surface.grid.axes[long[0]], ", ".join(other))
