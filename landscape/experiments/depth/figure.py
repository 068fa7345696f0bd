"""All surfaces in one figure on one scale: from above, in space, and on a page."""

from __future__ import annotations

from pathlib import Path

from landscape.experiments.figures import save_surfaces
from landscape.experiments.results import Results
from landscape.experiments.surfaces import sampled
from landscape.render import save

KINDS = ("residual", "plain")
"""The rows of every figure."""
HIGHEST = 1000.0
"""Nats that a loss is drawn up to, so that networks which learnt nothing leave room for others.

Far from such a network the loss of digits reaches 10²⁰.
"""
COLUMN = 10.0 / 3.0
"""Inches of a column of panels."""
PAGE = "explore.html"


def draw(results: Results, folder: Path) -> list[Path]:
    """Write the figures and the page; points above :data:`HIGHEST` are drawn at it and counted."""
    depths = [int(depth) for depth in results.coordinates["depth"]]
    rows = [[sampled(folder, f"{kind}-{depth}") for depth in depths] for kind in KINDS]
    drawn = save_surfaces(rows, folder, clip=HIGHEST, width=COLUMN * len(depths))
    return [*drawn, save([*rows[0], *rows[1]], folder / PAGE, clip=HIGHEST)]
