"""From a sampled surface to pictures: figures for a paper, one-file pages for a browser.

One file per medium, imported when it is first asked for, so that ``import landscape.render``
costs nothing, a page never imports matplotlib and a figure never imports plotly. Nothing here
knows torch: a saved surface can be drawn where it is not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landscape.render.contour_figure import contour, contour_lines, filled_contour
    from landscape.render.curve_figure import curve
    from landscape.render.figures import side_by_side
    from landscape.render.gallery import Entry, save_gallery
    from landscape.render.heatmap_figure import heatmap
    from landscape.render.media import save, save_figure
    from landscape.render.page import save_page
    from landscape.render.path_figure import path
    from landscape.render.surface_figure import surface3d

__all__ = [
    "Entry",
    "contour",
    "contour_lines",
    "curve",
    "filled_contour",
    "heatmap",
    "path",
    "save",
    "save_figure",
    "save_gallery",
    "save_page",
    "side_by_side",
    "surface3d",
]

_HOME = {
    "Entry": "gallery",
    "contour": "contour_figure",
    "contour_lines": "contour_figure",
    "curve": "curve_figure",
    "filled_contour": "contour_figure",
    "heatmap": "heatmap_figure",
    "path": "path_figure",
    "save": "media",
    "save_figure": "media",
    "save_gallery": "gallery",
    "save_page": "page",
    "side_by_side": "figures",
    "surface3d": "surface_figure",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
