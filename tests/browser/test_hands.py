"""What a reader can do: turn, point, use the keyboard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from landscape.render.words.numerals import short
from tests.explorer import NASTY, as_array, finite


def test_one_scene_turned_turns_the_other(fresh):
    before = fresh.cameras()
    assert before[0] == pytest.approx(before[1])
    box = fresh.page.locator(".plot.surface").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fresh.page.mouse.move(*middle)
    fresh.page.mouse.down()
    for step in range(1, 60):  # plotly takes a jump for a throw, and a slow page loses some steps
        fresh.page.mouse.move(middle[0] + 4 * step, middle[1] + 0.5 * step)
        fresh.page.wait_for_timeout(60)
        if math.dist(before[0].values(), fresh.cameras()[0].values()) > 0.25:
            break
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
    fresh.paint()
    box = fresh.page.locator(".plot.surface").first.bounding_box()
    for step in range(40):  # a scene is looked up as it is drawn, from one frame to the next
        x = box["x"] + box["width"] / 2 + step % 12
        fresh.page.mouse.move(x, box["y"] + box["height"] * 0.55)
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

    wanted = {(float(f"{x:.6g}"), float(f"{y:.6g}")) for x, y in zip(path.x, path.y, strict=True)}
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
