"""The names of the axes of a box: along its near edges where they fit there, else x and y."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.figure.layout import Margins
from landscape.render.figure.style import TEXT_SIZE, text_width
from landscape.render.scale import inner_ticks
from landscape.render.space.camera import Camera
from landscape.render.space.projection import MIDDLE, Window, project
from landscape.render.words.directions import axis_name
from landscape.render.words.numerals import short
from landscape.surface import Surface

GAP, _NAME = 2.0, 5.5
"""Points from an edge to its numerals, and from these to the middle of a name in one line."""
_LINE = 1.2 * TEXT_SIZE
_LETTERS = ("x", "y")
_DEEPEST, _FARTHEST = 0.36, 0.05
"""Inches that names may take below a panel, and beyond its margin on the right."""
_SHIFTS = (0.0, -0.1, -0.2, -0.3, 0.1, 0.2)


@dataclass(frozen=True)
class BoxName:
    """The name of an axis: its words, where its middle is along the edge, and inches below."""

    words: str
    along: float = 0.0
    below: float = 0.0


LETTERS = (BoxName("x"), BoxName("y"))


def names_that_fit(
    surface: Surface, camera: Camera, window: Window, width: float, margins: Margins
) -> tuple[BoxName, BoxName]:
    """The names of both axes, each in one line or in two, or ``x`` and ``y`` if either is too long.

    ``width``: of the panel, in inches. A name fits if it stays within the margins of the panel,
    where it may take more than the margin below.
    """
    names = []
    least = np.array([-margins.left, -_DEEPEST])
    most = np.array([width + margins.right + _FARTHEST, width * window.aspect])
    for k, (axis, near) in enumerate(
        zip(surface.grid.plane, near_sides(camera)[::-1], strict=True)
    ):
        name = axis_name(surface, _LETTERS[k])
        numerals = [short(value) for value in inner_ticks(axis)]
        for words, along in product((name, _in_two_lines(name)), _SHIFTS):
            tried = BoxName(words, along)
            corners = _corners(camera, window, width, k, near, numerals, tried)
            if (corners >= least).all() and (corners <= most).all():
                names.append(replace(tried, below=max(0.0, -float(corners[:, 1].min()))))
                break
        else:
            return LETTERS
    return names[0], names[1]


def ranges_of(surface: Surface) -> str:
    """The axes in words, where their names are too long for the picture."""
    parts = [
        f"{name} from {short(v[0])} to {short(v[-1])} ({axis_name(surface, name)})"
        for name, v in surface.grid.axes.items()
    ]
    return f"{', '.join(parts)}."


def near_sides(camera: Camera) -> tuple[float, float]:
    """The x and the y of the sides of the box that face the viewer."""
    x, y = (0.5 if d >= 0 else -0.5 for d in camera.direction[:2])
    return x, y


def on_floor(k: int, along: float, near: float) -> tuple[float, float, float]:
    """A point of the floor on the edge of axis ``k`` (0 for x) or of the one opposite."""
    return (along, near, 0.0) if k == 0 else (near, along, 0.0)


def outward(camera: Camera, k: int, near: float) -> FloatArray:
    """The unit vector on the picture from the middle of the box across a near edge."""
    edge = [on_floor(k, end, near) for end in (-0.5, 0.5)]
    (u0, v0), (u1, v1) = project(np.array(edge), camera)
    across = np.array([v0 - v1, u1 - u0]) / max(math.hypot(u1 - u0, v1 - v0), 1e-9)
    floor = (*MIDDLE[:2], 0.0)
    away = project(np.array(edge).mean(axis=0), camera) - project(np.array(floor), camera)
    found: FloatArray = across if across @ away >= 0 else -across
    return found


def half_extent(words: list[str], along: FloatArray) -> float:
    """Points from the middle of the widest of some horizontal words to its end along a vector."""
    width = 72 * max(map(text_width, words), default=0.0)
    return float(np.abs(along) @ [width, TEXT_SIZE]) / 2


def beside(camera: Camera, k: int, near: float, numerals: list[str], name: BoxName) -> Any:
    """Where a name is written: points from its place on the edge, and degrees of its slope."""
    across = outward(camera, k, near)
    more = _LINE / 2 * name.words.count("\n")
    away = GAP + 2 * half_extent(numerals, across) + _NAME + more
    (u0, v0), (u1, v1) = project(np.array([on_floor(k, e, near) for e in (-0.5, 0.5)]), camera)
    slope = (math.degrees(math.atan2(v1 - v0, u1 - u0)) + 90) % 180 - 90
    return across * away, slope


def _corners(
    camera: Camera,
    window: Window,
    width: float,
    k: int,
    near: float,
    numerals: list[str],
    name: BoxName,
) -> FloatArray:
    """The corners of a name in inches from the lower left of the panel, shape (4, 2)."""
    offset, slope = beside(camera, k, near, numerals, name)
    seen = project(np.array(on_floor(k, name.along, near)), camera) - (window.left, window.lower)
    middle = seen * width / (window.right - window.left) + offset / 72
    lines = name.words.split("\n")
    half = np.array([max(map(text_width, lines)), _LINE * len(lines) / 72]) / 2
    turn = math.radians(slope)
    along = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    signs = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    found: FloatArray = middle + (signs * half) @ along
    return found


def _in_two_lines(name: str) -> str:
    """Broken at the space that makes the longer line shortest."""
    words = name.split(" ")
    pairs = [(" ".join(words[:k]), " ".join(words[k:])) for k in range(1, len(words))]
    return "\n".join(min(pairs, key=lambda p: max(map(text_width, p)))) if pairs else name
