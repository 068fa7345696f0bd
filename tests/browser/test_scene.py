"""A scene at every width: text stays on the canvas, pointing leaves the surface as it is lit."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image
from scipy.ndimage import binary_fill_holes

from landscape import open_surface
from landscape.examples import example_names
from landscape.render import save_page
from landscape.render.space.interpolate import refine
from landscape.render.words.numerals import short
from tests.explorer import PIXEL, Explorer, bowl, keep
from tests.texts import WIDTHS, faults_of_text, resized


@pytest.fixture(scope="module")
def pair(browser, tmp_path_factory):
    surfaces = [open_surface(f"example:{name}") for name in ("resnet56_noshort", "resnet56")]
    page = save_page(surfaces, tmp_path_factory.mktemp("page") / "pair.html")
    explorer = Explorer(browser, page)
    yield explorer
    explorer.close()


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_no_text_is_cut_or_overprinted(pair, width, height):
    for view in ("surface", "contour"):
        pair.choose(view=view)
        resized(pair, width, height)
        assert faults_of_text(pair) == [], view
    pair.choose(view="surface")
    pair.page.locator(".plot.surface").first.focus()
    for key in ("ArrowRight",) * 3 + ("ArrowUp",) * 9 + ("ArrowRight",) * 5 + ("ArrowDown",) * 17:
        pair.page.keyboard.press(key)
        if key == "ArrowRight":
            pair.settle()
            assert faults_of_text(pair) == []
    pair.page.locator(".plot.surface").first.press("Home")
    pair.settle()


SOON = ("digits_aligned", "digits_eigen_ratio_noshort", "digits_path")
"""A curve, the longest numerals, the longest names of axes."""
EXAMPLES = [
    name if name in SOON else pytest.param(name, marks=pytest.mark.long) for name in example_names()
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_text_of_an_example_is_cut_or_overprinted(browser, tmp_path, name):
    """Faults once: on a phone the last value of the bar; an edge through the name of the height."""
    explorer = Explorer(browser, save_page(open_surface(f"example:{name}"), tmp_path / "a.html"))
    curve = explorer.state["view"] == "curve"
    for view in (None,) if curve else ("surface", "contour"):
        explorer.choose(view=view)
        for width, height in WIDTHS:
            resized(explorer, width, height)
            assert faults_of_text(explorer) == [], (view, width)
    explorer.close()


def test_isolines_of_a_scene_are_named_where_they_are(pair):
    resized(pair, 1440, 900)
    pair.choose(view="surface")
    for k in (0, 1):
        labels = pair.page.evaluate(
            "(k) => [...document.querySelectorAll('.above')[k].querySelectorAll('.isoline')]"
            ".map((t) => { const b = t.getBoundingClientRect();"
            " return [t.textContent, (b.left + b.right) / 2, (b.top + b.bottom) / 2]; })",
            k,
        )
        assert len(labels) > 1
        drawn = pair.drawn("surface", k)
        fine = refine(np.array(drawn["x"]), np.array(drawn["y"]), np.array(drawn["z"]))
        for words, left, top in labels:
            (value,) = [v for v in pair.state["ticks"] if short(v) == words]
            on = np.argwhere(abs(fine.heights - math.log10(value)) < 0.02)
            places = [[fine.x[i], fine.y[j], fine.heights[j, i]] for j, i in on]
            pixels = pair.page.evaluate(
                f"([k, places]) => places.map((place) => ({PIXEL})([k, place]))", [k, places]
            )
            assert min(math.dist(p, (left, top)) for p in pixels) < 5, words  # the next is 10 away


def test_the_first_plot_begins_early(pair):
    """Faults once: at y = 560 on a phone, and after 335 pixels of controls at 1440."""
    for width, height, most in [(390, 844, 180), (1440, 900, 200)]:
        pair.page.set_viewport_size({"width": width, "height": height})
        pair.settle()
        top = pair.page.evaluate(
            "() => scrollY + document.querySelector('.stage').getBoundingClientRect().top"
        )
        assert top < most
    assert pair.page.locator("#readout").is_hidden()


@pytest.fixture(scope="module")
def painted(browser, tmp_path_factory):
    surfaces = [bowl(title="a"), bowl(scale=3, title="b")]
    page = save_page(surfaces, tmp_path_factory.mktemp("page") / "a.html")
    explorer = Explorer(browser, page, painted=True)
    yield explorer
    explorer.close()


def surfaces_alone(explorer, ground=""):
    """A picture of the panels without layers and words, on a background."""
    look = (
        "(ground) => { for (const e of document.querySelectorAll('.layer, #readout'))"
        " e.style.visibility = ground === null ? '' : 'hidden';"
        " document.body.style.background = ground || '';"
        " for (const p of document.querySelectorAll('.surface'))"
        " p._fullLayout.scene._scene.glplot.redraw(); }"
    )
    explorer.page.evaluate(look, ground)
    picture = explorer.page.locator(".stage").first.screenshot()
    explorer.page.evaluate(look, None)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_nothing_shines_through_a_surface(painted):
    """A fault once: along its isolines, as dots of the edges behind it."""
    red, blue = (surfaces_alone(painted, ground) for ground in ("#f00", "#00f"))
    covered = (red == blue).all(axis=2)
    assert 0.1 < covered.mean() < 0.9
    assert (binary_fill_holes(covered) & ~covered).sum() == 0


def test_plotly_writes_nothing_that_is_not_seen(painted):
    """A fault once: the names and numerals of its hidden axes took a fifth of the opening time."""
    words = (
        "() => [...document.querySelectorAll('.surface')].map((p) => p._fullLayout.scene._scene)"
        ".map(({ axesOptions: { labels, ticks } }) => [labels.join(''), ticks.flat().length])"
    )
    assert painted.page.evaluate(words) == [["", 0]] * 2


def test_light_makes_no_surface_brighter_than_its_colours(painted):
    """A fault once: a plateau was as bright as white, without a shade."""
    brightest = np.asarray(colormaps["viridis"].colors).max(axis=0)
    seen = surfaces_alone(painted, "#000").reshape(-1, 3).max(axis=0) / 255
    assert (seen < brightest + 0.08).all()  # a highlight


def test_pointing_changes_no_pixel_of_a_surface(painted):
    """A fault once: the surfaces were lit anew when the mark appeared."""
    before = surfaces_alone(painted)
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 500
    box = painted.page.locator(".stage").first.bounding_box()
    painted.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    painted.settle()
    assert painted.state["mark"]
    keep("pointed", painted.page.screenshot())
    np.testing.assert_array_equal(surfaces_alone(painted), before)
