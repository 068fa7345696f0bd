"""Render a relief with PyVista: smooth, lit from the upper left, with ambient occlusion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.extras import pyvista
from landscape.grid import FloatArray
from landscape.render.mesh.facets import facets, whole_cells
from landscape.render.mesh.offscreen import check_offscreen, quiet
from landscape.render.space.camera import Camera
from landscape.render.space.projection import MIDDLE, Window, position
from landscape.render.space.relief import Relief

_LIGHTS = (
    # In camera coordinates: position and intensity.
    ((-1.2, 1.6, 1.0), 0.72),
    ((1.5, 0.3, 1.0), 0.22),
    ((0.0, 0.0, 1.0), 0.22),
)
_ABOVE = 0.0015
"""How far contour lines lie above the surface, in units of the box's width."""


def picture(
    relief: Relief,
    camera: Camera,
    window: Window,
    pixels: int,
    lines: FloatArray,
    norm: Any,
    cmap: Any,
) -> npt.NDArray[np.uint8]:
    """Draw a relief off-screen on a transparent background.

    ``window``: the visible part of the picture plane. ``norm``, ``cmap``: of heights on the scale.
    Returns colours with their opacity, shape (rows, pixels, 4), the upper row first. Raises an
    InputError if PyVista is not installed, or cannot draw here.
    """
    pv = pyvista("drawing a surface with renderer pyvista")
    check_offscreen()
    # The plane is symmetric about the middle of the box; what lies beyond the window is cut off.
    wide, high = max(-window.left, window.right), max(-window.lower, window.upper)
    per_unit = pixels / (window.right - window.left)
    size = (math.ceil(2 * wide * per_unit), math.ceil(2 * high * per_unit))
    with quiet():
        plotter = pv.Plotter(off_screen=True, window_size=size, lighting="none")
        try:
            _add(pv, plotter, relief, lines, norm, cmap, pixels)
            plotter.camera.position = position(camera)
            plotter.camera.focal_point = MIDDLE
            plotter.camera.up = (0, 0, 1)
            plotter.camera.view_angle = 2 * math.degrees(math.atan(size[1] / 2 / per_unit))
            plotter.camera.clipping_range = (1.0, 8.0)
            plotter.enable_ssao(radius=0.16, bias=0.006, kernel_size=96, blur=True)
            image = plotter.screenshot(transparent_background=True, return_img=True)
        finally:
            plotter.close()
    left = round(size[0] / 2 + window.left * per_unit)
    upper = round(size[1] / 2 - window.upper * per_unit)
    rows = round(window.aspect * pixels)
    shown: npt.NDArray[np.uint8] = np.ascontiguousarray(
        image[upper : upper + rows, left : left + pixels]
    )
    return shown


def _add(
    pv: Any, plotter: Any, relief: Relief, lines: FloatArray, norm: Any, cmap: Any, pixels: int
) -> None:
    cells = facets(whole_cells(relief.fine.heights))
    points = relief.points().reshape(-1, 3)[cells.used]
    mesh = pv.PolyData.from_regular_faces(points, cells.faces)
    heights = relief.fine.heights.ravel()[cells.used]
    mesh["height"] = heights
    mesh["colour"] = np.asarray(norm(heights))
    plotter.add_mesh(
        mesh,
        scalars="colour",
        clim=(0.0, 1.0),
        cmap=cmap,
        n_colors=cmap.N,
        interpolate_before_map=True,
        smooth_shading=True,
        ambient=0.12,
        diffuse=0.9,
        specular=0.28,
        specular_power=18,
        show_scalar_bar=False,
    )
    inner = lines[(lines > heights.min()) & (lines < heights.max())]
    if inner.size:
        drawn = mesh.contour(inner.tolist(), scalars="height")
        drawn.points = drawn.points + np.array([0, 0, _ABOVE])
        width = max(1.0, pixels / 700)
        plotter.add_mesh(drawn, color="black", opacity=0.38, line_width=width, lighting=False)
    for place, strength in _LIGHTS:
        plotter.add_light(pv.Light(position=place, intensity=strength, light_type="camera light"))
