"""What the page draws: the heights of numpy, marks, pictures, text, curves."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.interpolate import RegularGridInterpolator

from landscape.grid import Grid
from landscape.render import save_page
from landscape.render.scale import Scale
from landscape.render.space.interpolate import refine
from landscape.render.words.numerals import short
from tests.explorer import PIXEL, Explorer, as_array, bowl, finite, lines
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
        np.testing.assert_allclose(fresh.samples(k), expected, rtol=2e-5, atol=2e-5)
        for axis, values in surfaces[k].grid.axes.items():
            step = (len(trace[axis]) - 1) // (len(values) - 1)
            assert trace[axis][::step] == pytest.approx(values, abs=1e-6)
        if np.nanmax(expected) > np.nanmin(expected) and place < 200:
            assert trace["cmax"] == pytest.approx(math.log10(high) if scale == "log" else high)
    if low < high:
        assert state["ticks"] == pytest.approx(Scale(scale, state["low"], state["high"]).ticks(8))


@pytest.mark.parametrize("shape", ["even", "holes", "uneven"])
def test_between_the_samples_lies_the_surface_of_the_stills(two, shape):
    rng = np.random.default_rng(5)
    x, y = np.linspace(-1, 1, 7), np.linspace(0, 2, 9)
    heights = np.maximum(rng.normal(size=(9, 7)), -1)
    if shape == "holes":
        heights[[1, 5, 8], [2, 3, 6]] = np.nan
    if shape == "uneven":
        x, y = np.sort(rng.uniform(-1, 1, 7)), np.sort(rng.uniform(0, 2, 9))
    rows = [[None if np.isnan(v) else v for v in row] for row in heights]
    found = two.page.evaluate(
        "([x, y, rows]) => window.landscape.refined(x, y, rows, 60)", [list(x), list(y), rows]
    )
    wanted = refine(x, y, heights, cells=60)
    np.testing.assert_allclose(as_array(found["rows"]), wanted.heights, atol=1e-12)
    np.testing.assert_allclose(found["x"], wanted.x, atol=1e-12)


def test_lines_are_at_round_values_of_the_same_surface(fresh, surfaces):
    fresh.slide(150)
    state = fresh.state
    fresh.choose(view="contour")
    inside = [t for t in state["ticks"] if state["low"] < t < state["high"]]
    x, y = surfaces[0].x, surfaces[0].y
    fine = refine(x, y, np.array(state["heights"][0]))
    on = RegularGridInterpolator((fine.y, fine.x), fine.heights)
    for n, tick in enumerate(inside):
        drawn = fresh.drawn("contour", 0, n)
        places = [p for p in zip(drawn["y"], drawn["x"], strict=True) if None not in p]
        np.testing.assert_allclose(on(np.clip(places, -1, 1)), np.log10(tick), atol=0.01)
    shades = "() => document.querySelector('.contour').layout.images.length"
    assert fresh.page.evaluate(shades) == 1
    assert fresh.page.locator(".plot.surface:visible").count() == 0


def test_what_is_not_finite_is_marked_and_never_a_height(fresh, surfaces):
    right = surfaces[1]
    z = fresh.samples(1)
    assert {tuple(p) for p in np.argwhere(np.isnan(z))} == {(2, 3), (7, 8), (0, 1)}
    state = fresh.state
    marked = [(right.x[3], right.y[2]), (right.x[8], right.y[7])]
    floor = math.log10(state["low"])
    wanted = [
        fresh.page.evaluate(PIXEL, [1, [*map(float, p), floor]]) for p in marked for _ in range(2)
    ]
    middles = [np.mean(arm, axis=0) for arm in lines(fresh, "stroke-width", "1.5", 1)]
    np.testing.assert_allclose(middles, wanted, atol=2)
    fresh.choose(view="contour")
    levels = sum(state["low"] < t < state["high"] for t in state["ticks"])
    crosses = fresh.drawn("contour", 1, levels + 1)  # after lines and the lowest point
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


def test_shades_are_where_their_points_are(browser, tmp_path):
    """A fault once: on axes with uneven steps the shades were spread evenly."""
    even = np.linspace(-1, 1, 9)
    uneven = np.sign(even) * even**2

    def slope(x):
        surface = bowl(9, 9)
        far = np.broadcast_to(2 + x[None, :], (9, 9)).copy()
        surface.values["train_loss"] = far
        return replace(surface, grid=Grid(x, np.linspace(-1, 1, 9)))

    page = save_page([slope(even), slope(uneven)], tmp_path / "a.html", style="contour")
    explorer = Explorer(browser, page)
    source = (
        "() => [...document.querySelectorAll('.contour')].map((p) => p.layout.images[0].source)"
    )
    one, other = (
        Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB").resize((60, 60))
        for url in explorer.page.evaluate(source)
    )
    assert abs(np.asarray(one).astype(int) - np.asarray(other)).max() < 12
    explorer.close()


WITHOUT_WEBGL = """(() => {
  const plain = HTMLCanvasElement.prototype.getContext;
  window.asked = 0;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    if (!/webgl/.test(kind)) return plain.call(this, kind, ...rest);
    window.asked += 1;
    return null;
  };
})()"""


def test_contours_open_without_webgl_and_say_what_3d_needs(browser, tmp_path):
    """Asking for WebGL took a second before contours were drawn, on a processor alone."""
    page = save_page(bowl(), tmp_path / "a.html", style="contour")
    explorer = Explorer(browser, page, before=WITHOUT_WEBGL)
    assert explorer.page.evaluate("() => window.asked") == 0
    explorer.page.get_by_role("radio", name="3-D", exact=True).click()
    explorer.settle()
    assert explorer.state["view"] == "contour"
    assert explorer.page.get_by_role("radio", name="3-D", exact=True).is_disabled()
    assert "needs WebGL, which this browser lacks" in explorer.page.locator("#hint").inner_text()
    explorer.close()
    page = save_page(bowl(), tmp_path / "b.html").as_uri()
    explorer = Explorer(browser, page, before=WITHOUT_WEBGL)
    assert explorer.state["view"] == "contour"
    explorer.page.goto("about:blank")
    explorer.page.goto(f"{page}#view=contour")
    explorer.settle()
    assert explorer.page.evaluate("() => window.asked") == 0
    explorer.close()


def test_a_page_works_in_the_cell_of_a_notebook(browser, tmp_path):
    """As nbconvert writes it: the frame in a cell of an exported page, without a server."""
    import nbformat
    from nbconvert.exporters import HTMLExporter

    shown = {"text/html": bowl(title="in a cell").explore(height=600)._repr_html_()}
    output = nbformat.v4.new_output("display_data", data=shown)
    cell = nbformat.v4.new_code_cell("surface.explore()", outputs=[output])
    written, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (tmp_path / "notebook.html").write_text(written)
    tab = browser.new_page()
    tab.route("https://**", lambda route: route.abort())  # nbconvert's own scripts
    tab.goto((tmp_path / "notebook.html").as_uri(), wait_until="commit")
    frame = tab.locator("iframe[srcdoc]").element_handle().content_frame()
    frame.get_by_role("radio", name="Contours", exact=True).check()
    frame.locator(".plot.contour .js-plotly-plot, .plot.contour svg").first.wait_for()
    frame.locator("h2", has_text="in a cell").wait_for()
    tab.close()
