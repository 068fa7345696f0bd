"""What the page draws: the heights of numpy, marks, pictures, text, curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.render import save_page
from landscape.render.scale import Scale
from landscape.render.words.numerals import short
from tests.explorer import Explorer, as_array, finite
from tests.test_quantity import plane as margin_plane


@pytest.mark.parametrize(
    ("quantity", "scale", "place"),
    [
        ("train_loss", "log", 200),
        ("train_loss", "log", 90),
        ("train_loss", "linear", 60),
        ("test_accuracy", "linear", 200),
        ("test_loss_stderr", "log", 120),
        ("train_count", "linear", 200),
    ],
)
def test_heights_are_those_of_numpy(fresh, surfaces, quantity, scale, place):
    fresh.choose(quantity=quantity, scale=scale)
    if place < 200:
        fresh.slide(place)
    state = fresh.state
    values = [finite(s, quantity) for s in surfaces]
    pooled = np.concatenate([v.ravel() for v in values])
    low, high = np.nanmin(pooled), np.nanmax(pooled)
    if place < 200:
        assert low < state["limit"] < high
        part = place / 200
        exact = low * (high / low) ** part if scale == "log" else low + (high - low) * part
        assert state["limit"] == pytest.approx(exact, rel=0.006)  # rounded to three digits
        high = state["limit"]
        said = fresh.page.locator("#clip-value").inner_text()
        assert said == f"{short(high)} nats"
    else:
        assert state["limit"] is None
    for k, expected in enumerate(values):
        clipped = np.clip(expected, low, high)
        expected = np.log10(clipped) if scale == "log" else clipped
        trace = fresh.drawn("surface", k)
        np.testing.assert_allclose(as_array(trace["z"]), expected, rtol=2e-5, atol=2e-5)
        assert trace["x"] == pytest.approx(surfaces[k].x, abs=1e-6)
        assert trace["y"] == pytest.approx(surfaces[k].y, abs=1e-6)
        if np.nanmax(expected) > np.nanmin(expected) and place < 200:
            assert trace["cmax"] == pytest.approx(math.log10(high) if scale == "log" else high)
    if low < high:
        assert state["ticks"] == pytest.approx(Scale(scale, state["low"], state["high"]).ticks(8))


def test_both_views_show_the_same_heights_and_lines_at_round_values(fresh):
    fresh.slide(150)
    scenes = [as_array(fresh.drawn("surface", k)["z"]) for k in range(2)]
    fresh.choose(view="contour")
    for k in range(2):
        np.testing.assert_array_equal(as_array(fresh.drawn("contour", k)["z"]), scenes[k])
    state = fresh.state
    inside = [t for t in state["ticks"] if state["low"] < t < state["high"]]
    levels = [fresh.drawn("contour", 0, 1 + n)["contours"]["value"] for n in range(len(inside))]
    assert levels == pytest.approx(np.log10(inside))
    assert fresh.page.locator(".plot.surface:visible").count() == 0


def test_what_is_not_finite_is_marked_and_never_a_height(fresh, surfaces):
    right = surfaces[1]
    z = as_array(fresh.drawn("surface", 1)["z"])
    assert {tuple(p) for p in np.argwhere(np.isnan(z))} == {(2, 3), (7, 8), (0, 1)}
    state = fresh.state
    overlay = fresh.drawn("surface", 1, 1)
    floor = [
        (x, y)
        for x, y, z in zip(overlay["x"], overlay["y"], overlay["z"], strict=True)
        if z is not None and z == pytest.approx(math.log10(state["low"]), abs=1e-9)
    ]
    middles = {tuple(np.round(np.mean(floor[k : k + 4], axis=0), 6)) for k in (0, 4)}
    marked = {(right.x[3], right.y[2]), (right.x[8], right.y[7])}
    assert middles == {tuple(np.round(p, 6)) for p in marked}
    fresh.choose(view="contour")
    lines = sum(state["low"] < t < state["high"] for t in state["ticks"])
    crosses = fresh.drawn("contour", 1, 1 + lines + 1)  # shades, lines, the lowest point, crosses
    assert set(zip(crosses["x"], crosses["y"], strict=True)) == {
        tuple(float(f"{v:.6g}") for v in p) for p in marked
    }
    assert "not finite" in fresh.page.locator("figure").nth(1).inner_text()
    assert "not finite" not in fresh.page.locator("figure").nth(0).inner_text()
    assert fresh.state["notes"][1] == [
        "2 of 99 points not finite (marked, left blank).",
        "1 of 99 points not computed yet (left blank).",
    ]


@pytest.mark.parametrize("better", ["higher", "lower", None])
def test_the_best_point_is_where_the_metric_says(browser, tmp_path, better):
    page = save_page(margin_plane(better), tmp_path / "a.html", quantity="train_margin")
    explorer = Explorer(browser, page).choose(view="contour")
    legend = explorer.page.locator(".legend").inner_text()
    values = {"higher": "highest, 3 logits at x = 0.5", "lower": "lowest, −1.5 logits at x = −1"}
    assert ("est, " in legend) == (better is not None)
    assert values.get(better, "") in legend.replace("\u00a0", " ")
    explorer.close()
