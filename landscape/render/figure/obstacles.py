"""What is drawn on axes already, in inches: lines, marks, names and legends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.grid import FloatArray

_SPACING = 0.03
_MOST = 4000


@dataclass(frozen=True, eq=False)
class Obstacle:
    """Discs around points, shape (n, 2), in inches from the lower left corner of the axes."""

    points: FloatArray
    radius: float


def to_inches(axes: Any) -> tuple[Callable[[Any], FloatArray], FloatArray]:
    """The map from data to inches, and the size of the axes in inches."""
    box = axes.get_position()
    size: FloatArray = axes.figure.get_size_inches() * (box.width, box.height)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()

    def inches(points: Any) -> FloatArray:
        places: FloatArray = np.asarray(points, dtype=float) - (x0, y0)
        scaled: FloatArray = places / (x1 - x0, y1 - y0) * size
        return scaled

    return inches, size


def obstacles(axes: Any) -> list[Obstacle]:
    """Everything that a label must not touch."""
    inches, _ = to_inches(axes)
    found = []
    for line in axes.lines:
        if line.get_transform() != axes.transData or line.get_gid() == "samples":
            continue
        points = inches(line.get_xydata())
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            continue
        if line.get_linestyle() not in ("None", "none", ""):
            found.append(Obstacle(dense(points), line.get_linewidth() / 144))
        if line.get_marker() not in ("None", "none", "", None):
            edge = line.get_markersize() + line.get_markeredgewidth()
            found.append(Obstacle(points, edge / 144))
    for lines in axes.collections:
        if lines.get_gid() in ("chance", "scale bar"):
            found += [
                Obstacle(dense(inches(p.vertices)), 0.01) for p in lines.get_paths() if len(p)
            ]
    legend = axes.get_legend()
    boxes = [text for text in axes.texts if text.get_text()] + ([legend] if legend else [])
    corner = axes.get_window_extent().p0
    for artist in boxes:
        extent = artist.get_window_extent()
        (left, low), (right, high) = (
            (extent.p0 - corner) / axes.figure.dpi,
            (extent.p1 - corner) / axes.figure.dpi,
        )
        u = np.linspace(left, right, max(2, int((right - left) / _SPACING) + 1))
        v = np.linspace(low, high, max(2, int((high - low) / _SPACING) + 1))
        found.append(Obstacle(np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2), 0.02))
    return found


def dense(points: FloatArray) -> FloatArray:
    """The points of a line no further apart than ``_SPACING``, as many as a picture shows."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if along[-1] == 0:
        return points[:1]
    count = min(_MOST, int(along[-1] / _SPACING) + 2)
    at = np.union1d(np.linspace(0, along[-1], count), along[:: max(1, len(along) // _MOST)])
    return np.stack([np.interp(at, along, points[:, k]) for k in (0, 1)], axis=1)


def nearest(discs: FloatArray, points: FloatArray) -> FloatArray:
    """The smallest distance from the discs of each candidate to the points, (candidates,)."""
    flat = discs.reshape(-1, 2)
    squares = ((flat[:, None] - points[None]) ** 2).sum(axis=-1)
    found: FloatArray = np.sqrt(squares.min(axis=1)).reshape(discs.shape[:2]).min(axis=1)
    return found
