"""Trajectories on a relief: their points in the box, and which of them a camera sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray
from landscape.render.space.relief import Relief
from landscape.surface import Trajectory

_SPACING = 0.005
"""Between the points of a drawn path, in box widths."""
_CELLS = 160
_TIP = 0.004


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a path that is all visible or all hidden: its points in the box, (n, 3)."""

    points: FloatArray
    visible: bool


def pieces(relief: Relief, path: Trajectory, eye: FloatArray) -> list[Piece]:
    """A path along the relief, cut where it leaves the plane, crosses a hole or goes out of sight.

    Parameters
    ----------
    eye
        The position of the viewer in the box, shape (3,).
    """
    points = on_relief(relief, *_dense(*_in_box(relief, path)))
    seen = visible(relief, points, eye)
    found = []
    for start, end in _runs(np.isfinite(points[:, 2]), seen):
        if end - start > 1:
            found.append(Piece(points[start:end], bool(seen[start])))
    return found


def ends(relief: Relief, path: Trajectory) -> FloatArray:
    """The first and last step in the box, shape (2, 3); NaN where it is not over the relief."""
    x, y = _in_box(relief, path)
    return on_relief(relief, x[[0, -1]], y[[0, -1]])


def on_relief(relief: Relief, x: FloatArray, y: FloatArray) -> FloatArray:
    """Points of the box at the heights of the relief, shape (n, 3); NaN outside and in holes."""
    from scipy.interpolate import RegularGridInterpolator

    on = RegularGridInterpolator((relief.along, relief.across), relief.up, bounds_error=False)
    return np.stack([x, y, on(np.stack([y, x], axis=1))], axis=1)


def visible(relief: Relief, points: FloatArray, eye: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether nothing of the relief is between each point, shape (n, 3), and the eye."""
    from scipy.interpolate import RegularGridInterpolator

    rows, columns = (max(1, n // _CELLS) for n in relief.up.shape)
    ground = RegularGridInterpolator(
        (relief.along[::rows], relief.across[::columns]),
        relief.up[::rows, ::columns],
        bounds_error=False,
    )
    rays = eye - points
    rays /= np.linalg.norm(rays[:, :2], axis=1, keepdims=True)  # a unit across the plane
    along = np.arange(1, int(1.5 * _CELLS) + 1) / _CELLS
    at = points[:, None] + along[:, None] * rays[:, None]
    below = ground(at[..., 1::-1])
    hidden: npt.NDArray[np.bool_] = (below > at[..., 2] + _TIP).any(axis=1)  # NaN hides nothing
    return ~hidden


def _in_box(relief: Relief, path: Trajectory) -> tuple[FloatArray, FloatArray]:
    surface = relief.panel.surface
    assert surface.y is not None
    x = (path.x - surface.x[0]) / (surface.x[-1] - surface.x[0]) - 0.5
    y = (path.y - surface.y[0]) / (surface.y[-1] - surface.y[0]) - 0.5
    return x, y


def _dense(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same path with points every ``_SPACING``, as its straight lines follow the relief."""
    steps = np.hypot(np.diff(x), np.diff(y))
    parts = np.maximum(1, np.ceil(np.minimum(steps, 4.0) / _SPACING)).astype(int)
    at = np.concatenate([[0.0], *(k + np.arange(1, n + 1) / n for k, n in enumerate(parts))])
    steps_at = np.arange(x.size)
    return np.interp(at, steps_at, x), np.interp(at, steps_at, y)


def _runs(there: npt.NDArray[np.bool_], seen: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Ranges of points that are there and alike; a run takes the first point of the next one."""
    kind = np.where(there, seen.astype(int), -1)
    edges = np.flatnonzero(np.diff(kind)) + 1
    for start, end in zip([0, *edges], [*edges, kind.size], strict=True):
        if kind[start] >= 0:
            joined = end < kind.size and kind[end] >= 0
            yield int(start), int(end) + joined
