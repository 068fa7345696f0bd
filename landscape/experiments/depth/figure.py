"""All surfaces in one figure on one scale: from above, in space, and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landscape.render import save
from landscape.surface import Surface

HIGHEST = 1000.0
"""Nats that a loss is drawn up to, so that networks which learnt nothing leave room for others.

Far from such a network the loss of digits reaches 10²⁰.
"""
WIDE = 10.0
"""Inches that three planes side by side need."""
CONTOURS = ("contours.png", "contours.pdf")
IN_SPACE = ("surfaces.png", "surfaces.pdf")
PAGE = "explore.html"


def draw(rows: Sequence[Sequence[Surface]], folder: Path) -> list[Path]:
    """Write the figures and the page; points above :data:`HIGHEST` are drawn at it and counted.

    Parameters
    ----------
    rows
        The depths with shortcuts, and the same without. Three depths become two rows of three
        planes. Figures in space have two columns: with shortcuts at the left, without at the right.
    """
    in_rows = [surface for row in rows for surface in row]
    in_pairs = [surface for pair in zip(*rows, strict=True) for surface in pair]
    drawn = [save(in_rows, folder / name, "contour", width=WIDE, clip=HIGHEST) for name in CONTOURS]
    drawn += [save(in_pairs, folder / name, "surface", clip=HIGHEST) for name in IN_SPACE]
    return [*drawn, save(in_rows, folder / PAGE, clip=HIGHEST)]
