"""What a line or plane is made of before it is sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from landscape.directions import Direction
from landscape.params import Params
from landscape.plane import Interpolated, Plane, Reestimated
from landscape.planes.runs import Run
from landscape.surface import Attribute


@dataclass(frozen=True, eq=False)
class Spanned:
    """The directions of a line or plane through a network, and what belongs to it.

    Attributes
    ----------
    directions
        One (a line) or two (a plane).
    runs
        Training runs whose checkpoints are shown in the plane.
    ranges
        Per axis the range that shows what the plane was made for, as ``start:stop:count``; empty
        where nothing is known.
    solutions
        State dicts (parameters and buffers) of the networks at coordinate 1 of each axis, where
        the axes lead from one solution to others; else empty.
    attributes
        Facts for the surface's records.
    """

    directions: list[Direction]
    runs: Sequence[Run] = ()
    ranges: Sequence[str] = ()
    solutions: Sequence[Mapping[str, Tensor]] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def plane(self, origin: Params, statistics: Interpolated | Reestimated | None = None) -> Plane:
        """The plane itself, through the trained network."""
        return Plane(origin, [d.vector for d in self.directions], statistics)
