"""PyVista's picture of a relief on the axes of a figure, with the marked point."""

from __future__ import annotations

from typing import Any

from landscape.grid import FloatArray
from landscape.render.figure.paths_in_space import draw_paths
from landscape.render.figure.style import MARK
from landscape.render.mesh.picture import picture
from landscape.render.space.camera import Camera
from landscape.render.space.projection import Window, eye_of, project
from landscape.render.space.relief import Relief


def draw_solid(
    axes: Any,
    relief: Relief,
    lines: FloatArray,
    norm: Any,
    cmap: Any,
    camera: Camera,
    window: Window,
    *,
    seen: bool,
    per_inch: float,
) -> Any:
    """Draw one panel; returns the image.

    Parameters
    ----------
    lines
        Heights on the scale that get a contour line.
    seen
        Whether the lowest point is in view, and so is marked.
    per_inch
        Pixels of the picture per inch of the figure.
    """
    inches = axes.get_position().width * axes.figure.get_size_inches()[0]
    pixels = round(inches * per_inch)
    drawn = picture(relief, camera, window, pixels, lines, norm, cmap)
    image = axes.imshow(drawn, extent=window.extent, aspect="auto", interpolation="antialiased")
    axes.set_axis_off()
    draw_paths(axes, relief, eye_of(camera), lambda points: list(project(points, camera).T))
    u, v = project(relief.best, camera)
    if seen:
        axes.plot([u], [v], **MARK, zorder=5, gid="best", clip_on=False)
    return image
