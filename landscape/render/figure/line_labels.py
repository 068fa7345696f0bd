"""Place the labels of contour lines: on the line, clear of everything else in the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects

from landscape.grid import FloatArray
from landscape.render.figure.obstacles import Obstacle, nearest, obstacles, to_inches
from landscape.render.figure.style import text_width

SIZE = 6.5
"""Font size of the labels in points."""
_HALF_HEIGHT = 0.05
_CANDIDATES = 160
_HALO = [patheffects.withStroke(linewidth=1.6, foreground="white", alpha=0.75)]


def label_lines(axes: Any, lines: Any, words: Callable[[float], str]) -> None:
    """Label each level once, on its longest line with space, where that is straightest.

    A rough surface has dozens of islands per level; labelling each would hide the picture. A
    level without free space on its lines gets no label. Labels touch neither each other nor a
    path, a mark, a name or a legend.

    ``lines``: the contour set; everything else of the finished picture is on the axes already.
    """
    inches, size = to_inches(axes)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    taken = obstacles(axes)
    pieces = [_pieces(path, inches) for path in lines.get_paths()]
    order = _outermost_first(lines.levels)
    where, labels = [], []
    for k in order:
        half = text_width(words(lines.levels[k]), SIZE) / 2 + 0.03
        others = [p[0] for j, p in enumerate(pieces) if j != k and p]
        for piece in pieces[k]:
            best = _best_place(piece, half, size, taken, others)
            if best is not None:
                discs, centre = best
                taken.append(Obstacle(discs, _HALF_HEIGHT))
                where.append(tuple(centre / size * (x1 - x0, y1 - y0) + (x0, y0)))
                break
    if where:
        labels = axes.clabel(lines, fmt=words, manual=where, fontsize=SIZE, inline_spacing=2)
    for text in labels:
        text.set(path_effects=_HALO, alpha=1.0, color="black", gid="level")


def _outermost_first(levels: Sequence[float]) -> list[int]:
    """The ends, then the middle, then between: of too many levels those labelled are spread."""
    order: list[int] = []
    strides = [len(levels) - 1, *(2**k for k in range(10, -1, -1))]
    for stride in strides:
        order += [k for k in range(0, len(levels), max(stride, 1)) if k not in order]
    return order


def _pieces(path: Any, inches: Callable[[Any], FloatArray]) -> list[FloatArray]:
    """The separate lines of a level in inches, the longest first, at most five."""
    whole = path.deepcopy()
    whole.should_simplify = False  # by ninths of a unit of the data, which may be all of an axis
    parts = [inches(p) for p in whole.to_polygons(closed_only=False) if len(p) > 1]
    return sorted(parts, key=lambda p: -float(_along(p)[-1]))[:5]


def _along(points: FloatArray) -> FloatArray:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _best_place(
    piece: FloatArray,
    half: float,
    size: FloatArray,
    taken: Sequence[Obstacle],
    others: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray] | None:
    """Discs that cover the label and its centre on the line, in inches; None if there is no space.

    A label is a row of discs along the chord of the piece of line that it covers.
    """
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
    for obstacle in taken:
        away = np.minimum(away, nearest(discs, obstacle.points) - obstacle.radius - _HALF_HEIGHT)
    crossed = np.zeros(len(at))
    for other in others:
        step = max(1, len(other) // 400)
        crossed += nearest(discs, other[::step]) < _HALF_HEIGHT
    score = 2 * straight + np.minimum(away, 0.4) + np.minimum(edge, 0.2) - 0.3 * crossed
    score[(edge < 0.02) | (away < 0.02) | (straight < 0.7) | (crossed > 1)] = -np.inf
    best = int(np.argmax(score))
    return (discs[best], centre[best]) if np.isfinite(score[best]) else None
