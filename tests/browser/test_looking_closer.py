"""Pins, cuts, lenses and differences, compared with what the HDF5 files hold."""

from __future__ import annotations

import math

import h5py
import numpy as np
import pytest

from landscape.render import save_page
from landscape.render.opened import opened
from landscape.render.words.numerals import short, with_error
from landscape.store import save_surface
from tests.explorer import Explorer, bowl, keep

NORMS, COSINE, PARAMETERS = (3.0, 5.0), 0.2, 400


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two files on one grid: the second loss is larger on one side, the errors are as large."""
    folder, found = tmp_path_factory.mktemp("files"), []
    for k, title in enumerate(("A", "B")):
        surface = bowl(title=title, classes=10, parameters=PARAMETERS, axes_cosine=COSINE)
        for axis, norm in zip("xy", NORMS, strict=True):
            surface.axes[axis]["norm"] = norm
        surface.values["train_loss"] *= 1 + 0.9 * k * (surface.x > 0)
        found.append(save_surface(surface, folder / f"{title}.h5"))
    return found


@pytest.fixture(scope="module")
def held(files):
    """What the files hold, read by h5py alone."""
    found = []
    for path in files:
        with h5py.File(path) as file:
            found.append({name: file[name][()] for name in file if name != "trajectories"})
    return found


@pytest.fixture(scope="module")
def tab(browser, files, tmp_path_factory):
    path = save_page([opened(f) for f in files], tmp_path_factory.mktemp("page") / "two.html")
    explorer = Explorer(browser, path)
    yield explorer
    explorer.close()


@pytest.fixture
def page(tab):
    """The contours, with nothing pinned or cut."""
    tab.page.evaluate("() => { location.hash = 'view=contour'; }")
    tab.page.mouse.move(1, 1)
    tab.settle()
    return tab


def pixel(page, x, y, panel=0):
    return page.page.evaluate(
        "([x, y, k]) => { const p = document.querySelectorAll('.plot.contour')[k],"
        " b = p.getBoundingClientRect(), a = p._fullLayout; return [b.left + a.xaxis._offset"
        " + a.xaxis.d2p(x), b.top + a.yaxis._offset + a.yaxis.d2p(y)]; }",
        [x, y, panel],
    )


def pinned_row(held, x, y, j, i):
    # Six digits are on the page: a value half way between two shorter ones may go either way.
    loss, error = (float(f"{held[f'train_loss{e}'][j, i]:.6g}") for e in ("", "_stderr"))
    accuracy, off = (
        float(f"{100 * held[f'train_accuracy{e}'][j, i]:.6g}") for e in ("", "_stderr")
    )
    far = math.sqrt(sum(v * v for v in (3 * x, 5 * y)) + 2 * COSINE * 3 * x * 5 * y)
    return [
        with_error(loss, error),
        with_error(accuracy, off),
        "400",
        short(far, 4),
        short(far / 20, 3),
    ]


def check_pin(page, held, j, i, *, number=1):
    x, y = held[0]["x"][i], held[0]["y"][j]
    rows = page.page.locator("#pins tbody tr").all()[2 * (number - 1) : 2 * number]
    assert f"x = {short(x)}, y = {short(y)}" in rows[0].inner_text()
    for row, values in zip(rows, held, strict=True):
        assert row.locator("td").all_inner_texts() == pinned_row(values, x, y, j, i)
    marks = page.page.evaluate(
        "(n) => [...document.querySelectorAll('.marked')].map((l) => { const m ="
        " l.querySelectorAll('.pin')[n].transform.baseVal[0].matrix, b = l.getBoundingClientRect();"
        " return [b.left + m.e, b.top + m.f]; })",
        number - 1,
    )
    for k, mark in enumerate(marks):
        assert mark == pytest.approx(pixel(page, x, y, k), abs=1)


def test_a_click_pins_the_point_with_its_values_and_distances(page, held):
    for number, (j, i) in enumerate([(2, 7), (6, 1)], start=1):
        at = pixel(page, held[0]["x"][i], held[0]["y"][j])
        page.page.mouse.click(at[0] + 2, at[1] - 2)
        page.settle()
        check_pin(page, held, j, i, number=number)
    keep("pins", page.page.screenshot(full_page=True))
    page.page.get_by_role("button", name="Remove point 1").click()
    check_pin(page, held, 6, 1)
    page.page.get_by_role("button", name="Remove: Pinned points").click()
    assert page.page.locator("#pins:visible").count() == 0
    assert page.page.locator(".pin").count() == 0


def test_keys_pin_and_unpin_in_both_views(page, held):
    for view, move in (("contour", ""), ("surface", "Shift+")):
        page.choose(view=view)
        page.page.locator(f".plot.{view}").first.focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):  # the first goes to the minimum
            page.page.keyboard.press(move + key)
        page.settle()
        page.page.keyboard.press("Enter")
        best = np.unravel_index(np.argmin(held[0]["train_loss"]), held[0]["train_loss"].shape)
        assert len(page.state["pins"]) == 1
        page.choose(view="contour")
        check_pin(page, held, best[0] + 1, best[1] + 1)
        page.choose(view=view)
        page.page.locator(f".plot.{view}").first.focus()
        page.page.keyboard.press("Backspace")
        page.page.keyboard.press("Escape")
        assert page.state["pins"] == []


def cut_line(page, what, trace):
    found = page.page.evaluate(
        "([what, n]) => { const t = document.getElementById('cut-' + what).data"
        ".filter((t) => t.meta || !t.line.width)[n]; return [t.x, t.y]; }",
        [what, trace],
    )
    return [np.array(v, dtype=float) for v in found]


def check_cut_along_a_row(page, held, j):
    """A cut along a row of samples: each measured value is met, and nothing overshoots between."""
    for k, values in enumerate(held):
        for what, factor in (("loss", 1), ("accuracy", 100)):
            y, off = (factor * values[f"train_{what}{e}"][j] for e in ("", "_stderr"))
            for n, wanted in ((3 * k, y - 1.96 * off), (3 * k + 1, y + 1.96 * off), (3 * k + 2, y)):
                x, drawn = cut_line(page, what, n)
                at = 20 * np.arange(11)
                assert x[at] == pytest.approx(values["x"] + 1, abs=1e-6)
                assert drawn[at] == pytest.approx(wanted, rel=1e-4)
            for i in range(10):
                inside = drawn[20 * i : 20 * i + 21]
                ends = sorted(y[i : i + 2])
                assert (inside >= ends[0] * (1 - 1e-4)).all()
                assert (inside <= ends[1] * (1 + 1e-4)).all()


def test_a_cut_by_mouse_keys_and_numbers_shows_what_the_file_holds(page, held):
    x, y, j = held[0]["x"], held[0]["y"], 3
    fields = page.page.locator("#cut .fields input")
    from_, to = pixel(page, x[0], y[j]), pixel(page, x[-1], y[j])
    page.page.mouse.move(*from_)
    page.page.mouse.down()
    page.page.mouse.move(*pixel(page, x[4], y[j + 1]), steps=4)
    page.page.mouse.move(*to, steps=4)
    page.page.mouse.up()
    page.settle()
    cut = page.state["cut"]
    assert [*cut["from"], *cut["to"]] == pytest.approx([x[0], y[j], x[-1], y[j]], abs=2e-2)
    assert page.state["pins"] == []  # a drag is no click
    for field, value in zip(fields.all(), (x[0], y[j], x[-1], y[j]), strict=True):
        field.fill(f"{value:.6g}")
        field.press("Tab")
    page.settle()
    check_cut_along_a_row(page, held, j)
    keep("cut", page.page.screenshot(full_page=True))
    page.page.get_by_role("button", name="Remove: Cut").click()
    assert page.page.locator("#cut:visible").count() == 0
    page.page.locator(".plot.contour").first.focus()
    page.page.keyboard.press("ArrowUp")
    ends = [page.state["mark"]]
    page.page.keyboard.press("c")
    for _ in range(3):
        page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("c")
    ends.append(page.state["mark"])
    cut = page.state["cut"]
    assert [cut["from"], cut["to"]] == [[end["x"], end["y"]] for end in ends]


def test_a_lens_shows_each_quantity_and_what_is_measured(page, held):
    for key, name in (("2", "accuracy"), ("4", "count"), ("1", "loss"), ("3", "loss_stderr")):
        page.page.keyboard.press(key)
        page.settle()
        assert page.state["quantity"] == f"train_{name}"
        assert page.page.locator("#lens input:checked").get_attribute("value") == f"train_{name}"
    page.page.locator("#lens label").filter(has_text="Measured").click()
    page.settle()
    dots = page.page.locator(".measured").first.get_attribute("d")
    assert dots.count("M") == held[0]["done"].sum()


def level_lines(page, panel):
    return page.page.evaluate(
        "(k) => [...document.querySelectorAll('.marked')[k].querySelectorAll('.level[data-level]')]"
        ".map((p) => Number(p.dataset.level))",
        panel,
    )


def test_level_sets_are_named_by_what_they_mean(page, held):
    page.page.get_by_role("button", name="Named levels").click()
    page.settle()
    for k, values in enumerate(held):
        least = values["train_loss"].min()
        wanted = sorted([math.log(10), 2 * math.log(10), least + 0.1, least + 1])
        assert level_lines(page, k) == pytest.approx(wanted, rel=1e-5)
    said = page.page.locator(".level-name").all_text_contents()
    for words in ("guessing (2.3 nats)", "twice the loss of guessing", "minimum + 1 nats"):
        assert any(words in text for text in said)
    keep("levels", page.page.screenshot(full_page=True))
    page.page.keyboard.press("l")
    page.settle()
    assert page.page.locator(".level").count() == 0


@pytest.mark.parametrize("how", ["minus", "ratio"])
def test_the_difference_is_hatched_where_the_errors_cover_it(page, held, how):
    page.page.get_by_label("Arrangement").select_option(how)
    page.settle()
    (a, b), (ea, eb) = ([v[name] for v in held] for name in ("train_loss", "train_loss_stderr"))
    if how == "minus":
        wanted, error = a - b, np.hypot(ea, eb)
    else:
        wanted, error = np.log10(a / b), np.hypot(ea / a, eb / b) / math.log(10)
    (rows,) = page.state["heights"]
    assert np.array(rows) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    covered = np.abs(wanted) <= 1.96 * error
    assert 0 < covered.sum() < covered.size
    said = page.page.locator("figcaption").inner_text()
    assert f"at {covered.sum()} of {covered.size} points it is within" in said
    inside = page.page.evaluate(
        "([x, y]) => { const p = document.querySelector('.hatched'), l = p.ownerSVGElement,"
        " a = document.querySelector('.plot.contour')._fullLayout; return y.map((v) => x.map((u) =>"
        " { const q = l.createSVGPoint(); q.x = a.xaxis._offset + a.xaxis.d2p(u);"
        " q.y = a.yaxis._offset + a.yaxis.d2p(v); return p.isPointInFill(q); })); }",
        # A little inside of the grid, as its edge is that of the hatched area.
        [(0.999 * held[0]["x"]).tolist(), (0.999 * (held[0]["y"] + 0.2) - 0.2).tolist()],
    )
    assert (np.array(inside) == covered).all()
    keep(f"difference_{how}", page.page.screenshot(full_page=True))


def test_touch_alone_pins_and_cuts(browser, files, held, tmp_path):
    path = save_page([opened(f) for f in files], tmp_path / "a.html", style="contour")
    explorer = Explorer(browser, path, width=390, height=844, touch=True)
    page = explorer.page
    page.locator(".plot.contour").first.scroll_into_view_if_needed()
    page.touchscreen.tap(*pixel(explorer, held[0]["x"][7], held[0]["y"][2]))
    explorer.settle()
    check_pin(explorer, held, 2, 7)
    page.get_by_role("button", name="Options", exact=True).tap()
    page.get_by_role("button", name="Cut", exact=True).tap()
    page.locator(".plot.contour").first.scroll_into_view_if_needed()
    driver = explorer.context.new_cdp_session(page)
    places = [(-0.5, -0.5), (0, 0), (0.5, 0.4)]
    ends = [dict(zip("xy", pixel(explorer, *place), strict=True)) for place in places]
    for kind, points in (("Start", ends[:1]), ("Move", ends[1:2]), ("Move", ends[2:]), ("End", [])):
        driver.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    explorer.settle()
    cut = explorer.state["cut"]
    assert [*cut["from"], *cut["to"]] == pytest.approx([-0.5, -0.5, 0.5, 0.4], abs=0.03)
    assert len(explorer.state["pins"]) == 1
    keep("touch_390", page.screenshot(full_page=True))
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    explorer.close()
