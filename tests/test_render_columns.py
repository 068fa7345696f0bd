"""Panels in rows and columns: what is asked for is where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import side_by_side
from landscape.surface import Quantity, Surface


def bowls(count: int) -> list[Surface]:
    x = np.linspace(-1, 1, 5)
    loss = 0.01 + x**2 + x[:, None] ** 2
    return [
        Surface(
            Grid(x, x),
            {"train_loss": Quantity("training loss", "nats")},
            {"train_loss": (1 + k) * loss},
            np.ones(loss.shape, bool),
            {"title": f"network {k}"},
        )
        for k in range(count)
    ]


@pytest.mark.parametrize(
    ("style", "count", "options", "rows"),
    [
        ("surface", 6, {"width": 10, "columns": 3}, [3, 3]),
        ("surface", 6, {"width": 10, "columns": 2}, [2, 2, 2]),
        ("surface", 4, {"width": 10}, [2, 2]),
        ("contour", 4, {"width": 10, "columns": 4}, [4]),
        ("heatmap", 6, {}, [3, 3]),
    ],
)
def test_panels_stand_in_rows_on_one_scale(style, count, options, rows):
    figure = side_by_side(bowls(count), style, **options)
    panels = figure.axes[:count]
    heights = [round(axes.get_position().y0, 3) for axes in panels]
    found = [heights.count(height) for height in sorted(set(heights), reverse=True)]
    assert found == rows
    assert len(figure.axes) == count + 1  # one colour bar
    for number, axes in enumerate(panels):
        row, column = divmod(number, rows[0])
        left = axes.get_position().x0 - panels[column].get_position().x0
        assert left == pytest.approx(0, abs=1e-9), (row, column)
    if style == "surface":
        at = [[(t.get_text(), t.xy) for t in a.texts if t.get_gid() == "height"] for a in panels]
        assert at[0]
        assert all(own == at[0] for own in at)
    else:
        mapped = [axes.collections[0] for axes in panels]
        assert len({(m.norm.vmin, m.norm.vmax) for m in mapped}) == 1


@pytest.mark.parametrize(
    ("style", "columns", "words"),
    [
        ("surface", 3, "3 columns in a figure 6.75 inches wide leave"),
        ("contour", 0, "0 columns: expected at least 1"),
        ("heatmap", 9, "use fewer columns or a larger width"),
    ],
)
def test_columns_that_cannot_be_are_refused(style, columns, words):
    with pytest.raises(InputError, match=words):
        side_by_side(bowls(6), style, columns=columns)
