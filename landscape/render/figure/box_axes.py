"""The axes of a 3-D picture: a floor, two back walls, numerals and names at the near edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.figure.box_names import (
    GAP,
    BoxName,
    beside,
    half_extent,
    near_sides,
    on_floor,
    outward,
)
from landscape.render.figure.style import TEXT_SIZE, text_width
from landscape.render.scale import inner_ticks
from landscape.render.space.camera import Camera
from landscape.render.space.projection import project
from landscape.render.space.relief import HEIGHT, Relief
from landscape.render.words.numerals import short

_GRID: dict[str, Any] = {"color": "0.86", "linewidth": 0.5, "zorder": 0.5}
_EDGE: dict[str, Any] = {"color": "0.45", "linewidth": 0.6, "zorder": 0.6}
_TITLE = 30.0
"""Points from the edge of the height to its name."""
_BESIDE = 3.0
"""Points between numerals of the height and what is beside them."""
_LEAST_APART = 8.0


def draw_box(
    axes: Any, relief: Relief, camera: Camera, ticks: FloatArray, names: Sequence[BoxName]
) -> None:
    """Draw the axes of a relief on the picture plane.

    ``ticks``: values on the scale that get a numeral of the height. ``names``: of x and y.
    """
    x_near, y_near = near_sides(camera)
    x, y = relief.panel.surface.grid.plane
    for k, (axis, near, name) in enumerate(zip((x, y), (y_near, x_near), names, strict=True)):
        at = inner_ticks(axis)
        places = (at - axis[0]) / (axis[-1] - axis[0]) - 0.5
        for place in places:
            across = [on_floor(k, place, near), on_floor(k, place, -near)]
            _line(axes, camera, [*across, (*across[1][:2], HEIGHT)], _GRID)
        _line(axes, camera, [on_floor(k, end, near) for end in (-0.5, 0.5)], _EDGE)
        away = outward(camera, k, near)
        numerals = [short(value) for value in at]
        for place, numeral in zip(places, numerals, strict=True):
            off = away * (GAP + half_extent([numeral], away))
            _say(axes, camera, on_floor(k, place, near), off, numeral)
        offset, slope = beside(camera, k, near, numerals, name)
        _say(axes, camera, on_floor(k, name.along, near), offset, name.words, slope)
    _draw_heights(axes, relief, camera, ticks, x_near, y_near)


def _draw_heights(
    axes: Any, relief: Relief, camera: Camera, ticks: FloatArray, x_near: float, y_near: float
) -> None:
    far = (-x_near, -y_near)
    sides = [(-x_near, y_near), (x_near, -y_near)]
    left = min(sides, key=lambda corner: float(project(np.array([*corner, 0.0]), camera)[0]))
    _line(axes, camera, [(*left, 0.0), (*left, HEIGHT)], _EDGE)
    heights = relief.raised(relief.scale.heights(ticks))
    heights, ticks = _apart(axes, camera, left, heights, ticks)
    numerals, beside = [short(value) for value in ticks], np.array([-_BESIDE, 0.0])
    for height, numeral in zip(heights, numerals, strict=True):
        wall = [(*corner, height) for corner in (sides[0], far, sides[1])]
        _line(axes, camera, wall, _GRID)
        _say(axes, camera, (*left, height), beside, numeral, ha="right", gid="height")
    name_at = (*left, HEIGHT / 2)
    across, _ = (
        project(np.array([(*left, h) for h in heights]), camera)
        - project(np.array(name_at), camera)
    ).T * _points(axes)[:, None]
    reached = [72 * text_width(n) - u for n, u in zip(numerals, across, strict=True)]
    away = max(_TITLE, 2 * _BESIDE + max(reached, default=0.0) + TEXT_SIZE / 2)
    words = relief.panel.quantity.axis_label
    _say(axes, camera, name_at, np.array([-away, 0.0]), words, 90.0)


def _points(axes: Any) -> FloatArray:
    """Points of the paper for a unit of the picture plane, to the right and upwards."""
    box, (width, height) = axes.get_position(), 72 * axes.figure.get_size_inches()
    (u0, u1), (v0, v1) = axes.get_xlim(), axes.get_ylim()
    return np.array([box.width * width / (u1 - u0), box.height * height / (v1 - v0)])


def _apart(
    axes: Any, camera: Camera, corner: tuple[float, float], heights: FloatArray, ticks: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Heights and their values, without those whose numerals would touch the one below."""
    per_unit = float(_points(axes)[1])
    kept: list[int] = []
    last = -math.inf
    for k, height in enumerate(heights):
        at = float(project(np.array([*corner, height]), camera)[1]) * per_unit
        if at - last >= _LEAST_APART:
            kept.append(k)
            last = at
    return heights[kept], ticks[kept]


def _line(axes: Any, camera: Camera, points: list[Any], look: dict[str, Any]) -> None:
    axes.plot(*project(np.array(points), camera).T, **look, clip_on=False, gid="box")


def _say(
    axes: Any,
    camera: Camera,
    point: Any,
    offset: FloatArray,
    words: str,
    rotation: float = 0.0,
    ha: str = "center",
    gid: str = "box",
) -> None:
    axes.annotate(
        words,
        tuple(project(np.array(point), camera)),
        tuple(offset),
        textcoords="offset points",
        ha=ha,
        va="center",
        rotation=rotation,
        rotation_mode="anchor",
        annotation_clip=False,
        parse_math=False,
        gid=gid,
    )
