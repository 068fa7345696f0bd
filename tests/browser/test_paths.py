"""Paths on the page: which steps the plane shows, what each of them holds; draws and solutions."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from landscape.render import save_page
from landscape.render.words.faithful import faithful
from landscape.render.words.numerals import short
from tests import kinds
from tests.explorer import NASTY, PIXEL, Explorer, circles, keep, lines


@pytest.fixture(scope="module")
def surface():
    surface = kinds.pca_plane(title="plane")
    surface.trajectories = {NASTY: kinds.path_off_plane(), "Adam": kinds.path_off_plane(0.7, 31)}
    return surface


@pytest.fixture(scope="module")
def page(browser, surface, tmp_path_factory):
    path = save_page(surface, tmp_path_factory.mktemp("page") / "a.html")
    explorer = Explorer(browser, path, width=900, height=900)
    yield explorer
    explorer.close()


def words_of(surface, name, k, differs):
    run = surface.trajectories[name]
    more = " (differs by more than 10\u00a0%)" if differs else ""
    return (
        f"{name}, step {short(run.step[k])}: own loss {short(run.loss[k], 4)} nats, "
        f"on the plane {short(run.plane_loss[k], 4)} nats{more}, "
        f"{short(run.distance[k], 4)} from the plane"
    )


def test_contours_have_dots_that_are_hollow_where_the_plane_is_not_true(page, surface):
    page.choose(view="contour")
    count = page.page.evaluate("() => document.querySelector('.contour').data.length")
    run = surface.trajectories["Adam"]
    lines, dots = (page.drawn("contour", 0, count - k) for k in (2, 1))
    assert dots["x"] == pytest.approx(run.x, rel=1e-5)
    hollow = [colour == "#fff" for colour in dots["marker"]["color"]]
    assert hollow == (~faithful(run)).tolist()
    edges = dots["marker"]["line"]["color"]
    assert len({e for e, h in zip(edges, hollow, strict=True) if h}) == 1
    assert {e for e, h in zip(edges, hollow, strict=True) if not h} == {"#fff"}
    symbols = dots["marker"]["symbol"]
    assert (symbols[0], symbols[-1], set(symbols[1:-1])) == ("square", "diamond", {"circle"})
    gaps = sum(x is None for x in lines["x"])
    assert gaps > (~faithful(run)).sum()  # dashes
    first = page.drawn("contour", 0, count - 3)["marker"]["line"]["color"][0]
    assert first != edges[0]  # each path has a colour of its own
    legend = page.page.locator(".legend").inner_text()
    assert f"{NASTY}, from □ to ◆" in legend
    assert "own loss differs from the plane's by more than 10" in legend


def test_pointing_at_a_step_reads_it_out(page, surface):
    page.choose(view="contour")
    run = surface.trajectories[NASTY]
    for k, differs in ((4, True), (18, False)):
        at = page.page.evaluate(
            "([x, y]) => { const p = document.querySelector('.contour'),"
            " b = p.getBoundingClientRect(), a = p._fullLayout;"
            " return [b.left + a.xaxis._offset + a.xaxis.d2p(x),"
            " b.top + a.yaxis._offset + a.yaxis.d2p(y)]; }",
            [run.x[k], run.y[k]],
        )
        page.page.mouse.move(at[0] + 1, at[1] - 1)
        page.settle()
        assert page.state["step"] == {"panel": 0, "path": 0, "step": k}
        assert page.page.locator("#step").inner_text() == words_of(surface, NASTY, k, differs)
        ring = page.page.locator(".ring").bounding_box()
        centre = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
        assert centre == pytest.approx(at, abs=1.5)
    page.page.mouse.move(1, 1)
    page.settle()
    assert page.state["step"] is None
    assert page.page.locator("#readout").is_hidden()
    assert page.page.locator(".ring:visible").count() == 0


def test_keys_go_along_the_paths(page, surface):
    for view in ("contour", "surface"):
        page.choose(view=view)
        page.page.locator(f".plot.{view}").focus()
        for _ in range(3):
            page.page.keyboard.press(".")
        page.page.keyboard.press(",")
        page.settle()
        assert page.page.locator("#step").inner_text() == words_of(surface, NASTY, 1, True)
        for _ in range(2):
            page.page.keyboard.press(",")
        page.settle()
        assert page.state["step"] == {"panel": 0, "path": 1, "step": 30}  # around to the last
        keep(f"step_{view}", page.page.screenshot(full_page=True))
        page.page.keyboard.press("Escape")
        page.settle()
        assert page.state["step"] is None


def test_in_space_the_path_lies_on_the_surface_and_its_steps_can_be_pointed_at(page, surface):
    page.choose(view="surface")
    on = RegularGridInterpolator((surface.y, surface.x), page.samples())
    run = surface.trajectories[NASTY]
    steps = [pixel(page, run, on, k) for k in range(run.x.size)]
    drawn = [place for line in lines(page, "stroke", "#ff2d78") for place in line]
    assert all(min(math.dist(step, place) for place in drawn) < 3 for step in steps)
    ends = page.page.evaluate(
        "() => ['.start', '.end'].map((kind) => [...document.querySelectorAll('.above ' + kind)]"
        ".filter((e) => [e.getAttribute('fill'), e.getAttribute('stroke')].includes('#ff2d78'))"
        ".map((e) => { const b = e.getBoundingClientRect();"
        " return [(b.left + b.right) / 2, (b.top + b.bottom) / 2]; }))"
    )
    for place, step in zip(ends, (steps[0], steps[-1]), strict=True):
        assert all(math.dist(step, at) < 3 for at in place)
    assert any(ends)
    dots = [c for c in circles(page) if "#ff2d78" in c[2:]]
    seen = {}
    for dot in dots:
        far = [math.dist(step, dot[:2]) for step in steps]
        assert min(far) < 3
        seen[int(np.argmin(far))] = dot[2] == "#fff"
    assert seen == {k: not faithful(run)[k] for k in seen}
    assert set(seen.values()) == {True, False}
    assert seen[8]
    at = steps[8]
    assert "drawn on the surface" in page.page.locator(".legend").inner_text()
    page.page.mouse.move(*at)
    page.settle()
    assert page.state["step"] == {"panel": 0, "path": 0, "step": 8}
    assert page.page.locator("#step").inner_text() == words_of(surface, NASTY, 8, True)
    page.page.mouse.move(1, 1)
    page.settle()


def pixel(page, run, on, k):
    place = [run.x[k], run.y[k], on((run.y[k], run.x[k]))]
    return page.page.evaluate(PIXEL, [0, [float(v) for v in place]])


def test_left_out_paths_say_nothing(page):
    page.choose(view="contour")
    page.page.get_by_label("Trajectory").uncheck()
    page.settle()
    assert page.page.locator("#step").count() == 0
    assert "from the plane" not in page.page.locator("figcaption").inner_text()
    page.page.get_by_label("Trajectory").check()
    page.settle()
    assert "4 of 21 steps match the loss" in page.page.locator("figcaption").inner_text()


def opened(browser, surface, tmp_path, **options):
    return Explorer(browser, save_page(surface, tmp_path / "a.html", **options), width=900)


def test_a_curve_over_draws_has_their_bands_and_names_each_draw(browser, tmp_path):
    surface = kinds.repeated()
    explorer = opened(browser, surface, tmp_path)
    for k, name in enumerate(("q05", "q95", "q25", "q75")):
        drawn = explorer.drawn("curve", 0, k)["y"]
        assert drawn == pytest.approx(surface[f"train_loss_{name}"], rel=1e-5)
    assert (
        "bands: 5 to 95 % and 25 to 75 % of the random"
        in explorer.page.locator(".legend").inner_text()
    )
    menu = explorer.page.locator("#quantity optgroup option").all_inner_texts()
    assert "training loss, draw 2 (nats)" in menu
    explorer.choose(quantity="train_loss_draw2")
    assert explorer.state["kind"] == "log"
    assert explorer.drawn("curve", 0, 2)["y"] == pytest.approx(
        surface["train_loss_draw2"], rel=1e-5
    )
    assert "Mean of" not in explorer.page.locator("figcaption").inner_text()
    explorer.close()


def test_solutions_are_lettered_and_named_in_text(browser, tmp_path):
    surface = kinds.between_plane()
    surface.axes["x"]["end"] = NASTY.replace("/", "")
    explorer = opened(browser, surface, tmp_path, style="contour")
    count = explorer.page.evaluate("() => document.querySelector('.contour').data.length")
    dots = explorer.drawn("contour", 0, count - 1)
    assert list(zip(dots["x"], dots["y"], strict=True)) == [(0, 0), (1, 0), (0, 1)]
    letters = explorer.page.evaluate(
        "() => document.querySelector('.contour').layout.annotations.map((a) => a.text)"
    )
    assert letters[:3] == ["A", "B", "C"]
    legend = explorer.page.locator(".legend").inner_text()
    assert "seed0.pt at x = 0, y = 0" in legend
    assert "seed2.pt at x = 0, y = 1" in legend
    caption = explorer.page.locator("figcaption").inner_text()
    assert "Batch-norm statistics re-estimated at every point." in caption
    assert explorer.page.locator("img").count() == 0
    explorer.close()
    line = opened(browser, kinds.between_line(loss_at_end=30.0), tmp_path)
    ends = line.page.evaluate(
        "() => document.querySelector('.curve').data.find((t) => t.marker && t.marker.size === 10)"
    )
    assert (ends["x"], ends["y"]) == ([0, 1], [0.01, 30])
    assert line.state["high"] == 30
    assert "Barrier between the solutions: 2.99" in line.page.locator("figcaption").inner_text()
    line.close()


def test_signed_values_have_white_at_zero_and_ratios_go_from_0_to_1(browser, tmp_path):
    surface = kinds.hessian_plane()
    explorer = opened(browser, surface, tmp_path, style="contour", quantity="train_lambda_min")
    low, high = surface["train_lambda_min"].min(), surface["train_lambda_min"].max()
    assert (explorer.state["low"], explorer.state["high"]) == pytest.approx((low, high))
    part = -low / (high - low)
    ramp = "() => document.getElementById('bar-ramp').style.background"
    stops = re.findall(r"rgb\(([\d, ]+)\) ([\d.]+)%", explorer.page.evaluate(ramp))
    nearest = min(stops, key=lambda stop: abs(float(stop[1]) - 100 * part))
    assert float(nearest[1]) == pytest.approx(100 * part, abs=0.01)
    assert min(map(int, nearest[0].split(","))) > 240
    explorer.choose(quantity="train_eigen_ratio")
    assert (explorer.state["low"], explorer.state["high"]) == (0, 1)
    assert "rgb(68, 1, 84) 0%" in explorer.page.evaluate(ramp)
    explorer.choose(quantity="train_gradient_norm")
    assert explorer.state["kind"] == "log"
    explorer.close()
