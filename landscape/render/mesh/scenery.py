"""Reliefs side by side in one space, and the shared options of mesh files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.heights import prepare
from landscape.render.resolve import is_line, quantity_of_all
from landscape.render.space.relief import HEIGHT, Relief, relief
from landscape.surface import Surface

_GAP = 0.15
"""Between surfaces, in units of their width."""


@dataclass(frozen=True)
class Shape:
    """The shape options of the writers of mesh files.

    ``quantity``, ``scale``, ``clip``, ``norm_range``: as for a figure, see
    :func:`landscape.render.heights.prepare`. ``interpolate``: ``cubic`` or ``none``.
    ``height_ratio``: height of the box, bottom to top of the scale, in units of its width.
    """

    quantity: str | None = None
    scale: str | None = None
    clip: str | float = "auto"
    norm_range: tuple[float, float] | None = None
    interpolate: str = "cubic"
    height_ratio: float = HEIGHT

    def reliefs(self, surfaces: Sequence[Surface], cells: int, most: int) -> list[Relief]:
        """The shapes of all surfaces on one scale, with at most about this many cells.

        Raises an InputError if there is none, one is a line, or an option is out of range.
        """
        in_range("height_ratio", self.height_ratio, 0.01, 10)
        if not surfaces:
            raise InputError("no surface to write; expected at least one")
        lines = [s for s in surfaces if is_line(s)]
        if lines:
            raise InputError(
                f"a mesh needs at least 2 × 2 points, one surface has {lines[0].grid}; "
                "draw it as a curve (.png, .pdf, .svg, .html)"
            )
        name = quantity_of_all(surfaces, self.quantity)
        look: dict[str, Any] = {"scale": self.scale, "clip": self.clip}
        panels, shared = prepare([(s, name) for s in surfaces], **look, norm_range=self.norm_range)
        return [relief(p, shared, self.interpolate, cells, most) for p in panels]

    def left(self, place: int) -> float:
        """The x of the middle of the surface at a place, counted from the left."""
        return place * (1 + _GAP)

    def points(self, shape: Relief, place: int) -> FloatArray:
        """Its points one unit wide, shape (ny, nx, 3); the place counts from the left."""
        points = shape.points()
        points[..., 0] += self.left(place)
        points[..., 2] *= self.height_ratio / HEIGHT
        return points


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Check that the value of an option is within bounds.

    Raises an InputError if it is out of bounds, or not a number.
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{name} {value:g}: expected between {low:g} and {high:g}")


def notes(reliefs: Sequence[Relief]) -> str:
    """Notes on clipped values and holes."""
    return " ".join(dict.fromkeys(n for r in reliefs for n in (*r.panel.notes, *r.notes)))
