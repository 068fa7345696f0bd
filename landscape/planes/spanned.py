"""The directions of a line or plane, with the range, runs and solutions that belong to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from landscape.directions import Direction
from landscape.params import Params
from landscape.plane import Interpolated, Plane, Reestimated
from landscape.planes.runs import Run
from landscape.problem import Problem
from landscape.surface import Attribute


@dataclass(frozen=True, eq=False)
class Spanned:
    """The directions of a line or plane through a network, with related data.

    Attributes
    ----------
    directions
        One (a line) or two (a plane).
    runs
        Training runs whose checkpoints are shown in the plane.
    ranges
        Suggested range per axis, as ``start:stop:count``; may be empty.
    solutions
        State dicts (parameters and buffers) of the networks at coordinate 1 of each axis, if the
        axes lead from one solution to others; otherwise empty.
    attributes
        Attributes to store with the surface.
    problem
        The problem whose parameters the directions move, if not those of the network.
    """

    directions: list[Direction]
    runs: Sequence[Run] = ()
    ranges: Sequence[str] = ()
    solutions: Sequence[Mapping[str, Tensor]] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    problem: Problem | None = None

    def plane(self, origin: Params, statistics: Interpolated | Reestimated | None = None) -> Plane:
        """The plane through the trained network ``origin``."""
        return Plane(origin, [d.vector for d in self.directions], statistics)
