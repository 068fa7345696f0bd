"""How high the loss rises between two solutions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError

_SAME = 1e-9  # grid coordinates this near to 0 or 1 count as 0 or 1


class Barrier(NamedTuple):
    """The height, in the unit of the loss, and the coordinate where it is reached."""

    height: float
    t: float


def barrier(
    t: npt.ArrayLike, losses: npt.ArrayLike, ends: tuple[float, float] | None = None
) -> Barrier:
    """max over t in [0, 1] of L(t) − ((1 − t) L_A + t L_B), over the given points.

    Entezari et al., *The Role of Permutation Invariance in Linear Mode Connectivity*, arXiv
    2110.06296, definition 2.1. It is a maximum over a grid, so a finer grid can only raise it.
    Raises an InputError if there is not one loss for each coordinate, none of them lies in [0, 1],
    or an end is neither given nor on the grid.

    Parameters
    ----------
    t
        Shape (n,): coordinates, 0 at solution A and 1 at B; those outside [0, 1] are ignored.
    losses
        Shape (n,). A NaN between the ends makes the height NaN.
    ends
        The losses of A and B themselves; None takes those at t = 0 and t = 1. They differ where
        the path does not pass through the unmodified networks, for example when all of its points
        use the batch-norm statistics of A.
    """
    where, values = np.asarray(t, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if where.ndim != 1 or where.shape != values.shape:
        raise InputError(
            f"losses of shape {values.shape} at coordinates of shape {where.shape}: expected "
            "one loss for each coordinate on a line"
        )
    inside = (where >= -_SAME) & (where <= 1 + _SAME)
    if not inside.any():
        raise InputError(
            "no coordinate from 0 to 1, where the two solutions are: expected at least one"
        )
    first, last = ends if ends is not None else (_at(0.0, where, values), _at(1.0, where, values))
    where, values = where[inside], values[inside]
    with np.errstate(invalid="ignore"):  # infinite losses
        above = values - ((1 - where) * first + where * last)
    highest = int(np.argmax(above))  # the first NaN, if there is one
    return Barrier(float(above[highest]), float(where[highest]))


def _at(end: float, where: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float:
    (found,) = np.nonzero(np.abs(where - end) <= _SAME)
    if len(found) == 0:
        raise InputError(
            f"the grid has no point at {end:g}, the position of a solution: expected one at 0 "
            "and one at 1, as in -0.5:1.5:41, or the losses of both solutions"
        )
    return float(values[found[0]])
