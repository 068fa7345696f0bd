"""Words of a figure at its final size: none over another, over a colour bar, or off the paper."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from matplotlib.legend import Legend

from landscape import open_surface
from landscape.render import side_by_side

GRID = {"column_titles": ("a", "b"), "row_titles": ("c", "d")}
PAIR = ("resnet56", "resnet56_noshort")
FIGURES = {
    "surface": (PAIR[:1], "surface", "column", {}),
    "surfaces in a column": (PAIR, "surface", "column", {}),
    "surfaces side by side": (PAIR, "surface", "page", {}),
    "a path in space": (["digits_path"], "surface", "column", {}),
    "contours in a column": (PAIR, "contour", "column", {}),
    "a grid of contours": (PAIR * 2, "contour", "page", GRID),
    "a grid of heat maps": (PAIR * 2, "heatmap", "page", GRID),
    "a curve in its plane": (["digits_curve"], "contour", "column", {"scale_bar": True}),
    "a path": (["digits_path"], "path", "column", {}),
    "a line": (["digits_between"], "curve", "column", {}),
    "lines": (["digits_between_stored", "digits_between"], "curve", "column", {}),
    "a spectrum": (["digits_density"], "curve", "column", {}),
}


@pytest.mark.parametrize("case", FIGURES)
def test_words_are_apart(case):
    names, style, width, options = FIGURES[case]
    surfaces = [open_surface(f"example:{name}") for name in names]
    figure = side_by_side(surfaces, style, width=width, **options)
    figure.canvas.draw()
    seen = {text: corners(text) for text in words(figure)}
    width, height = figure.bbox.size
    off = [
        t.get_text() for t, c in seen.items() if c.min() < 2 or (c.max(0) > (width, height)).any()
    ]
    assert off == []
    over = [
        (a.get_text(), b.get_text()) for a, b in combinations(seen, 2) if overlap(seen[a], seen[b])
    ]
    assert over == []
    for bar in (a.get_window_extent() for a in figure.axes if a.get_label() == "<colorbar>"):
        box = np.array([(bar.x0, bar.y0), (bar.x0, bar.y1), (bar.x1, bar.y1), (bar.x1, bar.y0)])
        assert [t.get_text() for t, c in seen.items() if overlap(c, box)] == []


def words(figure):
    """All texts that are drawn: matplotlib keeps those of ticks beyond the ends of an axis, too."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += [axes.title, *axes.texts]
        for legend in axes.findobj(Legend):
            found += legend.get_texts()
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            low, high = sorted(axis.get_view_interval())
            drawn = [t for t in axis.get_major_ticks() if low - 1e-9 <= t.get_loc() <= high + 1e-9]
            found += [axis.label, *(t.label1 for t in drawn), *(t.label2 for t in drawn)]
    return [text for text in found if text.get_text().strip() and text.get_visible()]


def corners(text):
    """Of a turned text, shape (4, 2), in pixels: its middle is that of the box around it."""
    box, turned = text.get_window_extent(), text.get_rotation()
    middle = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    text.set_rotation(0)
    flat = text.get_window_extent()
    text.set_rotation(turned)
    angle = math.radians(turned)
    along = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    half = np.array([flat.width, flat.height]) / 2
    return middle + np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)]) * half @ along


def overlap(one, other, hair=0.5):
    """Whether two rectangles overlap by more than a hair: no line separates them."""
    for box in (one, other):
        for edge in (box[1] - box[0], box[2] - box[1]):
            axis = edge / np.linalg.norm(edge)
            a, b = one @ axis, other @ axis
            if min(a.max(), b.max()) - max(a.min(), b.min()) <= hair:
                return False
    return True
