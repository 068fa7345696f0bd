"""Views that are shared: the address, the command, files, a sequence, a frame in another page."""

from __future__ import annotations

import csv
import io
import math
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

from landscape.render import save_page
from landscape.render.__main__ import main as render
from landscape.render.page import frame
from landscape.store import save_surface
from landscape.surface import Trajectory
from tests import kinds
from tests.explorer import Explorer, bowl, keep


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three epochs of one network, and a plane with a path."""
    folder = tmp_path_factory.mktemp("epochs")
    for epoch, scale in ((2, 4.0), (10, 1.0), (1, 9.0)):
        surface = bowl(scale=scale, model="resnet56", weights_sha256=str(epoch), classes=10)
        surface.attributes["title"] = f"epoch {epoch}"
        t = np.linspace(0, 1, 6)
        path = Trajectory(0.9 * (1 - t), -0.9 * (1 - t), 3 * (1.1 - t), 2 * (1.2 - t))
        surface.trajectories = {"SGD": path}
        save_surface(surface, folder / f"epoch{epoch}.h5")
    return folder


@pytest.fixture(scope="module")
def tab(browser, folder):
    page = folder / "epochs.html"
    assert render([*map(str, sorted(folder.glob("epoch*.h5"))), "-o", str(page)]) == 0
    explorer = Explorer(browser, page)
    yield explorer
    explorer.close()


def go(tab, words):
    tab.page.evaluate("(words) => { location.hash = words || 'theme=light'; }", words)
    tab.settle()
    return tab


def address(tab):
    tab.page.wait_for_timeout(250)
    return tab.page.evaluate("() => location.hash")


def test_a_sequence_has_a_slider_in_the_order_of_its_numbers(tab, folder):
    go(tab, "")
    spans, titles = [], []
    for k in range(3):
        tab.page.locator("#frame").fill(str(k))
        tab.settle()
        titles.append(tab.page.locator("h2").first.inner_text())
        with h5py.File(folder / f"{titles[-1].replace(' ', '')}.h5") as file:
            loss = file["train_loss"][()]
        (rows,) = tab.state["heights"]
        assert np.array(rows) == pytest.approx(np.log10(loss), abs=1e-5)
        spans.append((tab.state["low"], tab.state["high"]))
    assert titles == ["epoch 1", "epoch 2", "epoch 10"]
    assert len(set(spans)) == 1  # one scale for all
    tab.page.locator("#frame").focus()
    tab.page.keyboard.press("ArrowLeft")
    tab.settle()
    assert tab.page.locator("h2").first.inner_text() == "epoch 2"
    tab.page.get_by_label("Arrangement").select_option("each")
    tab.settle()
    assert tab.page.locator("figure h2").all_inner_texts() == ["epoch 1", "epoch 2", "epoch 10"]


VIEW = (
    "view=contour&quantity=test_loss&scale=linear&clip=12&theme=dark&show=each"
    "&levels=named&cut=-0.5,-0.5,0.5,0.25&pins=0.2,-0.4;0.4,0"
)


def test_the_address_is_the_view(browser, tab, folder):
    go(tab, VIEW)
    state = tab.state
    assert (state["view"], state["quantity"], state["kind"]) == ("contour", "test_loss", "linear")
    assert (state["limit"], state["theme"], state["named"]) == (12, "dark", True)
    assert state["cut"] == {"from": [-0.5, -0.5], "to": [0.5, 0.25]}
    assert state["pins"] == [{"x": 0.2, "y": -0.4}, {"x": 0.4, "y": 0}]
    assert len(state["heights"]) == 3
    written = dict(p.split("=") for p in address(tab)[1:].split("&"))
    assert written == dict(p.split("=") for p in VIEW.split("&"))
    tab.choose(view="surface")
    tab.page.locator(".plot.surface").first.focus()
    tab.page.keyboard.press("ArrowRight")
    tab.settle()
    other = Explorer(browser, tab.url + address(tab))
    other.url = tab.url  # what is asked for has no fragment
    assert {k: other.state[k] for k in ("view", "quantity", "limit", "pins", "cut")} == {
        k: tab.state[k] for k in ("view", "quantity", "limit", "pins", "cut")
    }
    assert other.state["camera"] == pytest.approx(tab.state["camera"], abs=1e-3)
    other.close()


def test_the_command_draws_the_view(tab, folder, monkeypatch):
    go(tab, "view=contour&quantity=test_loss&clip=12&show=each")
    tab.page.keyboard.press("s")
    words = shlex.split(tab.page.locator("#command").input_value())
    tab.page.keyboard.press("Escape")
    assert words[:6] == ["python", "-m", "landscape.render", *(f"epoch{k}.h5" for k in (1, 2, 10))]
    from landscape.render.figure import side_by_side

    drawn = {}

    def spy(surfaces, style, **options):
        drawn.update(options, style=style)
        return figure_of(surfaces, style, **options)

    figure_of = side_by_side.side_by_side
    monkeypatch.setattr(side_by_side, "side_by_side", spy)
    monkeypatch.chdir(folder)
    assert render(words[3:]) == 0
    target = folder / words[words.index("-o") + 1]
    assert target.read_bytes().startswith(b"%PDF")
    assert drawn["style"] == "contour"
    assert (drawn["quantity"], drawn["scale"], float(drawn["clip"])) == ("test_loss", "log", 12)
    go(tab, "surface=2")
    camera = tab.state["camera"]
    tab.page.locator("#share").click()
    words = shlex.split(tab.page.locator("#command").input_value())
    tab.page.keyboard.press("Escape")
    assert words[3] == "epoch2.h5"
    named = dict(word[2:].split("=") for word in words if word.startswith("--"))
    assert [float(v) for v in named["range"].split(",")] == pytest.approx(
        [tab.state["low"], tab.state["high"]], rel=1e-5
    )
    angles = (math.degrees(camera[name]) for name in ("up", "around"))
    assert [float(named["elevation"]), float(named["azimuth"])] == pytest.approx(list(angles))


def downloaded(tab, button):
    tab.page.locator("#share").click()
    with tab.page.expect_download() as download:
        tab.page.locator(button).click()
    tab.page.keyboard.press("Escape")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_the_data_are_saved_as_csv(tab, folder):
    go(tab, "show=each")
    name, content = downloaded(tab, "#as-csv")
    assert name.endswith(".csv")
    head, *rows = csv.reader(io.StringIO(content.decode()))
    assert len(rows) == 3 * 99
    for k, epoch in enumerate((1, 2, 10)):
        with h5py.File(folder / f"epoch{epoch}.h5") as file:
            own = rows[99 * k : 99 * (k + 1)]
            assert {row[0] for row in own} == {f"epoch {epoch}"}
            x, y = np.meshgrid(file["x"][()], file["y"][()])
            for column, label in enumerate(head[1:], start=1):
                quantity, _, unit = label.partition(" (")
                factor = 100 if unit == "%)" else 1
                wanted = {"x": x, "y": y}.get(quantity)
                wanted = factor * file[quantity][()] if wanted is None else wanted
                values = [float(row[column]) for row in own]
                assert values == pytest.approx(wanted.ravel(), rel=1e-5, abs=1e-9)


def test_pictures_are_saved_at_a_chosen_size_and_as_svg(tab):
    from PIL import Image

    go(tab, "view=contour&pins=0.2,-0.4&surface=3")
    tab.page.locator("#share").click()
    tab.page.locator("#png-width").fill("1000")
    tab.page.keyboard.press("Escape")
    name, content = downloaded(tab, "#as-png")
    assert name == "epoch-10_train-loss_contour.png"
    keep("saved_1000", content)
    assert Image.open(io.BytesIO(content)).size[0] == 1000
    name, content = downloaded(tab, "#as-svg")
    assert name == "epoch-10_train-loss_contour.svg"
    root = ElementTree.fromstring(content)
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "epoch 10" in words
    assert "1" in words  # the pin
    assert any(text and "training loss" in text for text in words)


def test_a_path_is_played_step_by_step_and_by_hand_with_less_motion(tab):
    go(tab, "view=contour")
    page = tab.page
    page.get_by_role("button", name="Path step by step").click()
    page.locator("#step-slider").fill("3")
    tab.settle()
    assert tab.state["step"] == {"panel": 0, "path": 0, "step": 3}
    chart = page.evaluate(
        "() => document.getElementById('path-chart').data.map((t) => [t.meta, t.y])"
    )
    t = np.linspace(0, 1, 6)
    assert dict(chart)["loss of the network itself"] == pytest.approx(3 * (1.1 - t), rel=1e-5)
    assert dict(chart)["loss on the plane"] == pytest.approx(2 * (1.2 - t), rel=1e-5)
    assert "own loss 1.5 nats, on the plane 1.2 nats" in page.locator("#path output").inner_text()
    page.locator("#play").click()
    tab.until("() => window.landscape.state().step.step === 5")
    tab.until("() => document.getElementById('play').textContent.includes('Play')")
    page.emulate_media(reduced_motion="reduce")
    page.locator("#step-slider").fill("1")
    page.locator("#play").click()
    page.wait_for_timeout(800)
    assert tab.state["step"]["step"] == 2  # one step, by hand
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_label("Arrangement").select_option("minus")  # a difference has no paths
    tab.settle()
    assert page.locator("#path").is_hidden()
    assert page.locator("#path-button").is_hidden()
    assert page.locator("figcaption").inner_text().startswith("Positive where A is larger")
    assert tab.problems == []


def test_an_address_of_what_is_not_there_is_passed_over(tab):
    go(tab, "view=contour&surface=1.5&step=1,1,0.5")
    assert tab.state["arrangement"]["frame"] == 0
    assert tab.state["step"] is None
    go(tab, "view=contour&surface=2&step=1,1,-1")
    assert tab.state["arrangement"]["frame"] == 1
    assert tab.state["step"] is None
    assert tab.problems == []


def test_draws_have_a_slider_on_one_scale(browser, tmp_path):
    surface = kinds.repeated(plane=True)
    explorer = Explorer(browser, save_page(surface, tmp_path / "draws.html", style="contour"))
    spans = []
    for draw in (1, 2, 3):
        explorer.page.locator("#draw").fill(str(draw))
        explorer.settle()
        assert explorer.state["quantity"] == f"train_loss_draw{draw}"
        spans.append((explorer.state["low"], explorer.state["span"]["high"]))
        (rows,) = explorer.state["heights"]
        wanted = np.minimum(surface[f"train_loss_draw{draw}"], explorer.state["high"])
        assert 10 ** np.array(rows) == pytest.approx(wanted, rel=1e-4)
    assert len(set(spans)) == 1
    explorer.close()


def test_a_page_in_a_frame_is_compact_with_a_link_to_the_full_one(browser, folder, capsys):
    target = folder / "framed.html"
    words = [str(folder / "epoch1.h5"), "-o", str(target), "--embed", "--style", "contour"]
    assert render(words) == 0
    assert frame(target) in capsys.readouterr().out
    blog = folder / "blog.html"
    blog.write_text(f"<!DOCTYPE html><p>A post.</p>{frame(target)}")
    page = browser.new_page(viewport={"width": 800, "height": 700})
    page.goto(blog.as_uri())
    inside = page.frame_locator("iframe")
    inside.locator(".plot.contour .main-svg").first.wait_for()
    link = inside.locator("#full[href]")
    link.wait_for()
    assert re.fullmatch(rf"{re.escape(target.as_uri())}(#.*)?", link.get_attribute("href"))
    for hidden in ("#quantity", "figcaption", "#tools", "h1"):
        assert inside.locator(hidden).first.is_hidden()
    size = page.frames[1].evaluate(
        "() => [document.documentElement.scrollHeight, window.innerHeight]"
    )
    assert size[0] <= size[1]
    keep("embedded", page.screenshot())
    page.goto(target.as_uri())
    page.locator("#quantity").wait_for()
    assert page.locator("#full").is_hidden()
    page.close()
