"""The perspective projection of the box to the picture plane of a camera."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from landscape.grid import FloatArray
from landscape.render.space.camera import Camera
from landscape.render.space.relief import HEIGHT

DISTANCE = 4.0
"""From the middle of the box, in units of its width."""
MIDDLE = (0.0, 0.0, HEIGHT / 2)
_ROOM = 0.02


@dataclass(frozen=True)
class Window:
    """The visible part of the picture plane: left, right, lower and upper end."""

    left: float
    right: float
    lower: float
    upper: float

    @property
    def aspect(self) -> float:
        """Height over width."""
        return (self.upper - self.lower) / (self.right - self.left)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """In matplotlib's convention."""
        return (self.left, self.right, self.lower, self.upper)


def position(camera: Camera) -> tuple[float, float, float]:
    """The position of the camera."""
    x, y, z = (m + DISTANCE * d for m, d in zip(MIDDLE, camera.direction, strict=True))
    return (x, y, z)


def eye_of(camera: Camera) -> FloatArray:
    """The position of the camera as an array, shape (3,)."""
    return np.array(position(camera))


def project(points: FloatArray, camera: Camera) -> FloatArray:
    """Points of the box, shape (..., 3), to the picture plane at distance 1, shape (..., 2)."""
    around = math.radians(camera.azimuth)
    back = np.array(camera.direction)
    right = np.array([-math.sin(around), math.cos(around), 0.0])
    upward = np.cross(back, right)
    moved = np.asarray(points) - MIDDLE
    depth = DISTANCE - moved @ back
    return np.stack([moved @ right / depth, moved @ upward / depth], axis=-1)


def box_window(cameras: Iterable[Camera]) -> Window:
    """The smallest window, with a small margin, in which every camera sees the whole box."""
    ends = (-0.5, 0.5)
    corners = np.array([(x, y, z) for x in ends for y in ends for z in (0.0, HEIGHT)])
    seen = np.concatenate([project(corners, camera) for camera in cameras])
    (left, lower), (right, upper) = seen.min(axis=0), seen.max(axis=0)
    room = _ROOM * (right - left)
    return Window(left - room, right + room, lower - room, upper + room)
