"""What a reader can do: turn, point, use the keyboard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from landscape.render.words.numerals import short, with_error
from tests.explorer import NASTY, PIXEL, circles, finite, lines


def eyes(explorer):
    """The directions of the eyes of all scenes, as plotly draws them."""
    found = explorer.page.evaluate(
        "() => [...document.querySelectorAll('.surface')].map((p) => {"
        " const { eye, center } = p._fullLayout.scene._scene.getCamera();"
        " return ['x', 'y', 'z'].map((a) => eye[a] - center[a]); })"
    )
    return [np.array(eye) / np.linalg.norm(eye) for eye in found]


def test_one_scene_turned_turns_the_other(fresh):
    before, start = eyes(fresh), fresh.state["camera"]
    assert before[0] == pytest.approx(before[1])
    box = fresh.page.locator(".above").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fresh.page.mouse.move(*middle)
    fresh.page.mouse.down()
    fresh.page.mouse.move(middle[0] + 50, middle[1] + 30)
    fresh.page.mouse.up()
    fresh.settle()
    after = eyes(fresh)
    assert math.dist(before[0], after[0]) > 0.2
    assert after[0] == pytest.approx(after[1])
    fresh.slide(120)  # drawing anew keeps the camera
    assert eyes(fresh)[1] == pytest.approx(after[1])
    fresh.page.locator("#reset").click()
    fresh.settle()
    assert fresh.state["camera"] == start
    assert eyes(fresh)[0] == pytest.approx(before[0])


def test_the_wheel_moves_all_scenes_as_one(fresh):
    """A fault once: after three notches one camera was inside the bowl, the other far outside."""
    box = fresh.page.locator(".above").nth(1).bounding_box()
    fresh.page.mouse.move(box["x"] + 90, box["y"] + 90)
    for _ in range(3):
        fresh.page.mouse.wheel(0, -100)
        fresh.page.wait_for_timeout(50)
    fresh.settle()
    one, other = fresh.cameras()
    assert one == pytest.approx(other)
    assert fresh.state["camera"]["zoom"] == pytest.approx(math.exp(0.6))
    for _ in range(60):
        fresh.page.mouse.wheel(0, 300)
    fresh.until("() => window.landscape.state().camera.zoom === 0.5")


def test_keys_turn_the_scene_that_has_the_focus(fresh):
    before = fresh.state["camera"]
    fresh.page.locator(".plot.surface").nth(1).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "-"):
        fresh.page.keyboard.press(key)
    fresh.settle()
    after = fresh.state["camera"]
    assert math.degrees(after["around"] - before["around"]) == pytest.approx(10)
    assert math.degrees(after["up"] - before["up"]) == pytest.approx(5)
    assert after["zoom"] == pytest.approx(1 / 1.1)
    for eye in eyes(fresh):
        assert math.asin(eye[2]) == pytest.approx(after["up"])
    fresh.page.keyboard.press("Home")
    fresh.settle()
    assert fresh.state["camera"] == before


@pytest.mark.parametrize(("key", "end"), [("ArrowUp", 86), ("ArrowDown", 4)])
def test_the_camera_reaches_neither_the_pole_nor_the_cellar(fresh, key, end):
    fresh.page.locator(".plot.surface").first.focus()
    for _ in range(25):
        fresh.page.keyboard.press(key)
    fresh.settle()
    assert math.degrees(fresh.state["camera"]["up"]) == pytest.approx(end)


def reading(surface, j, i):
    loss, error = surface["train_loss"][j, i], surface["train_loss_stderr"][j, i]
    accuracy = 100 * surface["train_accuracy"][j, i]
    return with_error(loss, error), with_error(accuracy, 1), "400"


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


def pixel(explorer, panel, surface, j, i):
    place = [surface.x[i], surface.y[j], explorer.samples(panel)[j, i]]
    return explorer.page.evaluate(PIXEL, [panel, [float(v) for v in place]])


def test_pointing_at_a_scene_marks_the_surface_of_the_other(fresh, surfaces):
    j, i = 5, 4
    at = pixel(fresh, 0, surfaces[0], j, i)
    fresh.page.mouse.move(*at)
    fresh.settle()
    x, y = surfaces[0].x[i], surfaces[0].y[j]
    assert fresh.state["mark"] == pytest.approx({"x": x, "y": y}, abs=1e-6)
    for k, surface in enumerate(surfaces):
        foot = pixel(fresh, k, surface, j, i)
        heads = [c for c in circles(fresh, k) if c[2] == "#ff2d78"]
        assert any(c[0] == pytest.approx(foot[0], abs=4) and c[1] < foot[1] for c in heads)


def test_a_tap_on_a_scene_reads_out_and_a_drag_does_not(fresh, surfaces):
    """A fault once: a tap in 3-D said nothing."""
    at = pixel(fresh, 0, surfaces[0], 5, 4)
    touch = """([x, y, dx]) => {
      const on = document.querySelector('.above');
      const say = (type, left) => on.dispatchEvent(new PointerEvent(type, { pointerId: 7,
        pointerType: 'touch', clientX: left, clientY: y, bubbles: true }));
      on.setPointerCapture = () => {};
      say('pointerdown', x); say('pointermove', x + dx); say('pointerup', x + dx);
      delete on.setPointerCapture;
    }"""
    fresh.page.evaluate(touch, [*at, 40])
    fresh.settle()
    assert fresh.state["mark"] is None
    assert fresh.page.locator("#readout").is_hidden()
    fresh.page.locator("#reset").click()
    fresh.settle()
    fresh.page.evaluate(touch, [*at, 2])
    fresh.settle()
    assert fresh.page.locator("#readout tbody tr").first.locator("td").all_inner_texts() == list(
        reading(surfaces[0], 5, 4)
    )


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
    fresh.settle()
    cell = fresh.page.locator("#readout tbody tr").nth(1).locator("td").first
    assert cell.inner_text() == "NaN"
    for key, times in [("ArrowLeft", 2), ("ArrowDown", 5)]:
        for _ in range(times):
            fresh.page.keyboard.press(key)
    fresh.settle()
    assert cell.inner_text() == "not computed yet"
    fresh.page.keyboard.press("Escape")
    assert fresh.state["mark"] is None


def test_every_control_is_reached_by_keys_and_shows_its_focus(fresh):
    fresh.page.locator("body").click(position={"x": 2, "y": 2})
    reached = []
    for _ in range(20):
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
    x, y = surfaces[0].x, surfaces[0].y
    on = RegularGridInterpolator((y, x), fresh.samples(0))
    steps = [
        fresh.page.evaluate(PIXEL, [0, [float(px), float(py), float(on([py, px])[0])]])
        for px, py in zip(path.x, path.y, strict=True)
    ]
    drawn = [at for run in lines(fresh, "stroke", "#ff2d78") for at in run]
    assert all(min(math.dist(at, place) for place in drawn) < 3 for at in steps)
    dots = [c[:2] for c in circles(fresh) if c[2] == "#ff2d78"]  # steps that are hidden have none
    assert dots
    assert all(min(math.dist(at, dot) for at in steps) < 3 for dot in dots)
    assert NASTY in fresh.page.locator("figure").first.inner_text()
    fresh.page.get_by_label("Trajectory").uncheck()
    fresh.settle()
    assert [c for c in circles(fresh) if c[2] == "#ff2d78"] == []
    assert lines(fresh, "stroke", "#ff2d78") == []
    fresh.page.get_by_label("Trajectory").check()
