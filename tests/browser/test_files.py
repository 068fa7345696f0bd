"""Other files: scales that cannot be, curves, new data, every width and theme."""

from __future__ import annotations

import copy
import itertools
import math

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from landscape.grid import Grid, coarse_to_fine
from landscape.render import save_page
from landscape.render.page import page_data
from landscape.render.page.bundle import TARGET as BUNDLE
from landscape.render.words.numerals import short
from landscape.surface import Quantity, Surface
from tests.explorer import Explorer, bowl, keep, path_of_training


def test_a_log_scale_that_cannot_be_is_said_and_not_drawn(browser, tmp_path):
    surface = bowl(title="signed")
    surface.values["train_loss"][0, 0] = 0.0
    surface.values["test_loss"][0, 0] = -1.0
    explorer = Explorer(
        browser, save_page(surface, tmp_path / "a.html", style="contour", clip="none")
    )
    least = surface["train_loss"][surface["train_loss"] > 0].min()
    assert explorer.state["heights"][0][0][0] == pytest.approx(math.log10(least), abs=1e-5)
    assert explorer.state["notes"][0] == [
        f"1 of 99 points equal to 0, drawn at {short(least)} nats."
    ]
    explorer.choose(quantity="test_loss")
    assert explorer.state["kind"] == "linear"
    assert explorer.page.locator("input[value=log]").is_disabled()
    assert "Some values are negative" in explorer.page.locator("#bar-label").inner_text()
    assert explorer.state["heights"][0][0][0] == -1
    explorer.close()


def test_curves(browser, tmp_path):
    x = np.linspace(-1, 1, 9)
    values = {"loss": 0.2 + 5 * x**2, "loss_stderr": 0.1 + 0 * x, "accuracy": 1 - x**2 / 2}
    values["accuracy_stderr"] = 0.05 + 0 * x
    values["loss"][1] = math.nan
    quantities = {k: Quantity(k, "1" if "acc" in k else "nats") for k in values}
    facts = {"title": "a line", "classes": 10, "loss": "cross_entropy"}
    line = Surface(Grid(x), quantities, values, np.ones(9, bool), facts)
    explorer = Explorer(browser, save_page([line, line], tmp_path / "a.html", clip="none"))
    low, high, loss, odd, accuracy = (explorer.drawn("curve", 1, k) for k in range(5))
    assert loss["y"][1] is None
    assert odd["x"] == [x[1]]
    assert np.delete(loss["y"], 1).astype(float) == pytest.approx(np.delete(values["loss"], 1))
    assert high["y"][3] == pytest.approx(values["loss"][3] + 0.196)
    assert low["y"][3] == pytest.approx(values["loss"][3] - 0.196)
    assert accuracy["y"] == pytest.approx(100 * values["accuracy"])
    low, high, chance = (explorer.drawn("curve", 1, k) for k in range(5, 8))
    assert low["yaxis"] == high["yaxis"] == "y2"
    assert low["y"] == pytest.approx(100 * values["accuracy"] - 9.8)
    assert high["y"] == pytest.approx(np.minimum(100 * values["accuracy"] + 9.8, 100))
    assert chance["y"] == pytest.approx([math.log(10)] * 2)
    assert "chance level, 2.3" in explorer.page.locator(".legend").first.inner_text()
    axis = "() => document.querySelector('.curve').layout.yaxis.type"
    assert explorer.page.evaluate(axis) == "log"
    explorer.choose(scale="linear")
    assert explorer.page.evaluate(axis) == "linear"
    explorer.page.locator(".plot.curve").first.focus()
    explorer.page.keyboard.press("ArrowLeft")
    explorer.page.keyboard.press("ArrowLeft")
    explorer.settle()
    assert explorer.state["mark"]["x"] == -0.25
    cells = explorer.page.locator("#readout tbody tr").nth(1).locator("td").all_inner_texts()
    assert cells == ["0.51 ± 0.10", "96.9 ± 5.0"]
    assert explorer.page.locator(".cross:not([hidden])").count() == 2
    explorer.choose(quantity="accuracy")
    assert explorer.drawn("curve", 0, 2)["y"] == pytest.approx(100 * values["accuracy"])
    keep("curves", explorer.page.screenshot(full_page=True))
    explorer.close()


def part_of(surface, points):
    """The surface as a run has it after so many points."""
    part = copy.deepcopy(surface)
    part.done = np.zeros(part.grid.shape, bool)
    part.done.flat[coarse_to_fine(part.grid.shape)[:points]] = True
    for values in part.values.values():
        values[~part.done] = np.nan
    return part


def test_new_data_keep_camera_and_controls_and_fill_in_a_preview(fresh, surfaces):
    whole = bowl(nx=9, ny=9, title="growing")
    fresh.page.locator(".plot.surface").first.focus()
    fresh.page.keyboard.press("ArrowRight")
    fresh.slide(150)
    fresh.settle()
    camera, limit = fresh.cameras()[0], fresh.state["limit"]

    def show(points):
        data = page_data([part_of(whole, points), bowl(title="right")])
        fresh.page.evaluate("(data) => window.landscape.update(data)", data)
        fresh.settle()
        return fresh.samples()

    sampled = show(30)  # all of 5 × 5 points and the beginning of the next level
    assert np.isnan(sampled).sum() == 81 - 30
    fresh.page.locator("#preview").check()
    fresh.settle()
    filled = fresh.samples()
    assert not np.isnan(filled).any()
    done = part_of(whole, 30).done
    np.testing.assert_array_equal(filled[done], sampled[done])
    state = fresh.state
    heights = np.log10(np.clip(whole["train_loss"], state["low"], state["high"]))
    between = RegularGridInterpolator((whole.y[::2], whole.x[::2]), heights[::2, ::2])
    points = np.stack(np.meshgrid(whole.y, whole.x, indexing="ij"), axis=-1)
    np.testing.assert_allclose(filled[~done], between(points)[~done], atol=1e-4)
    assert (
        "51 of 81 points not computed yet (interpolated from coarser points)"
        in fresh.state["notes"][0][-1]
    )
    assert fresh.state["limit"] == limit
    assert fresh.cameras()[0] == pytest.approx(camera)
    np.testing.assert_allclose(
        show(81), np.log10(np.clip(whole["train_loss"], fresh.state["low"], limit)), atol=2e-5
    )


SIZES = [
    ("wide_light", 1920, 1080, "light"),
    ("desktop_dark", 1280, 800, "dark"),
    ("phone_light", 390, 844, "light"),
]


def test_every_width_and_theme_opens(browser, tmp_path):
    surfaces = [bowl(51, 51, title="with shortcuts"), bowl(51, 51, 3, title="without")]
    surfaces[0].trajectories = {"SGD": path_of_training()}
    path = save_page(surfaces, tmp_path / "a.html")
    assert path.stat().st_size < (2.5e6 if BUNDLE.is_file() else 6e6)  # else all of plotly.js
    for name, width, height, theme in SIZES:
        explorer = Explorer(browser, path, width=width, height=height, scheme=theme, painted=True)
        for view in ("surface", "contour"):
            explorer.choose(view=view)
            assert nothing_sticks_out(explorer.page, width) == []
            keep(f"{name}_{view}", explorer.page.screenshot(full_page=True))
        assert explorer.state["theme"] == theme
        if explorer.page.locator("#more").is_visible():  # on a phone
            explorer.page.locator("#more").click()
        explorer.page.get_by_role("button", name="Dark" if theme == "light" else "Light").click()
        explorer.settle()
        other = {"light": "dark", "dark": "light"}[theme]
        assert explorer.state["theme"] == other
        ground = "() => getComputedStyle(document.body).backgroundColor"
        assert (explorer.page.evaluate(ground) == "rgb(255, 255, 255)") == (other == "light")
        explorer.close()
    flat = Explorer(browser, save_page(surfaces, tmp_path / "flat.html", style="contour"))
    assert flat.state["view"] == "contour"
    flat.close()


def test_values_beside_the_colours_never_touch(browser, tmp_path):
    """A fault once: on a phone "1,000" and "≥ 8,000" were written over each other."""
    surface = bowl()
    loss = surface["train_loss"]
    surface.values["train_loss"] = 10 ** np.linspace(-3.5, 5.8, loss.size).reshape(loss.shape)
    explorer = Explorer(browser, save_page(surface, tmp_path / "a.html", clip=8000.0))
    shown = {}
    for width in (1280, 390, 320, 1281):
        explorer.page.set_viewport_size({"width": width, "height": 800})
        explorer.page.wait_for_timeout(300)
        shown[width] = explorer.page.evaluate(
            "() => [...document.querySelectorAll('#bar-marks span')]"
            ".filter((e) => e.getClientRects().length).map((e) => [e.textContent,"
            " e.getBoundingClientRect().left, e.getBoundingClientRect().right])"
        )
        for (_, _, right), (_, left, _) in itertools.pairwise(shown[width]):
            assert right < left, (width, shown[width])
        assert shown[width][-1][0] == "≥ 8,000"
        assert shown[width][-1][2] <= width
    words = {width: [word for word, _, _ in marks] for width, marks in shown.items()}
    assert words[1280] == words[1281]
    assert 3 <= len(words[320]) <= len(words[390]) < len(words[1280])
    explorer.close()


def nothing_sticks_out(page, width):
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    return page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, h2, td, .plot')]"
        ".filter((e) => e.getClientRects().length)"
        ".map((e) => [e.id || e.className || e.tagName, e.getBoundingClientRect()])"
        ".filter(([, b]) => b.left < 0 || b.right > innerWidth)"
    )
