"""Write surfaces to a movie file: plan, draw each frame, encode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from tqdm import tqdm

from landscape.render.figure.options import SpaceLook, check_dpi, takes
from landscape.render.figure.surface import (
    Scene,
    camera_for,
    draw,
    paper,
    reliefs_of,
    scene_of,
)
from landscape.render.mesh.offscreen import available
from landscape.render.movie.files import encoder, write_gif, write_mp4
from landscape.render.movie.palette import Picture
from landscape.render.movie.plan import Frame, planned, timing
from landscape.render.resolve import one_kind
from landscape.render.space.projection import box_window
from landscape.render.space.relief import described
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_CELLS = 160
_DPI = {True: 160.0, False: 110.0}
"""Dots per inch of a movie with one panel, and with more."""


@takes(SpaceLook)
def write_movie(
    surfaces: Sequence[Surface],
    path: Path,
    style: str | None = None,
    *,
    movie: str = "turntable",
    frames: int | None = None,
    fps: float | None = None,
    seconds: float | None = None,
    interpolate: str = "cubic",
    renderer: str | None = None,
    dpi: float | None = None,
    **look: Unpack[SpaceLook],
) -> Path:
    """Write a movie of surfaces, ``.gif`` or ``.mp4``, with a progress bar on a terminal.

    Parameters
    ----------
    movie
        ``turntable``: all surfaces side by side, once around. ``sequence``: one surface per
        frame, in the order given. ``height``: from linear to logarithmic height and back.
        ``path``: the trajectories step by step.
    frames, fps, seconds
        At most two of them; 72 frames at 15 per second, 60 for ``height``, 60 at 10 per second for
        ``path``, and 4 per second in a sequence, which has a frame for each surface.
    interpolate
        As for :func:`landscape.render.side_by_side`.
    renderer
        None is ``pyvista`` where it is installed and can draw, else ``matplotlib``.
    dpi
        160 for one panel, 110 for more: pictures about 560 and 770 pixels wide.

    Raises
    ------
    InputError
        If an option is out of range, there is nothing to draw, or the file cannot be written.
    """
    one_kind(surfaces, "surface")
    check_dpi(dpi)
    frames, fps = timing(movie, len(surfaces), frames, fps, seconds)
    if path.suffix.lower() == ".mp4":
        encoder()  # before minutes of drawing are wasted
    renderer = renderer or ("pyvista" if available() else "matplotlib")
    reliefs, shared = reliefs_of(surfaces, look, interpolate, renderer, _CELLS)
    camera = camera_for(reliefs, look.get("elevation"), look.get("azimuth"))
    plan = planned(movie, reliefs, camera, frames, look.get("title"))
    dots = _DPI[len(plan[0].reliefs) == 1] if dpi is None else dpi
    levels, cmap = look.get("levels"), look.get("cmap")
    scene = scene_of(reliefs, shared, [camera], levels, cmap, renderer, 2 * dots)
    cameras = dict.fromkeys(frame.camera for frame in plan)
    scene = replace(scene, window=box_window(cameras), turns=len(cameras) > 1)
    write = write_mp4 if path.suffix.lower() == ".mp4" else write_gif
    words = f"{movie}: {described(reliefs)}; drawn by {renderer}"
    with tqdm(total=frames, desc=path.name, unit="frame", disable=None) as bar:
        write(_camera_man(plan, scene, dots, bar), frames, fps, path, words)
    return path


def _camera_man(
    plan: Sequence[Frame], scene: Scene, dpi: float, bar: Any
) -> Callable[[int], Picture]:
    # Notes differ in length between frames: the figure has the height of the longest.
    scenes = [replace(scene, camera=frame.camera) for frame in plan]
    papers = (paper(f.reliefs, s, f.title) for f, s in zip(plan, scenes, strict=True))
    tall = [float(sheet.figure.get_size_inches()[1]) for sheet in papers]

    def picture(k: int) -> Picture:
        figure = draw(plan[k].reliefs, scenes[k], plan[k].title, max(tall) - tall[k])
        figure.dpi = dpi
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        bar.update()
        return _even(np.asarray(canvas.buffer_rgba())[..., :3])

    return picture


def _even(drawn: Picture) -> Picture:
    """The picture padded with white to an even number of rows and columns, as H.264 requires."""
    rows, columns = (n % 2 for n in drawn.shape[:2])
    return np.pad(drawn, ((0, rows), (0, columns), (0, 0)), constant_values=255)
