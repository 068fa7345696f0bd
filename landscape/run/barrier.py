"""The barrier between the two solutions at 0 and 1 of a line, noted on its surface."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from landscape.measures.barrier import barrier
from landscape.planes.paths import own_loss
from landscape.problem import Problem
from landscape.surface import Surface


def note_barrier(surface: Surface, problem: Problem, solution: Mapping[str, Tensor]) -> None:
    """Store the barrier along x, where y is 0, and the losses of the two solutions.

    The losses are those of the networks as they are, each with its own running statistics, which
    on the line itself only the first has. A grid without a point between them has no barrier.
    """
    name = surface.main_quantity
    values = surface[name]
    ends = own_loss(problem, name), own_loss(problem.with_state(solution), name)
    if surface.y is not None:
        row = np.flatnonzero(surface.y == 0.0)
        if row.size == 0:
            return
        values = values[int(row[0])]
    if ((surface.x > 0.0) & (surface.x < 1.0)).any():
        found = barrier(surface.x, values, ends)
        surface.attributes.update(
            barrier=found.height, barrier_at=found.t, loss_at_start=ends[0], loss_at_end=ends[1]
        )
