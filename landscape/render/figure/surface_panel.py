"""A shaded 3-D surface on matplotlib's 3-D axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LightSource
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from landscape.grid import FloatArray
from landscape.render.figure.marks import best_point
from landscape.render.figure.style import MARK, text_width
from landscape.render.scale import inner_ticks
from landscape.render.space.camera import Camera
from landscape.render.space.relief import HEIGHT, Relief
from landscape.render.words.directions import axis_name
from landscape.render.words.numerals import short
from landscape.surface import Surface

CELLS = 100
"""Approximate number of faces along each axis."""
MOST = 200
"""Maximum number of faces along an axis: more would take minutes."""
_VECTORS = 4000
_LONGEST_NAME = 1.4
_LIGHT = LightSource(azdeg=225, altdeg=50)
_AMBIENT = 0.55
_SHINE = 0.12


def draw_surface(
    axes: Any,
    relief: Relief,
    ticks: FloatArray,
    norm: Any,
    cmap: Any,
    camera: Camera,
    *,
    seen: bool,
) -> Any:
    """Draw one panel and return the collection of its faces.

    Colours follow the height on the scale, shading follows the slope.

    ``ticks``: values of the ticks of the vertical axis. ``seen``: whether the marked point is in
    view.
    """
    fine, scale = relief.fine, relief.scale
    box = faces(relief.across, relief.along, relief.up)
    per_unit = (scale.top - scale.bottom) / HEIGHT
    collection = Poly3DCollection(
        faces(fine.x, fine.y, scale.bottom + relief.up * per_unit),
        linewidths=0.15,
        antialiaseds=True,
    )
    colours = cmap(norm(faces(fine.x, fine.y, fine.heights)[:, :, 2].mean(axis=1)))
    colours[:, :3] = _lit(colours[:, :3], box, camera)
    collection.set_facecolor(colours)
    collection.set_edgecolor(colours)
    # Rasterized: this many small faces would make a vector file of many megabytes.
    collection.set_rasterized(len(colours) > _VECTORS)
    axes.add_collection3d(collection)
    axes.computed_zorder = False
    _mark_best(axes, relief, per_unit, seen)
    _dress(axes, relief, per_unit, ticks, camera)
    return collection


def faces(x: FloatArray, y: FloatArray, heights: FloatArray) -> FloatArray:
    """The quadrilaterals of a grid; a cell with a hole at a corner has none.

    ``x``, ``y``: shapes (nx,) and (ny,). ``heights``: shape (ny, nx), NaN for holes. Returns array
    of shape (faces, 4, 3): the corners of each face, (x, y, height).
    """
    points = np.stack([*np.meshgrid(x, y), heights], axis=-1)
    around = (points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1])
    corners: FloatArray = np.stack(around, axis=2).reshape(-1, 4, 3)
    return corners[np.isfinite(corners[:, :, 2]).all(axis=1)]


def long_names(surface: Surface) -> bool:
    """Whether the axis names are too long for a 3-D box, which then shows x and y."""
    return max(map(text_width, _names(surface))) > _LONGEST_NAME


def _names(surface: Surface) -> tuple[str, str]:
    return axis_name(surface, "x"), axis_name(surface, "y")


def _mark_best(axes: Any, relief: Relief, per_unit: float, seen: bool) -> None:
    x0, y0 = best_point(relief.panel)
    z0, top = relief.scale.bottom + relief.best[2] * per_unit, relief.scale.top
    if seen:
        axes.plot([x0], [y0], [z0], **MARK, zorder=5, gid="best")
        return
    # Drawn through the surface in front: hollow, with a dotted line up to where it is visible.
    axes.plot([x0], [y0], [z0], **{**MARK, "markerfacecolor": "none"}, zorder=5, gid="best")
    axes.plot([x0, x0], [y0, y0], [z0, top], ":", color="black", linewidth=0.8, zorder=5)


def _lit(colours: FloatArray, corners: FloatArray, camera: Camera) -> FloatArray:
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    # The same light for every panel; matplotlib's own shading would stretch each one's contrast.
    lit = colours * (_AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LIGHT.direction, 0, 1))[:, None]
    halfway = _LIGHT.direction + np.array(camera.direction)
    shine = np.clip(normals @ (halfway / np.linalg.norm(halfway)), 0, 1) ** 24
    bright: FloatArray = np.minimum(lit + _SHINE * shine[:, None], 1.0)
    return bright


def _dress(axes: Any, relief: Relief, per_unit: float, ticks: FloatArray, camera: Camera) -> None:
    surface, scale = relief.panel.surface, relief.scale
    x, y = surface.grid.plane
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_zlim(scale.bottom, scale.top)
    raised = relief.raised(scale.heights(ticks))
    free = raised > 0.06 * HEIGHT  # labels there would overlap those of the floor
    axes.set_zticks(scale.bottom + raised[free] * per_unit, [short(v) for v in ticks[free]])
    axes.set_xticks(inner_ticks(x))
    axes.set_yticks(inner_ticks(y))
    axes.set_box_aspect((1, 1, HEIGHT), zoom=0.9)
    axes.view_init(camera.elevation, camera.azimuth)
    x_words, y_words = ("x", "y") if long_names(surface) else _names(surface)
    axes.set_xlabel(x_words, labelpad=-4, parse_math=False)
    axes.set_ylabel(y_words, labelpad=-2, parse_math=False)
    axes.tick_params(pad=-2.5)
    axes.tick_params(axis="z", pad=2)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set(color="0.4", linewidth=0.6)
        axis._axinfo["grid"].update(color="0.88", linewidth=0.5)
