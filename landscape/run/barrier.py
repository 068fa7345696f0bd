"""The barrier between the solutions at 0 and 1 of a line, stored with its surface."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from landscape.evaluate.in_memory import mean_loss
from landscape.grid import FloatArray
from landscape.measures.barrier import barrier
from landscape.problem import Problem
from landscape.surface import Surface


def lacks_barrier(surface: Surface) -> bool:
    """Whether the barrier is not stored yet, and the grid has points to compute it from."""
    between = ((surface.x > 0.0) & (surface.x < 1.0)).any()
    return "barrier" not in surface.attributes and bool(between) and _line(surface) is not None


def note_barrier(surface: Surface, problem: Problem, solution: Mapping[str, Tensor]) -> None:
    """Store the barrier along x, where y is 0, and the losses of the two solutions.

    The losses of the solutions are those of the networks with their own running statistics; on the
    line itself only the first has them.
    """
    values = _line(surface)
    assert values is not None
    ends = mean_loss(problem), mean_loss(problem.with_state(solution))
    found = barrier(surface.x, values, ends)
    surface.attributes.update(
        barrier=found.height, barrier_at=found.t, loss_at_start=ends[0], loss_at_end=ends[1]
    )


def _line(surface: Surface) -> FloatArray | None:
    """The losses where y is 0; None if the grid has no such row."""
    values = surface[surface.main_quantity]
    if surface.y is None:
        return values
    row = np.flatnonzero(surface.y == 0.0)
    return values[int(row[0])] if row.size else None
