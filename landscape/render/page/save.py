"""Write the page to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.render.figure.options import Coloured, SpaceLook, of_heights, picked, takes
from landscape.render.heights import prepare
from landscape.render.page.data import opened_on, page_data
from landscape.render.page.document import page_html
from landscape.render.page.sequence import in_order
from landscape.render.resolve import chosen_levels, one_kind
from landscape.render.space.camera import Camera, choose_camera
from landscape.render.space.relief import HEIGHT
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(SpaceLook)
def save_page(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
    *,
    style: str | None = None,
    embed: bool = False,
    **look: Unpack[SpaceLook],
) -> Path:
    """Write one self-contained HTML file that works offline.

    Planes become 3-D scenes that turn together, or contours, on one colour scale; lines become
    curves. The reader changes view, quantity, scale and clipping there, and points at values.
    Points that are not computed or not finite have no height; they are marked and counted. The
    options set what the page initially shows; ``title`` is its heading, ``cmap`` a colour scale of
    plotly, such as viridis (the default) or cividis.

    Parameters
    ----------
    style
        The initial view of planes: ``surface`` (also for None) or ``contour``.
    embed
        Whether the page is compact inside a frame of another page, with a link to the full one;
        see :func:`landscape.render.page.frame`.

    Raises
    ------
    InputError
        If nothing can be drawn, an option is unknown, or the file cannot be written.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> render.save_page(open_surface("example:digits_eigen_ratio"), "page.html").name
    'page.html'
    """
    several = in_order([surfaces] if isinstance(surfaces, Surface) else list(surfaces))
    data = first_data(several, several, style, look)
    return write_page({**data, "embed": True} if embed else data, path)


def _check_is_page(path: str | os.PathLike[str]) -> None:
    """Raise an InputError unless a file name ends in .html or .htm."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError(
            f"{path}: expected a page, a file ending in .html; landscape.render.save writes other "
            "kinds of files, and render.save_figure a figure"
        )


def first_data(
    several: Sequence[Surface], drawn: Sequence[Surface], style: str | None, look: SpaceLook
) -> dict[str, Any]:
    """The data of a page with the requested initial view; see :func:`save_page`.

    ``several``: all surfaces. ``drawn``: those that must have something to draw; their marks
    determine the camera.
    """
    kind = one_kind(several, style)
    name = opened_on(several, look.get("quantity"))
    panels, shared = prepare([(s, name) for s in drawn], **of_heights(look))
    chosen_levels(look.get("levels"), shared)  # raises if unusable
    boxes = [HEIGHT * (p.heights - shared.bottom) / (shared.top - shared.bottom) for p in panels]
    found = Camera(0, 0) if kind == "curve" else choose_camera(boxes, [p.best for p in panels])
    camera = found.turned(look.get("elevation"), look.get("azimuth"))
    page = {**picked(look, Coloured), "quantity": name}
    return page_data(several, style=style, camera=camera, **page)


def write_page(data: dict[str, Any], path: str | os.PathLike[str]) -> Path:
    """Write the page that draws ``data``.

    Raises an InputError if the file cannot be written, or its name does not end in .html.
    """
    content = page_html(data).encode()
    with replacing(path) as temporary:
        _check_is_page(path)
        temporary.write_bytes(content)
    return Path(path)
