"""The page as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape.atomic import replacing
from landscape.render.heights import prepare
from landscape.render.page.data import page_data
from landscape.render.page.document import page_html
from landscape.render.resolve import chosen_levels, one_kind, quantity_of_all
from landscape.render.space.camera import Camera, choose_camera
from landscape.render.space.relief import HEIGHT
from landscape.surface import Surface


def save_page(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
    *,
    style: str | None = None,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    elevation: float | None = None,
    azimuth: float | None = None,
) -> Path:
    """Write one self-contained HTML file that needs no network.

    Planes become 3-D scenes that turn together, or contours, on one colour scale; lines become
    curves. The reader changes view, quantity, scale and clipping there, and points at values.
    Points that are not computed or not finite are no heights; they are marked and counted.

    Parameters
    ----------
    style
        What planes are shown as first: ``surface`` (also for None) or ``contour``.
    cmap
        A colour scale of plotly, such as viridis (the default) or cividis.
    title
        The heading of the page.
    others
        What the page shows first, as for :func:`landscape.render.contour` and
        :func:`landscape.render.surface3d`.

    Raises
    ------
    InputError
        If nothing can be drawn, an option is unknown, or the file cannot be written.
    """
    several = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    data = first_data(
        several,
        several,
        style=style,
        quantity=quantity,
        scale=scale,
        clip=clip,
        levels=levels,
        cmap=cmap,
        title=title,
        norm_range=norm_range,
        elevation=elevation,
        azimuth=azimuth,
    )
    return write_page(data, path)


def first_data(
    several: Sequence[Surface],
    drawn: Sequence[Surface],
    *,
    style: str | None = None,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    elevation: float | None = None,
    azimuth: float | None = None,
) -> dict[str, Any]:
    """The data of a page that shows first what is asked for; see :func:`save_page`.

    Parameters
    ----------
    several
        All surfaces.
    drawn
        Those of them that must hold something to draw, and from whose marks the view is chosen.
    """
    kind = one_kind(several, style)
    name = quantity_of_all(several, quantity)
    panels, shared = prepare(
        [(s, name) for s in drawn], scale=scale, clip=clip, norm_range=norm_range
    )
    chosen_levels(levels, shared)  # unusable ones are refused
    boxes = [HEIGHT * (p.heights - shared.bottom) / (shared.top - shared.bottom) for p in panels]
    camera = Camera(0, 0) if kind == "curve" else choose_camera(boxes, [p.best for p in panels])
    return page_data(
        several,
        quantity=name,
        style=style,
        scale=scale,
        clip=clip,
        levels=levels,
        cmap=cmap,
        title=title,
        norm_range=norm_range,
        camera=Camera(
            camera.elevation if elevation is None else elevation,
            camera.azimuth if azimuth is None else azimuth,
        ),
    )


def write_page(data: dict[str, Any], path: str | os.PathLike[str]) -> Path:
    """Write the page that draws ``data``.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    content = page_html(data).encode()
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)
