"""Points without a value: not computed, NaN and infinite, each with its own hatching."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from landscape.grid import FloatArray
from landscape.render.figure.style import HOLE_COLOUR
from landscape.render.heights import Heights
from landscape.render.words.numerals import share

# The symbols resemble the hatching, so that the caption serves as the legend.
_KINDS = {
    "not computed": ("▨", "//////"),
    "NaN": ("▩", "xxxxxx"),
    "infinite": ("▤", "------"),
}


def cell_edges(axis: FloatArray) -> FloatArray:
    """Edges of cells around the points of an axis, midway between neighbours, shape (n + 1,).

    >>> cell_edges(np.array([0.0, 1.0, 3.0])).tolist()
    [-0.5, 0.5, 2.0, 4.0]
    """
    middles = (axis[:-1] + axis[1:]) / 2
    return np.concatenate([[2 * axis[0] - middles[0]], middles, [2 * axis[-1] - middles[-1]]])


def draw_holes(axes: Any, panel: Heights) -> None:
    """Hatch the cells of all points without a value."""
    x, y = panel.surface.grid.plane
    for kind, mask in _masks(panel):
        path = Path.make_compound_path(*_rectangles(cell_edges(x), cell_edges(y), mask))
        look: dict[str, Any] = {"facecolor": HOLE_COLOUR, "edgecolor": "0.55", "linewidth": 0}
        axes.add_patch(PathPatch(path, hatch=_KINDS[kind][1], gid=kind, zorder=1.5, **look))


def hole_notes(panel: Heights) -> list[str]:
    """``▨ not computed: 3 of 24 points.``, one note for each kind present."""
    total = panel.values.size
    return [
        f"{_KINDS[kind][0]} {kind}: {share(int(mask.sum()), total)}."
        for kind, mask in _masks(panel)
    ]


def _masks(panel: Heights) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    done, values = panel.surface.done, panel.surface[panel.quantity.name]
    masks = (~done, done & np.isnan(values), done & np.isinf(values))
    return ((kind, mask) for kind, mask in zip(_KINDS, masks, strict=True) if mask.any())


def _rectangles(
    x_edges: FloatArray, y_edges: FloatArray, mask: npt.NDArray[np.bool_]
) -> Iterator[Path]:
    # One rectangle per run of a row: a surface of 501 × 501 points may be mostly holes.
    for j, row in enumerate(mask):
        for run in np.ma.clump_masked(np.ma.array(row, mask=row)):
            x0, x1, y0, y1 = x_edges[run.start], x_edges[run.stop], y_edges[j], y_edges[j + 1]
            yield Path([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], closed=True)
