"""Take along the points of a coarser surface of the same run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from landscape.errors import InputError, argument
from landscape.grid import FloatArray, IntArray
from landscape.run.resume import differences_of
from landscape.surface import Surface

_SAME = 1e-9
"""Of the step between coordinates: closer ones are the same point."""


def take_along(surface: Surface, coarser: Surface, file: Path, *, all_points: bool = False) -> int:
    """Record the computed points of ``coarser`` that lie on the grid of ``surface``.

    Parameters
    ----------
    file
        Its name in messages.
    all_points
        Whether every computed point has to lie on the grid, as where the file is replaced.

    Returns
    -------
    int
        The number of points that were not known before.

    Raises
    ------
    InputError
        If the two are of different runs (differences are named), or no point, or not every one, is
        on the grid.
    """
    same_grid = Surface(
        surface.grid, coarser.quantities, attributes=coarser.attributes, axes=coarser.axes
    )
    differences = differences_of(same_grid, surface)
    if len(coarser.grid.axes) != len(surface.grid.axes):
        differences.insert(0, f"grid: the file has {coarser.grid}, this run has {surface.grid}")
    if differences:
        listed = "\n".join(f"  {line}" for line in differences)
        raise InputError(
            f"{argument('refine', file)}: it was written by a different run. Differences:\n{listed}"
        )
    pairs = [
        _matches(old, new)
        for old, new in zip(coarser.grid.axes.values(), surface.grid.axes.values(), strict=True)
    ][::-1]  # (y, x), as in the arrays
    there, here = (np.ix_(*(pair[k] for pair in pairs)) for k in (0, 1))
    taken = coarser.done[there]
    lost = int(coarser.done.sum() - taken.sum())
    if not taken.any() or (all_points and lost):
        raise InputError(
            f"{argument('refine', file)}: {lost:,} of its {int(coarser.done.sum()):,} points are "
            f"not on the grid {surface.grid}; a grid that holds them all has a multiple of its "
            "steps, such as 17 points for 9"
        )
    new = taken & ~surface.done[here]
    for name, values in surface.values.items():
        values[here] = np.where(new, coarser[name][there], values[here])
    surface.done[here] |= taken
    for name, path in coarser.trajectories.items():
        surface.trajectories.setdefault(name, path)
    if "sessions" in coarser.attributes:
        surface.attributes.setdefault("sessions", coarser.attributes["sessions"])
    return int(new.sum())


def _matches(old: FloatArray, new: FloatArray) -> tuple[IntArray, IntArray]:
    """Indices of the coordinates that two axes have in common, in both."""
    near = np.clip(np.searchsorted(new, old), 1, max(new.size - 1, 1))
    left, right = near - 1, np.minimum(near, new.size - 1)
    index = np.where(np.abs(new[left] - old) <= np.abs(new[right] - old), left, right)
    step = np.diff(new).min() if new.size > 1 else 1.0
    same = np.abs(new[index] - old) <= _SAME * step
    return np.flatnonzero(same).astype(np.int64), index[same].astype(np.int64)
