"""Draw sampled surfaces: figures for papers, self-contained pages for browsers.

Each medium is imported on first use, so ``import landscape.render`` is cheap, a page never imports
matplotlib and a figure never imports plotly. Nothing here uses torch: a saved surface can be drawn
where it is not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from landscape.render.styles import STYLES

if TYPE_CHECKING:
    from landscape.render.figure.barcode import barcode
    from landscape.render.figure.contour import contour, contour_lines, filled_contour
    from landscape.render.figure.curve import curve
    from landscape.render.figure.heatmap import heatmap
    from landscape.render.figure.path import path
    from landscape.render.figure.profile import profile
    from landscape.render.figure.side_by_side import side_by_side
    from landscape.render.figure.surface import surface3d
    from landscape.render.figure.tree import tree
    from landscape.render.gallery import Entry, save_gallery
    from landscape.render.media import save, save_figure
    from landscape.render.notebook import explore, refining
    from landscape.render.page import save_page

__all__ = [
    "Entry",
    "barcode",
    "contour",
    "contour_lines",
    "curve",
    "explore",
    "filled_contour",
    "heatmap",
    "path",
    "profile",
    "refining",
    "save",
    "save_figure",
    "save_gallery",
    "save_page",
    "side_by_side",
    "surface3d",
    "tree",
]

_HOME = {
    **{style.function: f"figure.{style.module}" for style in STYLES.values()},
    "Entry": "gallery",
    "explore": "notebook",
    "refining": "notebook",
    "save": "media",
    "save_figure": "media",
    "save_gallery": "gallery",
    "save_page": "page",
    "side_by_side": "figure.side_by_side",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
