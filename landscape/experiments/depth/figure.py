"""All surfaces in one figure on one scale: a row with shortcuts, a row without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landscape.render import save
from landscape.surface import Surface

PICTURES = {
    "contours.png": "contour",
    "contours.pdf": "contour",
    "surfaces.png": "surface",
    "surfaces.pdf": "surface",
    "explore.html": None,
}


def draw(surfaces: Sequence[Surface], folder: Path) -> list[Path]:
    """Write the figures and the page.

    Parameters
    ----------
    surfaces
        Row by row: the depths with shortcuts, then without. Figures of six have two rows of three.
    """
    return [save(list(surfaces), folder / name, style) for name, style in PICTURES.items()]
