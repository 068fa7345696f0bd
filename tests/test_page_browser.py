"""The explorer in a real browser: what is drawn, what the controls do, what a reader can do."""

from __future__ import annotations

import copy
import io
import math
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from landscape.grid import Grid, coarse_to_fine
from landscape.render import save_page
from landscape.render.numerals import short
from landscape.render.page import page_data
from landscape.render.scale import Scale
from landscape.surface import Quantity, Surface
from tests.explorer import Explorer, bowl

NASTY = "<img src=x onerror=alert(1)></script><script>alert(2)</script><b>$x$ & 'co'"


def path_of_training():
    t = np.linspace(0, 1, 5)
    return {"x": 0.9 * (1 - t), "y": -0.9 * (1 - t), "loss": 3 * (1 - t)}


@pytest.fixture(scope="module")
def surfaces():
    left, right = bowl(title="left", model="resnet56"), bowl(scale=4, title="right")
    right.values["train_loss"][2, 3] = math.nan
    right.values["train_loss"][7, 8] = math.inf
    right.done[0, 1] = False
    left.trajectories = {NASTY: path_of_training()}
    return [left, right]


@pytest.fixture(scope="module")
def two(browser, surfaces, tmp_path_factory):
    """One tab with two planes side by side that the tests of this file share."""
    path = save_page(surfaces, tmp_path_factory.mktemp("page") / "two.html")
    explorer = Explorer(browser, path)
    yield explorer
    explorer.close()


@pytest.fixture
def fresh(two):
    """The shared tab with its controls as they were."""
    two.page.evaluate(
        "() => { const s = document.querySelector('#panels-data').textContent;"
        " window.landscape.update(JSON.parse(s)); }"
    )
    two.page.mouse.move(1, 1)
    two.choose(view="surface", quantity="train_loss", scale="log")
    two.slide(200)
    two.page.locator("#reset").click()
    two.settle()
    return two


def finite(surface, name):
    factor = 100 if "accuracy" in name else 1
    values = surface[name]
    return np.where(surface.done & np.isfinite(values), values * factor, np.nan)


def as_array(rows):
    return np.array([[np.nan if v is None else v for v in row] for row in rows])


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
        "Not finite (marked, left open): 2 of 99 points.",
        "Not computed yet (left open): 1 of 99 points.",
    ]


def test_one_scene_turned_turns_the_other(fresh):
    before = fresh.cameras()
    assert before[0] == pytest.approx(before[1])
    box = fresh.page.locator(".plot.surface").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fresh.page.mouse.move(*middle)
    fresh.page.mouse.down()
    for step in range(1, 7):  # plotly takes a jump for a throw
        fresh.page.mouse.move(middle[0] + 12 * step, middle[1] + 2 * step)
        fresh.page.wait_for_timeout(60)
    fresh.page.mouse.up()
    fresh.until(
        "() => { const [a, b] = [...document.querySelectorAll('.surface')]"
        ".map((p) => p._fullLayout.scene._scene.getCamera().eye);"
        " return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z) < 1e-6; }"
    )
    fresh.settle()
    after = fresh.cameras()
    assert math.dist(before[0].values(), after[0].values()) > 0.2
    fresh.slide(120)  # drawing anew keeps the camera
    assert fresh.cameras()[1] == pytest.approx(after[1])
    fresh.page.locator("#reset").click()
    fresh.settle()
    assert fresh.cameras()[0] == pytest.approx(before[0])


def test_keys_turn_the_scene_that_has_the_focus(fresh):
    angle = lambda eye: math.degrees(math.atan2(eye["y"], eye["x"]))  # noqa: E731
    before = fresh.cameras()[0]
    fresh.page.locator(".plot.surface").nth(1).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "-"):
        fresh.page.keyboard.press(key)
    fresh.settle()
    for after in fresh.cameras():
        assert angle(after) - angle(before) == pytest.approx(10)
        size = [math.hypot(*eye.values()) for eye in (before, after)]
        assert size[1] / size[0] == pytest.approx(1.1)
        rise = [math.asin(e["z"] / s) for e, s in zip((before, after), size, strict=True)]
        assert math.degrees(rise[1] - rise[0]) == pytest.approx(5)
    fresh.page.keyboard.press("Home")
    fresh.settle()
    assert fresh.cameras()[1] == pytest.approx(before)


def reading(surface, j, i):
    loss, error = surface["train_loss"][j, i], surface["train_loss_stderr"][j, i]
    accuracy = 100 * surface["train_accuracy"][j, i]
    return f"{short(loss, 4)} ± {short(error, 2)}", f"{short(accuracy, 4)} ± 1", "400"


def test_pointing_at_one_panel_marks_and_reads_all(fresh, surfaces):
    fresh.choose(view="contour")
    j, i = 2, 7
    x, y = surfaces[0].x[i], surfaces[0].y[j]
    at = fresh.page.evaluate(
        "([x, y]) => { const p = document.querySelector('.contour'), b = p.getBoundingClientRect(),"
        " a = p._fullLayout; return [b.left + a.xaxis._offset + a.xaxis.d2p(x),"
        " b.top + a.yaxis._offset + a.yaxis.d2p(y)]; }",
        [x, y],
    )
    fresh.page.mouse.move(at[0] + 3, at[1] - 3)
    fresh.settle()
    assert fresh.state["mark"] == pytest.approx({"x": x, "y": y}, abs=1e-6)
    assert fresh.page.locator(".cross:not([hidden])").count() == 2
    centre = fresh.page.evaluate(
        "() => { const b = document.querySelector('.cross').getBoundingClientRect();"
        " return [b.left, b.top]; }"
    )
    assert centre == pytest.approx(at, abs=1.5)
    rows = fresh.page.locator("#readout tbody tr").all()
    for row, surface in zip(rows, surfaces, strict=True):
        assert tuple(row.locator("td").all_inner_texts()) == reading(surface, j, i)
    assert f"x = {short(x)}, y = {short(y)}" in fresh.page.locator("#readout").inner_text()
    fresh.page.mouse.move(1, 1)
    fresh.settle()
    assert fresh.page.locator(".cross:not([hidden])").count() == 0


def test_pointing_at_a_scene_marks_the_surface_of_the_other(fresh, surfaces):
    box = fresh.page.locator(".plot.surface").first.bounding_box()
    for step in range(12):  # a scene is looked up as it is drawn, from one frame to the next
        fresh.page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] * 0.55)
        fresh.page.wait_for_timeout(60)
        if fresh.state["mark"]:
            break
    fresh.settle()
    mark = fresh.state["mark"]
    for k, surface in enumerate(surfaces):
        i, j = (int(np.argmin(abs(a - mark[n]))) for n, a in surface.grid.axes.items())
        overlay = fresh.drawn("surface", k, 1)
        x, y, z = (overlay[axis][-2] for axis in "xyz")
        assert (x, y) == pytest.approx((surface.x[i], surface.y[j]), abs=1e-6)
        height = as_array(fresh.drawn("surface", k)["z"])[j, i]
        assert 0 < z - height < 0.1


def test_keys_move_the_mark_over_holes_and_say_what_is_there(fresh, surfaces):
    fresh.choose(view="contour")
    fresh.page.locator(".plot.contour").nth(1).focus()
    fresh.page.keyboard.press("ArrowUp")  # appears at the lowest point
    right = surfaces[1]
    j, i = np.unravel_index(np.nanargmin(finite(right, "train_loss")), right.grid.shape)
    assert fresh.state["mark"] == pytest.approx({"x": right.x[i], "y": right.y[j]}, abs=1e-6)
    for key, times in [("ArrowLeft", i - 3), ("ArrowDown", j - 2)]:
        for _ in range(times):
            fresh.page.keyboard.press(key)
    cell = fresh.page.locator("#readout tbody tr").nth(1).locator("td").first
    assert cell.inner_text() == "NaN"
    for key, times in [("ArrowLeft", 2), ("ArrowDown", 5)]:
        for _ in range(times):
            fresh.page.keyboard.press(key)
    assert cell.inner_text() == "not computed yet"
    fresh.page.keyboard.press("Escape")
    assert fresh.state["mark"] is None


def test_every_control_is_reached_by_keys_and_shows_its_focus(fresh):
    fresh.page.locator("body").click(position={"x": 2, "y": 2})
    reached = []
    for _ in range(14):
        fresh.page.keyboard.press("Tab")
        reached.append(
            fresh.page.evaluate(
                "() => { const e = document.activeElement, r = e.type === 'radio'"
                " ? e.nextElementSibling : e, s = getComputedStyle(r);"
                " return [e.name || e.id || e.className, s.outlineStyle, s.outlineWidth]; }"
            )
        )
    names = [name for name, *_ in reached]
    for wanted in ("view", "quantity", "scale", "clip", "trajectory", "reset", "save", "theme"):
        assert wanted in names
    assert "plot surface" in " ".join(names)
    for name, style, width in reached:
        if name not in ("", None):
            assert (style, width) == ("solid", "3px"), name
    fresh.page.locator("input[value=surface]").focus()
    fresh.page.keyboard.press("ArrowRight")
    fresh.settle()
    assert fresh.state["view"] == "contour"


def test_a_trajectory_lies_on_the_surface_and_can_be_left_out(fresh, surfaces):
    path = surfaces[0].trajectories[NASTY]

    def drawn_at(trace):
        return set(zip(trace["x"], trace["y"], strict=True))

    wanted = {
        (float(f"{x:.6g}"), float(f"{y:.6g}")) for x, y in zip(path["x"], path["y"], strict=True)
    }
    assert wanted <= drawn_at(fresh.drawn("surface", 0, 1))
    overlay = fresh.drawn("surface", 0, 1)
    rows = as_array(fresh.drawn("surface", 0)["z"])
    on = RegularGridInterpolator((surfaces[0].y, surfaces[0].x), rows)
    for x, y, z in zip(overlay["x"][2:7], overlay["y"][2:7], overlay["z"][2:7], strict=True):
        assert 0 < z - on((y, x)) < 0.1
    assert NASTY in fresh.page.locator("figure").first.inner_text()
    fresh.page.get_by_label("Trajectory").uncheck()
    fresh.settle()
    assert not wanted <= drawn_at(fresh.drawn("surface", 0, 1))
    fresh.page.get_by_label("Trajectory").check()


CONTRAST = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => parts(c).slice(0, 3).map((v) => (v /= 255) <= 0.04045
    ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, k) => s + v * [0.2126, 0.7152, 0.0722][k], 0);
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const words = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).length;
    if (!words || !e.getClientRects().length || e.closest('script, style, .cross')) continue;
    let ground = e;
    const clear = () => parts(getComputedStyle(ground).backgroundColor)[3] === 0;
    while (ground && clear()) ground = ground.parentElement;
    const svg = e.namespaceURI.endsWith('svg');
    if (svg && e.closest('.annotation')) continue;
    const ink = getComputedStyle(e)[svg ? 'fill' : 'color'];
    const [a, b] = [light(ink), light(getComputedStyle(ground || document.body).backgroundColor)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([ratio, e.tagName, e.textContent.slice(0, 30)]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(fresh, theme):
    fresh.page.emulate_media(color_scheme=theme)
    fresh.choose(view="contour")
    fresh.page.mouse.move(300, 500)
    fresh.settle()
    assert fresh.state["theme"] == theme
    found = fresh.page.evaluate(CONTRAST)
    assert len(found) > 60
    assert [f for f in found if f[0] < 4.5] == []
    scene = fresh.choose(view="surface").page.evaluate(
        "() => { const s = document.querySelector('.surface').layout;"
        " return [s.scene.xaxis.color, s.paper_bgcolor]; }"
    )
    light = [
        sum(
            w * ((v / 12.92) if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)
            for w, v in zip((0.2126, 0.7152, 0.0722), rgb(colour), strict=True)
        )
        for colour in scene
    ]
    assert (max(light) + 0.05) / (min(light) + 0.05) > 4.5
    fresh.page.emulate_media(color_scheme="light")


def rgb(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    return [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]


def test_numbers_read_as_in_python(two):
    values = [0, 0.5, 2.302585, 40, 31234, 99999, 100000, 0.00056928, -1.5, 1e-3, 9.999e-4, 123456]
    values += [float(f"{m}e{e}") for m in ("1", "2.347", "-9.9996") for e in range(-8, 9)]
    for digits in (2, 3, 4):
        said = two.page.evaluate(
            "([values, digits]) => values.map((v) => window.landscape.short(v, digits))",
            [values, digits],
        )
        assert said == [short(v, digits) for v in values]


@pytest.mark.parametrize("view", ["surface", "contour"])
def test_the_picture_is_one_png_of_all_panels(fresh, view):
    from PIL import Image

    fresh.choose(view=view)
    with fresh.page.expect_download() as download:
        fresh.page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == "landscape.png"
    content = Path(download.value.path()).read_bytes()
    keep(f"saved_{view}", content)
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size[0] == 2 * (2 * 640 + 3 * 24)
    assert 1100 < image.size[1] < 1500
    pixels = np.asarray(image)
    half = pixels.shape[1] // 2
    for side in (pixels[:, :half], pixels[:, half:]):
        assert len(np.unique(side[200:-200].reshape(-1, 3), axis=0)) > 500  # shades of a surface
        assert (side[:90] != side[0, 0]).any()  # a title above it
    fresh.settle()


def test_text_of_a_file_is_text_and_runs_nothing(browser, tmp_path):
    surface = bowl(title=NASTY, model=NASTY, data=NASTY)
    surface.quantities["own"] = Quantity(NASTY, NASTY)
    surface.values["own"] = np.ones(surface.grid.shape)
    surface.axes["x"] = {"kind": NASTY, "seed": NASTY}
    explorer = Explorer(
        browser, save_page(surface, tmp_path / "a.html", title=NASTY, quantity="own")
    )
    page = explorer.page
    assert page.locator("h1").inner_text() == NASTY
    assert page.locator("h2").inner_text() == NASTY
    assert page.title() == NASTY
    page.locator(".plot.surface").focus()
    page.keyboard.press("Shift+ArrowUp")
    explorer.settle()
    assert NASTY in page.locator("#readout").inner_text()
    assert NASTY in page.locator("#bar").inner_text()
    assert NASTY.replace("<", "") not in page.locator("figcaption").inner_text()
    assert page.locator("figcaption").inner_text().count(NASTY) >= 2
    explorer.choose(view="contour")
    assert page.locator("img").count() == 0
    assert page.locator("b").count() == 0
    explorer.close()


def test_a_log_scale_that_cannot_be_is_said_and_not_drawn(browser, tmp_path):
    surface = bowl(title="signed")
    surface.values["train_loss"][0, 0] = 0.0
    surface.values["test_loss"][0, 0] = -1.0
    explorer = Explorer(
        browser, save_page(surface, tmp_path / "a.html", style="contour", clip="none")
    )
    least = surface["train_loss"][surface["train_loss"] > 0].min()
    assert explorer.drawn("contour")["z"][0][0] == pytest.approx(math.log10(least), abs=1e-5)
    assert explorer.state["notes"][0] == [f"Values of 0 drawn as {short(least)}: 1 of 99 points."]
    explorer.choose(quantity="test_loss")
    assert explorer.state["kind"] == "linear"
    assert explorer.page.locator("input[value=log]").is_disabled()
    assert "Some values are negative" in explorer.page.locator("#bar-label").inner_text()
    assert explorer.drawn("contour")["z"][0][0] == -1
    explorer.close()


def test_curves(browser, tmp_path):
    x = np.linspace(-1, 1, 9)
    values = {"loss": 0.2 + 5 * x**2, "loss_stderr": 0.1 + 0 * x, "accuracy": 1 - x**2 / 2}
    values["loss"][1] = math.nan
    quantities = {k: Quantity(k, "1" if "acc" in k else "nats") for k in values}
    line = Surface(Grid(x), quantities, values, np.ones(9, bool), {"title": "a line"})
    explorer = Explorer(browser, save_page([line, line], tmp_path / "a.html", clip="none"))
    low, high, loss, odd, accuracy = (explorer.drawn("curve", 1, k) for k in range(5))
    assert loss["y"][1] is None
    assert odd["x"] == [x[1]]
    assert np.delete(loss["y"], 1).astype(float) == pytest.approx(np.delete(values["loss"], 1))
    assert high["y"][3] == pytest.approx(values["loss"][3] + 0.196)
    assert low["y"][3] == pytest.approx(values["loss"][3] - 0.196)
    assert accuracy["y"] == pytest.approx(100 * values["accuracy"])
    axis = "() => document.querySelector('.curve').layout.yaxis.type"
    assert explorer.page.evaluate(axis) == "log"
    explorer.choose(scale="linear")
    assert explorer.page.evaluate(axis) == "linear"
    explorer.page.locator(".plot.curve").first.focus()
    explorer.page.keyboard.press("ArrowLeft")
    explorer.page.keyboard.press("ArrowLeft")
    assert explorer.state["mark"]["x"] == -0.25
    cells = explorer.page.locator("#readout tbody tr").nth(1).locator("td").all_inner_texts()
    assert cells == ["0.5125 ± 0.1", "96.88"]
    assert explorer.page.locator(".cross:not([hidden])").count() == 2
    explorer.choose(quantity="accuracy")
    assert explorer.drawn("curve", 0, 0)["y"] == pytest.approx(100 * values["accuracy"])
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
        return as_array(fresh.drawn("surface")["z"])

    sampled = show(30)  # all of 5 × 5 points and the beginning of the next level
    assert np.isnan(sampled).sum() == 81 - 30
    fresh.page.locator("#preview").check()
    fresh.settle()
    filled = as_array(fresh.drawn("surface")["z"])
    assert not np.isnan(filled).any()
    done = part_of(whole, 30).done
    np.testing.assert_array_equal(filled[done], sampled[done])
    state = fresh.state
    heights = np.log10(np.clip(whole["train_loss"], state["low"], state["high"]))
    between = RegularGridInterpolator((whole.y[::2], whole.x[::2]), heights[::2, ::2])
    points = np.stack(np.meshgrid(whole.y, whole.x, indexing="ij"), axis=-1)
    np.testing.assert_allclose(filled[~done], between(points)[~done], atol=1e-4)
    assert "filled in between coarser points): 51 of 81" in fresh.state["notes"][0][-1]
    assert fresh.state["limit"] == limit
    assert fresh.cameras()[0] == pytest.approx(camera)
    np.testing.assert_allclose(
        show(81), np.log10(np.clip(whole["train_loss"], fresh.state["low"], limit)), atol=2e-5
    )


def keep(name, content):
    """Leave a picture where LANDSCAPE_ARTEFACTS says, for someone to look at."""
    folder = os.environ.get("LANDSCAPE_ARTEFACTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(content)


SIZES = [
    ("wide_light", 1920, 1080, "light"),
    ("desktop_dark", 1280, 800, "dark"),
    ("phone_light", 390, 844, "light"),
    ("phone_dark", 390, 844, "dark"),
]


def test_every_width_and_theme_within_three_seconds(browser, tmp_path):
    surfaces = [bowl(51, 51, title="with shortcuts"), bowl(51, 51, 3, title="without")]
    surfaces[0].trajectories = {"SGD": path_of_training()}
    path = save_page(surfaces, tmp_path / "a.html")
    assert path.stat().st_size < 6e6
    # Where the cores are busy with other work, the page has only its share of them.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    seconds = []
    for name, width, height, theme in SIZES:
        explorer = Explorer(browser, path, width=width, height=height, scheme=theme)
        seconds.append(explorer.seconds)
        for view in ("surface", "contour"):
            explorer.choose(view=view)
            assert nothing_sticks_out(explorer.page, width) == []
            keep(f"{name}_{view}", explorer.page.screenshot(full_page=True))
        assert explorer.state["theme"] == theme
        explorer.page.get_by_role("button", name="Dark").click()
        explorer.settle()
        other = {"light": "dark", "dark": "light"}[theme]
        assert explorer.state["theme"] == other
        ground = "() => getComputedStyle(document.body).backgroundColor"
        assert (explorer.page.evaluate(ground) == "rgb(255, 255, 255)") == (other == "light")
        explorer.close()
    assert min(seconds) < 3 * busy, (seconds, busy)


def nothing_sticks_out(page, width):
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    return page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, h2, td, .plot')]"
        ".filter((e) => e.getClientRects().length)"
        ".map((e) => [e.id || e.className || e.tagName, e.getBoundingClientRect()])"
        ".filter(([, b]) => b.left < 0 || b.right > innerWidth)"
    )
