"""One colour for the cell around each point, nothing between them invented."""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.render.heights import Heights
from landscape.render.holes import cell_edges
from landscape.render.scale import Scale


def draw_heatmap(
    axes: Any, panel: Heights, scale: Scale, levels: FloatArray, norm: Any, cmap: Any
) -> None:
    """Draw the cells; the levels are ticks of the colour bar."""
    x, y = panel.surface.x, panel.surface.y
    assert y is not None
    cells = np.ma.masked_invalid(panel.heights)
    # As an image: viewers of vector files show seams between thousands of rectangles.
    look: dict[str, Any] = {"norm": norm, "cmap": cmap, "rasterized": True}
    axes.pcolormesh(cell_edges(x), cell_edges(y), cells, **look)


def limits(panel: Heights) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a heat map ends: at the outer edges of the outermost cells."""
    x, y = panel.surface.x, panel.surface.y
    assert y is not None
    across, upward = cell_edges(x), cell_edges(y)
    return (float(across[0]), float(across[-1])), (float(upward[0]), float(upward[-1]))
