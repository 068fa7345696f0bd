"""A shaded 3-D surface on axes that are there."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LightSource
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.camera import Camera, sees
from landscape.render.captions import axis_name
from landscape.render.heights import Heights
from landscape.render.numerals import short
from landscape.render.scale import Scale, inner_ticks
from landscape.render.style import MARK

HEIGHT = 0.65
"""Height of the box in units of its width."""
_FACES = 48
_LIGHT = LightSource(azdeg=225, altdeg=50)
_AMBIENT = 0.6


def box_heights(panel: Heights, scale: Scale) -> FloatArray:
    """Heights in units of the box's width: 0 at the bottom of the scale, HEIGHT at its top."""
    return HEIGHT * (panel.heights - scale.bottom) / (scale.top - scale.bottom)


def draw_surface(
    axes: Any, panel: Heights, scale: Scale, ticks: FloatArray, norm: Any, cmap: Any, camera: Camera
) -> Any:
    """Draw one panel; returns the collection of its faces.

    A cell of the grid is drawn only if its four corners are finite; coarse grids are divided
    bilinearly so that colours run smoothly. Colours follow the height, shading the slope.
    """
    x, y = panel.surface.x, panel.surface.y
    if y is None or x.size < 2 or y.size < 2:
        raise InputError(
            f"a 3-D surface needs at least 2 × 2 points, this one has {panel.surface.grid}; "
            "draw it as a curve"
        )
    parts = max(1, -(-_FACES // max(x.size - 1, y.size - 1)))
    corners = faces(x, y, panel.heights, parts)
    collection = Poly3DCollection(corners, linewidths=0.15, antialiaseds=True)
    colours = cmap(norm(corners[:, :, 2].mean(axis=1)))
    unit = np.array([x[-1] - x[0], y[-1] - y[0], (scale.top - scale.bottom) / HEIGHT])
    colours[:, :3] *= _shade(corners / unit)[:, None]
    collection.set_facecolor(colours)
    collection.set_edgecolor(colours)
    axes.add_collection3d(collection)
    axes.computed_zorder = False
    _mark_best(axes, panel, scale, best_shows(panel, scale, camera))
    _dress(axes, panel, scale, ticks, camera)
    return collection


def best_shows(panel: Heights, scale: Scale, camera: Camera) -> bool:
    """Whether the marked point is in view, and not behind a wall."""
    return sees(box_heights(panel, scale), panel.best, camera)


def _mark_best(axes: Any, panel: Heights, scale: Scale, seen: bool) -> None:
    y = panel.surface.y
    assert y is not None
    j, i = panel.best
    x0, y0, z0 = panel.surface.x[i], y[j], panel.heights[j, i]
    if seen:
        axes.plot([x0], [y0], [z0], **MARK, zorder=5, gid="best")
        return
    # Drawn through the wall before it: hollow, and held by a dotted line that rises into the open.
    axes.plot([x0], [y0], [z0], **{**MARK, "markerfacecolor": "none"}, zorder=5, gid="best")
    axes.plot([x0, x0], [y0, y0], [z0, scale.top], ":", color="black", linewidth=0.8, zorder=5)


def faces(x: FloatArray, y: FloatArray, heights: FloatArray, parts: int) -> FloatArray:
    """Quadrilaterals of a grid, each cell divided into parts × parts bilinearly.

    Parameters
    ----------
    x, y
        Shapes (nx,) and (ny,).
    heights
        Shape (ny, nx), NaN for holes; a cell with a hole at a corner has no faces.

    Returns
    -------
    Array of shape (faces, 4, 3): the corners of each face, (x, y, height).
    """
    along = np.linspace(0, 1, parts + 1)
    s, t = np.meshgrid(along, along)  # s runs along x
    j, i = np.nonzero(
        np.isfinite(heights[:-1, :-1] + heights[:-1, 1:] + heights[1:, :-1] + heights[1:, 1:])
    )

    def blend(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
        a, b, c, d = (v[:, None, None] for v in (a, b, c, d))
        return a * (1 - s) * (1 - t) + b * s * (1 - t) + c * (1 - s) * t + d * s * t

    points = np.stack(
        [
            blend(x[i], x[i + 1], x[i], x[i + 1]),
            blend(y[j], y[j], y[j + 1], y[j + 1]),
            blend(heights[j, i], heights[j, i + 1], heights[j + 1, i], heights[j + 1, i + 1]),
        ],
        axis=-1,
    )
    around = (points[:, :-1, :-1], points[:, :-1, 1:], points[:, 1:, 1:], points[:, 1:, :-1])
    return np.stack(around, axis=3).reshape(-1, 4, 3)


def _shade(corners: FloatArray) -> FloatArray:
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    # The same light for every panel; matplotlib's own shading would stretch each one's contrast.
    return _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ _LIGHT.direction, 0, 1)


def _dress(axes: Any, panel: Heights, scale: Scale, ticks: FloatArray, camera: Camera) -> None:
    x, y = panel.surface.x, panel.surface.y
    assert y is not None
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_zlim(scale.bottom, scale.top)
    free = scale.clear_of_bottom(ticks)
    axes.set_zticks(scale.heights(free), [short(v) for v in free])
    axes.set_xticks(inner_ticks(x))
    axes.set_yticks(inner_ticks(y))
    axes.set_box_aspect((1, 1, HEIGHT), zoom=0.9)
    axes.view_init(camera.elevation, camera.azimuth)
    axes.set_xlabel(axis_name(panel.surface, "x"), labelpad=-4, parse_math=False)
    axes.set_ylabel(axis_name(panel.surface, "y"), labelpad=-2, parse_math=False)
    axes.tick_params(pad=-2.5)
    axes.tick_params(axis="z", pad=2)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set(color="0.4", linewidth=0.6)
        axis._axinfo["grid"].update(color="0.88", linewidth=0.5)
