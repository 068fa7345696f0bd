"""The styles of figures: the module that draws each, and the surfaces it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

PLANES, LINES, BOTH = "planes", "lines", "both"


@dataclass(frozen=True)
class Style:
    """A style of figures.

    Attributes
    ----------
    module
        In :mod:`landscape.render.figure`, imported when it draws.
    function
        The function for one surface, which :mod:`landscape.render` exports.
    drawer
        ``(surfaces, look, columns) -> Figure`` in the same module, for several side by side.
    suits
        The surfaces that it can draw: planes, lines or both.
    """

    module: str
    function: str
    drawer: str
    suits: str = PLANES

    def draws(self, lines: bool) -> bool:
        """Whether it can draw lines, or planes if ``lines`` is false."""
        return self.suits in (BOTH, LINES if lines else PLANES)

    def load(self) -> Any:
        """The drawer."""
        return getattr(import_module(f"landscape.render.figure.{self.module}"), self.drawer)


STYLES = {
    "contour": Style("contour", "contour", "CONTOUR"),
    "filled": Style("contour", "filled_contour", "FILLED"),
    "lines": Style("contour", "contour_lines", "LINES"),
    "heatmap": Style("heatmap", "heatmap", "HEATMAP"),
    "surface": Style("surface", "surface3d", "surfaces"),
    "curve": Style("curve", "curve", "curves", LINES),
    "path": Style("path", "path", "paths", BOTH),
    "barcode": Style("barcode", "barcode", "barcodes", BOTH),
    "tree": Style("tree", "tree", "trees", BOTH),
    "profile": Style("profile", "profile", "profiles", BOTH),
}
