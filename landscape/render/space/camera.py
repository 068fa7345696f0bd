"""Choose the camera: as low as the view of the minimum from above allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError, argument
from landscape.grid import FloatArray

ELEVATIONS = (25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0)
AZIMUTHS = (-60.0, -55.0, -65.0, -50.0, -45.0, -70.0, -40.0)
"""The x axis always runs to the right at the near side, so that pictures can be compared."""
_HIDDEN = 45.0
_TIP = 0.04
_UNDER = 0.02
_POINTS = 80


@dataclass(frozen=True)
class Camera:
    """The viewing angles in degrees: above the plane, and around from the x axis."""

    elevation: float
    azimuth: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.elevation) and math.isfinite(self.azimuth)):
            raise InputError(
                f"elevation {self.elevation:g}, azimuth {self.azimuth:g}: expected finite numbers "
                f"of degrees, as in {argument('elevation', 30)} and {argument('azimuth', -60)}"
            )

    @property
    def direction(self) -> tuple[float, float, float]:
        """The unit vector from the surface to the viewer."""
        up, around = math.radians(self.elevation), math.radians(self.azimuth)
        return (
            math.cos(up) * math.cos(around),
            math.cos(up) * math.sin(around),
            math.sin(up),
        )

    def turned(self, elevation: float | None, azimuth: float | None) -> Camera:
        """The camera with angles replaced by those that are given."""
        return Camera(
            self.elevation if elevation is None else elevation,
            self.azimuth if azimuth is None else azimuth,
        )


def choose_camera(boxes: Sequence[FloatArray], points: Sequence[tuple[int, ...]]) -> Camera:
    """The lowest camera that sees the given point of every surface; from 45° up if none does.

    Low, because that shows the height of the far walls; the point is the minimum, the main
    feature of a loss surface. A camera that also sees the outside of a deep minimum below the
    near edge of the surface comes after all others. Surfaces side by side share the camera.

    ``boxes``: per surface the heights in units of the box's width, shape (ny, nx), NaN for holes.
    ``points``: per surface the index (j, i) of the point that must be visible.
    """
    cameras = [Camera(up, around) for up in ELEVATIONS for around in AZIMUTHS]
    pairs = list(zip(boxes, points, strict=True))
    seeing = [camera for camera in cameras if all(sees(*pair, camera) for pair in pairs)]
    among = seeing or [camera for camera in cameras if camera.elevation >= _HIDDEN]
    clear = (c for c in among if not any(sees_underside(box, c) for box in boxes))
    return next(clear, among[0])


def sees_underside(box: FloatArray, camera: Camera) -> bool:
    """Whether a distant viewer sees a part of the surface below its near edges, from outside."""
    rows, columns = (max(1, n // _POINTS) for n in box.shape)
    ny, nx = box.shape
    y, x = np.meshgrid(np.linspace(-0.5, 0.5, ny), np.linspace(-0.5, 0.5, nx), indexing="ij")
    around, up = math.radians(camera.azimuth), math.radians(camera.elevation)
    u = y * math.cos(around) - x * math.sin(around)
    v = box * math.cos(up) - (x * math.cos(around) + y * math.sin(around)) * math.sin(up)
    column = -1 if math.cos(around) >= 0 else 0
    row = -1 if math.sin(around) >= 0 else 0
    edge_u = np.concatenate([u[row], u[:, column]])
    edge_v = np.concatenate([v[row], v[:, column]])
    there = np.isfinite(edge_v)
    if not there.any():
        return False
    order = np.argsort(edge_u[there])
    near = np.interp(u[::rows, ::columns], edge_u[there][order], edge_v[there][order])
    return bool((v[::rows, ::columns] < near - _UNDER).any())  # a hole (NaN) is not seen


def sees(box: FloatArray, point: tuple[int, ...], camera: Camera, tip: float = _TIP) -> bool:
    """Whether a point of the grid is visible to a distant viewer.

    Under a logarithm a minimum is a thin tip, invisible from the side; it counts as
    visible if the point ``tip`` (0.04) box widths above it is.

    The ray from the point is followed across the unit square in steps of half a cell and
    compared with the bilinear surface below it.
    """
    ny, nx = box.shape
    j, i = point
    dx, dy, dz = camera.direction
    step = 0.5 / max(nx - 1, ny - 1)
    along = np.arange(1, int(1.5 / step) + 1) * step / math.hypot(dx, dy)
    u = (i / (nx - 1) + along * dx) * (nx - 1)
    v = (j / (ny - 1) + along * dy) * (ny - 1)
    inside = (u >= 0) & (u <= nx - 1) & (v >= 0) & (v <= ny - 1)
    u, v, ray = u[inside], v[inside], (box[j, i] + tip + along * dz)[inside]
    i0 = np.minimum(u.astype(int), nx - 2)
    j0 = np.minimum(v.astype(int), ny - 2)
    s, t = u - i0, v - j0
    lower = box[j0, i0] * (1 - s) + box[j0, i0 + 1] * s
    upper = box[j0 + 1, i0] * (1 - s) + box[j0 + 1, i0 + 1] * s
    ground = lower * (1 - t) + upper * t
    return not bool((ground > ray + 1e-9).any())  # a hole (NaN) hides nothing
