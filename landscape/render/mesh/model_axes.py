"""Axes of a ``.glb``, as lines: the floor, ticks, and the outlines of numerals and names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.textpath import TextPath

from landscape.grid import FloatArray
from landscape.render.scale import inner_ticks
from landscape.render.space.relief import HEIGHT, Relief
from landscape.render.words.directions import axis_name
from landscape.render.words.numerals import short

_NUMERAL, _NAME = 0.035, 0.045
"""Heights of letters in widths of the box."""
_TICK, _GAP = 0.02, 0.02
_INK = (90, 90, 90, 255)
_CAPITALS = 0.73
"""Their height in the font size."""
_HEIGHTS = 4
_X, _Y, _UP = np.eye(3)


def axes_of(tm: Any, relief: Relief, lift: float, left: float, *, first: bool, last: bool) -> Any:
    """The axes of one relief, its middle at ``left``.

    Neighbours share the scale of the heights, on the left of the first, and y, on the right of the
    last. ``lift``: the height of its box.
    """
    lines = [*_floor(), *_side(relief, "x", _X, -_Y)]
    if last:
        lines += _side(relief, "y", _Y, _X)
    if first:
        lines += _heights(relief, lift)
    path = tm.path.Path3D(vertices=np.concatenate(lines) + left * _X, process=False)
    ends = np.cumsum([0, *map(len, lines)])
    runs = [np.arange(*between) for between in pairwise(ends)]
    path.entities = [tm.path.entities.Line(run, color=_INK) for run in runs]
    return path


def _floor() -> list[FloatArray]:
    around = [(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.5, 0.5, 0), (-0.5, 0.5, 0), (-0.5, -0.5, 0)]
    return [np.array(around, float)]


def _side(relief: Relief, name: str, along: FloatArray, out: FloatArray) -> Iterator[FloatArray]:
    """Ticks, numerals and the name of an axis of the floor, to be read from outside."""
    surface = relief.panel.surface
    axis = surface.grid.axes[name]
    edge = out / 2
    for value in inner_ticks(axis):
        at = edge + along * ((value - axis[0]) / (axis[-1] - axis[0]) - 0.5)
        yield np.array([at, at + _TICK * out])
        middle = at + (_TICK + _GAP + _NUMERAL / 2) * out
        yield from _written(short(value), _NUMERAL, middle, along, -out)
    beyond = edge + (_TICK + 2 * _GAP + _NUMERAL + _NAME) * out
    yield from _written(axis_name(surface, name), _NAME, beyond, along, -out)


def _heights(relief: Relief, lift: float) -> Iterator[FloatArray]:
    """The edge of the heights at the near left, its numerals upright."""
    foot, scale = np.array([-0.5, -0.5, 0.0]), relief.scale
    yield np.array([foot, foot + lift * _UP])
    ticks = scale.ticks(_HEIGHTS)
    for value, height in zip(ticks, relief.raised(scale.heights(ticks)), strict=True):
        at = foot + lift / HEIGHT * height * _UP
        yield np.array([at, at - _TICK * _X])
        yield from _written(short(value), _NUMERAL, at - (_TICK + _GAP) * _X, _X, _UP, side=1.0)
    words = relief.panel.quantity.axis_label
    yield from _written(words, _NAME, foot + lift / 2 * _UP - 0.22 * _X, _UP, -_X)


def _written(
    words: str, size: float, at: Any, along: FloatArray, up: FloatArray, side: float = 0.5
) -> list[FloatArray]:
    """The outlines of words, at most 1 long; ``side``: 0 where ``at`` is left of them, 1 right."""
    plain = " ".join(words.split()).replace("$", r"\$")
    outline = TextPath((0, 0), plain, size=1.0)
    box = outline.get_extents()
    size = min(size / _CAPITALS, 1.0 / max(box.width, 1e-9))
    pen = (box.x0 + side * box.width, (box.y0 + box.y1) / 2)
    strokes = [(np.asarray(s) - pen) * size for s in outline.to_polygons(closed_only=False)]
    return [at + s[:, :1] * along + s[:, 1:] * up for s in strokes if len(s) > 1]
