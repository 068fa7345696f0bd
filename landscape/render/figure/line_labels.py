"""Place the labels of contour lines: on the line, clear of the marker and of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects

from landscape.grid import FloatArray
from landscape.render.figure.style import text_width

_SIZE = 7.0
_HALF_HEIGHT = 0.055
_CANDIDATES = 160
_HALO = [patheffects.withStroke(linewidth=1.6, foreground="white", alpha=0.75)]


def label_lines(
    axes: Any,
    lines: Any,
    words: Callable[[float], str],
    marked: Sequence[FloatArray],
    crossing: Sequence[FloatArray],
) -> None:
    """Label each level once, on its longest line, where that is straightest and least crowded.

    A rough surface has dozens of islands per level; labelling each would hide the picture. A
    level without free space on its line gets no label.

    ``lines``: the contour set; the limits of the axes are those of the finished picture.
    ``marked``: points, shapes (n, 2), that labels must not cover. ``crossing``: other lines of the
    picture, shapes (n, 2), that labels should avoid.
    """
    box = axes.get_position()
    size = axes.figure.get_size_inches() * (box.width, box.height)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()

    def inches(points: Any) -> FloatArray:
        places: FloatArray = np.asarray(points, dtype=float) - (x0, y0)
        scaled: FloatArray = places / (x1 - x0, y1 - y0) * size
        return scaled

    pieces = [_longest(path, inches) for path in lines.get_paths()]
    taken = [(inches(points), 0.06) for points in marked]  # centres of discs, and their radius
    crossed = [inches(points) for points in crossing if len(points)]
    where = []
    for k, (level, piece) in enumerate(zip(lines.levels, pieces, strict=True)):
        half = text_width(words(level), _SIZE) / 2 + 0.03
        others = [p for j, p in enumerate(pieces) if j != k and len(p)] + crossed
        best = _best_place(piece, half, size, taken, others)
        if best is not None:
            discs, centre = best
            taken.append((discs, _HALF_HEIGHT))
            where.append(tuple(centre / size * (x1 - x0, y1 - y0) + (x0, y0)))
    if where:
        for text in axes.clabel(lines, fmt=words, manual=where, fontsize=_SIZE, inline_spacing=2):
            text.set(path_effects=_HALO, alpha=1.0, color="black", gid="level")


def _longest(path: Any, inches: Callable[[Any], FloatArray]) -> FloatArray:
    parts = [inches(p) for p in path.to_polygons(closed_only=False) if len(p) > 1]
    return max(parts, key=lambda p: float(_along(p)[-1]), default=np.empty((0, 2)))


def _along(points: FloatArray) -> FloatArray:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _best_place(
    piece: FloatArray,
    half: float,
    size: FloatArray,
    taken: list[tuple[FloatArray, float]],
    others: list[FloatArray],
) -> tuple[FloatArray, FloatArray] | None:
    """Discs that cover the label and its centre on the line, in inches; None if there is no space.

    A label is a row of discs along the chord of the piece of line that it covers.
    """
    if not len(piece):
        return None
    along = _along(piece)
    if along[-1] < 3.0 * half:
        return None
    at = np.linspace(half, along[-1] - half, _CANDIDATES)

    def point(distance: FloatArray) -> FloatArray:
        return np.stack([np.interp(distance, along, piece[:, k]) for k in (0, 1)], axis=-1)

    centre, chord = point(at), point(at + half) - point(at - half)
    length = np.linalg.norm(chord, axis=1)
    straight = length / (2 * half)
    unit = chord / np.maximum(length, 1e-12)[:, None]
    across = np.linspace(-half, half, 7)
    discs = centre[:, None] + across[:, None] * unit[:, None]  # (candidates, 7, 2)
    edge = np.minimum(discs, size - discs).min(axis=(1, 2)) - _HALF_HEIGHT
    away = np.full(len(at), np.inf)
    for points, radius in taken:
        away = np.minimum(away, _nearest(discs, points) - radius - _HALF_HEIGHT)
    crossed = np.zeros(len(at))
    for other in others:
        step = max(1, len(other) // 400)
        crossed += _nearest(discs, other[::step]) < _HALF_HEIGHT
    score = 2 * straight + np.minimum(away, 0.4) + np.minimum(edge, 0.2) - 0.3 * crossed
    score[(edge < 0.02) | (away < 0.03) | (straight < 0.7) | (crossed > 1)] = -np.inf
    best = int(np.argmax(score))
    return (discs[best], centre[best]) if np.isfinite(score[best]) else None


def _nearest(discs: FloatArray, points: FloatArray) -> FloatArray:
    """The smallest distance from the discs of each candidate to the points, (candidates,)."""
    flat = discs.reshape(-1, 2)
    squares = ((flat[:, None] - points[None]) ** 2).sum(axis=-1)
    nearest: FloatArray = np.sqrt(squares.min(axis=1)).reshape(discs.shape[:2]).min(axis=1)
    return nearest
