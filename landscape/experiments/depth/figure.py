"""All surfaces on one scale: as contours, in 3-D, and as a page."""

from __future__ import annotations

from pathlib import Path

from landscape.experiments.figures import save_surfaces
from landscape.experiments.results import Results
from landscape.experiments.surfaces import KINDS, sampled
from landscape.render import save

HIGHEST = 1000.0
"""Clipping value of the loss in nats, so that networks that learnt nothing do not set the scale.

Far from such a network the loss on digits reaches 10²⁰.
"""
COLUMN = 10.0 / 3.0
"""Width of a column of panels in inches."""
PAGE = "explore.html"


def draw(results: Results, folder: Path) -> list[Path]:
    """Write figures and page; values above :data:`HIGHEST` are clipped and counted."""
    (sizes,) = [places for name, places in results.coordinates.items() if name != "network"]
    rows = [[sampled(folder, f"{kind}-{int(size)}") for size in sizes] for kind in KINDS]
    drawn = save_surfaces(rows, folder, clip=HIGHEST, width=COLUMN * len(sizes))
    return [*drawn, save([*rows[0], *rows[1]], folder / PAGE, clip=HIGHEST)]
