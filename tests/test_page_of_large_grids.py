"""A page holds no more points than a screen shows, and says so."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.grid import Grid
from landscape.render.page.data import page_data
from tests.explorer import bowl

MOST = 257


def large(x, y, best=(0.0, 0.0)):
    """A bowl on a grid, with its only minimum at a given point of it."""
    held = bowl(len(x), len(y))
    surface = type(held)(Grid(x, y), held.quantities, held.values, held.done, {}, held.axes)
    far = (x[None, :] - best[0]) ** 2 + (y[:, None] - best[1]) ** 2
    for name in held.values:
        if name.endswith("_loss"):
            held.values[name] = 0.1 + far
    return surface


X, Y = (np.round(np.linspace(-1, 1, n), 6) for n in (801, 9))


def test_a_large_grid_is_reduced_and_keeps_ends_and_best_point():
    best = X[401], Y[3]
    (panel,) = page_data([large(X, Y, best)])["panels"]
    assert panel["points"] == f"{len(panel['x'])} × 9 of 801 × 9 points are on this page."
    assert panel["y"] == Y.tolist()
    x = np.array(panel["x"])
    assert 150 < len(x) <= MOST
    assert {X[0], X[-1], best[0]} <= set(x)
    assert np.diff(x).max() < 0.011
    loss = np.array(panel["values"]["train_loss"]).reshape(9, -1)
    expected = 0.1 + (x[None, :] - best[0]) ** 2 + (Y[:, None] - best[1]) ** 2
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert loss.min() == pytest.approx(0.1)


def test_what_is_marked_stays_at_its_place():
    surface = large(X, Y)
    kept = np.array(page_data([surface])["panels"][0]["x"])
    at = int(np.flatnonzero(kept[7] == X)[0])
    surface.values["train_loss"][2, at] = np.nan
    surface.done[4, at] = False
    (panel,) = page_data([surface])["panels"]
    assert panel["notFinite"]["train_loss"] == [[2 * len(kept) + 7, "NaN"]]
    assert panel["undone"] == [4 * len(kept) + 7]


def test_surfaces_on_one_grid_stay_comparable():
    several = [large(X, Y, (X[k], Y[k % 9])) for k in (33, 333, 707)]
    one, *others = page_data(several)["panels"]
    assert all(panel["x"] == one["x"] for panel in others)
    assert {X[33], X[333], X[707]} <= set(one["x"])


def test_what_fits_on_a_screen_is_whole():
    (panel,) = page_data([large(np.linspace(-1, 1, MOST), Y)])["panels"]
    assert panel["points"] is None
    assert len(panel["x"]) == MOST
