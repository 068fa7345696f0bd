"""A shaded 3-D surface by matplotlib alone: its faces, projected and drawn from back to front."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection

from landscape.grid import FloatArray
from landscape.render.space.camera import Camera
from landscape.render.space.light import DIRECTION, shade
from landscape.render.space.projection import eye_of, project
from landscape.render.space.relief import Relief

CELLS = 150
"""Approximate number of faces along each axis."""
MOST = 200
"""Maximum number of faces along an axis: more would take minutes."""
_VECTORS = 4000
_SHINE = 0.12


def draw_surface(axes: Any, relief: Relief, norm: Any, cmap: Any, camera: Camera) -> Any:
    """Draw one panel on the picture plane and return the collection of its faces.

    Colours follow the height on the scale, shading follows the slope.
    """
    fine = relief.fine
    box = faces(relief.across, relief.along, relief.up)
    heights = faces(fine.x, fine.y, fine.heights)[:, :, 2].mean(axis=1)
    far_first = np.argsort(
        -np.linalg.norm(box.mean(axis=1) - eye_of(camera), axis=1), kind="stable"
    )
    colours = cmap(norm(heights))
    colours[:, :3] = _lit(colours[:, :3], normals_of(relief), camera)
    shown = {"facecolors": colours[far_first], "edgecolors": colours[far_first]}
    collection = PolyCollection(
        list(project(box[far_first], camera)), linewidths=0.3, zorder=1, gid="surface", **shown
    )
    # Rasterized: this many small faces would make a vector file of many megabytes.
    collection.set_rasterized(len(colours) > _VECTORS)
    axes.add_collection(collection, autolim=False)
    return collection


def faces(x: FloatArray, y: FloatArray, heights: FloatArray) -> FloatArray:
    """The quadrilaterals of a grid; a cell with a hole at a corner has none.

    ``x``, ``y``: shapes (nx,) and (ny,). ``heights``: shape (ny, nx), NaN for holes. Returns array
    of shape (faces, 4, 3): the corners of each face, (x, y, height).
    """
    corners = _corners(np.stack([*np.meshgrid(x, y), heights], axis=-1))
    return corners[np.isfinite(corners[:, :, 2]).all(axis=1)]


def _corners(points: FloatArray) -> FloatArray:
    """Of each cell, shape (cells, 4, n), of points of shape (ny, nx, n)."""
    around = (points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1])
    found: FloatArray = np.stack(around, axis=2).reshape(-1, 4, points.shape[-1])
    return found


def normals_of(relief: Relief) -> FloatArray:
    """Of each face, shape (faces, 3): the mean of those of its corners and its own.

    So an edge of the surface, where it is clipped, is no row of teeth.
    """
    box = faces(relief.across, relief.along, relief.up)
    own = np.cross(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])
    own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-300)
    slopes = np.gradient(relief.up, relief.along, relief.across)
    upward = np.stack([-slopes[1], -slopes[0], np.ones_like(relief.up)], axis=-1)
    upward /= np.linalg.norm(upward, axis=-1, keepdims=True)
    whole = np.isfinite(_corners(relief.up[:, :, None])[:, :, 0]).all(axis=1)
    around = np.nan_to_num(_corners(upward)[whole]).sum(axis=1)  # none beside a hole
    found: FloatArray = own + around
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-300)
    return found


def _lit(colours: FloatArray, normals: FloatArray, camera: Camera) -> FloatArray:
    # The same light for every panel; matplotlib's own shading would stretch each one's contrast.
    lit = colours * shade(normals)[:, None]
    halfway = DIRECTION + np.array(camera.direction)
    shine = np.clip(normals @ (halfway / np.linalg.norm(halfway)), 0, 1) ** 24
    bright: FloatArray = np.minimum(lit + _SHINE * shine[:, None], 1.0)
    return bright
