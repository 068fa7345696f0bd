"""All surfaces in one figure on one scale: from above, in space, and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape.render import save
from landscape.surface import Surface

HIGHEST = 1000.0
"""Nats that a loss is drawn up to, so that networks which learnt nothing leave room for others.

Far from such a network the loss of digits reaches 10²⁰.
"""
COLUMN = 10.0 / 3.0
"""Inches of a column of panels."""
CONTOURS = ("contours.png", "contours.pdf")
IN_SPACE = ("surfaces.png", "surfaces.pdf")
PAGE = "explore.html"


def draw(rows: Sequence[Sequence[Surface]], folder: Path) -> list[Path]:
    """Write the figures and the page; points above :data:`HIGHEST` are drawn at it and counted.

    Parameters
    ----------
    rows
        The depths with shortcuts, and the same without: the rows of every figure.
    """
    in_rows = [surface for row in rows for surface in row]
    columns = len(rows[0])
    look: dict[str, Any] = {
        "clip": HIGHEST,
        "columns": columns,
        "width": COLUMN * columns,
    }
    drawn = [save(in_rows, folder / name, "contour", **look) for name in CONTOURS]
    drawn += [save(in_rows, folder / name, "surface", **look) for name in IN_SPACE]
    return [*drawn, save(in_rows, folder / PAGE, clip=HIGHEST)]
