"""A gallery of many surfaces in a browser: everything said, little drawn at a time."""

from __future__ import annotations

import io
import math

import h5py
import numpy as np
import pytest
from PIL import Image

from landscape.render import Entry, save_gallery
from landscape.render.gallery import sentences
from landscape.render.words.numerals import short, with_error
from tests.explorer import NASTY, Explorer, keep
from tests.gallery.made import bowl, spoilt, unfinished, written

WATCHED = """(() => {
  const plain = HTMLCanvasElement.prototype.getContext, known = [];
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const made = plain.call(this, kind, ...rest);
    if (made && /webgl/.test(kind) && !known.includes(made)) known.push(made);
    return made;
  };
  window.contexts = () => [known.filter((c) => !c.isContextLost()).length, known.length];
})()"""
MOST = 8
PAIRS = 8


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Ten pairs: eight of bowls, one spoilt, one whose title would do harm as markup."""
    surfaces = []
    for k in range(PAIRS):
        for shortcuts in ("identity", "none"):
            curvature = (k + 1) * (1 if shortcuts == "identity" else 20)
            facts = {"model": f"resnet{8 + 6 * k}", "shortcuts": shortcuts}
            surfaces.append(bowl(curvature, 0.01 * (k + 1), n=7, **facts))
    surfaces += [spoilt(bowl(3.0, n=7), math.nan), spoilt(bowl(2.0, n=7), math.inf, (0, 0))]
    surfaces += [unfinished(bowl(4.0, n=7, shortcuts="none"), 2), bowl(1.0, n=7, title=NASTY)]
    return written(tmp_path_factory.mktemp("surfaces"), surfaces)


@pytest.fixture(scope="module")
def gallery(browser, files):
    entries = [Entry(path) for path in files[:-1]] + [Entry(files[-1], lines=[NASTY])]
    page = save_gallery(entries, files[0].parent / "gallery.html", title=NASTY)
    explorer = Explorer(browser, page, width=700, height=600, before=WATCHED, painted=True)
    yield explorer
    explorer.close()


def test_every_entry_is_there_and_its_numbers_are_those_of_the_file(gallery, files):
    page = gallery.page
    assert page.locator("h1").inner_text() == NASTY
    figures = page.evaluate(
        "() => [...document.querySelectorAll('figure')].map((f) => ({"
        " title: f.querySelector('h2').textContent, look: f.querySelector('.look').textContent,"
        " numbers: [...f.querySelectorAll('.numbers div')].map((d) =>"
        "   [d.querySelector('dt').textContent, d.querySelector('dd').textContent])}))"
    )
    assert len(figures) == len(files) == 20
    assert [link.inner_text() for link in page.locator("#contents a").all()] == [
        figure["title"] for figure in figures
    ]
    for path, figure in zip(files, figures, strict=True):
        said = dict(figure["numbers"])
        with h5py.File(path) as file:
            loss, accuracy = file["train_loss"][3, 3], file["train_accuracy"][3, 3]
            assert file["x"][3] == file["y"][3] == 0
            assert said["parameters"] == f"{file.attrs['parameters']:,}"
        assert said["training loss at the centre"] == f"{with_error(float(loss), 1e-4)} nats"
        right = f"{with_error(100 * float(accuracy), 1)} %"
        assert said["training accuracy at the centre"] == right
        if np.isfinite(loss):
            assert said["basins"] == "1"
    for k in range(PAIRS):
        found = float(dict(figures[2 * k]["numbers"])["flat radius (loss + 0.1)"].split()[0])
        assert found == pytest.approx(math.sqrt(0.1 / (k + 1)), rel=0.02)
    why = page.locator("figure").nth(16).locator("details").text_content()
    assert "flat radius (loss + 0.1): unknown (the loss at the origin, of the network itself" in why
    assert figures[-1]["title"] == NASTY
    assert figures[16]["look"].startswith("Every point is NaN: ")
    assert figures[17]["look"].startswith("Note that 1 of 49 points is infinite and left blank: ")
    assert figures[18]["look"].startswith("Note that 14 of 49 points are not yet computed: ")
    first = [bowl(1, 0.01, n=7, model="resnet8", shortcuts=s) for s in ("identity", "none")]
    first[1] = bowl(20, 0.01, n=7, model="resnet8", shortcuts="none")
    assert figures[0]["look"] == " ".join(sentences(first[0], first[1]))
    assert page.locator("figure img, figure b, figure script").count() == 0


def cameras(gallery):
    return gallery.page.evaluate(
        "() => [...document.querySelectorAll('.plot.surface')].filter((p) => p._fullLayout)"
        ".map((p) => p._fullLayout.scene._scene.getCamera().eye)"
    )


HELD = """() => {
  const react = Plotly.react, wait = () => new Promise((done) => setTimeout(done, 50));
  Plotly.react = async (...all) => { while (!window.go) await wait(); return react(...all); };
}"""


def coloured(page):
    """Where the stage of the ninth panel is neither paper nor ink."""
    picture = page.locator(".stage").nth(8).screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    return pixels.max(axis=2) - pixels.min(axis=2) > 40


def into_view(gallery, k):
    gallery.page.evaluate("(k) => document.querySelectorAll('figure')[k].scrollIntoView()", k)
    gallery.settle()
    return gallery.state["drawn"]


def test_scenes_turn_together_and_those_that_come_into_view_too(gallery):
    page = gallery.page
    scale = page.locator("#bar-label").inner_text()
    assert scale.startswith("Shared scale of height and colour for all 20 surfaces, 0.01 to 320: ")
    assert gallery.state["drawn"] == [0, 1]
    before = gallery.state["camera"]
    page.locator(".plot.surface").nth(1).focus()
    page.keyboard.press("ArrowRight")
    gallery.settle()
    assert gallery.state["camera"]["around"] - before["around"] == pytest.approx(math.radians(5))
    turned = cameras(gallery)[0]
    assert cameras(gallery) == [pytest.approx(turned)] * 2
    page.evaluate("() => document.activeElement.blur()")
    keep("gallery_top", page.screenshot())
    page.evaluate(HELD)
    page.evaluate("() => document.querySelectorAll('figure')[8].scrollIntoView()")
    gallery.until("() => document.querySelectorAll('.still')[8].hidden === false")
    still = coloured(page)
    page.evaluate("() => { window.go = true; }")
    assert into_view(gallery, 8)[-2:] == [8, 9]
    assert cameras(gallery) == [pytest.approx(turned)] * 4
    scene = coloured(page)
    assert 5000 < scene.sum() < 0.6 * scene.size
    assert (still & scene).sum() > 0.9 * (still | scene).sum()  # painted where plotly draws it
    assert page.evaluate("() => window.contexts()[0]") == 4
    keep("gallery_middle", page.screenshot())


def test_few_are_drawn_and_what_is_far_gives_its_contexts_back(gallery):
    gallery.choose(view="contour")
    for k in range(0, 20, 4):
        drawn = into_view(gallery, k)
        assert {k, k + 1} <= set(drawn)
        assert len(drawn) <= MOST
    assert gallery.page.evaluate("() => window.contexts()[0]") == 0  # scenes were left behind
    keep("gallery_end", gallery.page.screenshot())


def test_it_fits_a_phone_and_says_the_point_under_the_mark(gallery, files):
    page = gallery.page
    page.set_viewport_size({"width": 390, "height": 640})
    page.evaluate("() => window.scrollTo(0, 0)")
    gallery.settle()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    keep("gallery_phone", page.screenshot())
    gallery.choose(view="contour")
    page.locator(".plot.contour").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    gallery.settle()
    mark = gallery.state["mark"]
    with h5py.File(files[1]) as file:
        j = int(np.argmin(np.abs(file["y"][:] - mark["y"])))
        i = int(np.argmin(np.abs(file["x"][:] - mark["x"])))
        loss = float(file["train_loss"][j, i])
    assert (i, j) == (3, 4)
    assert short(loss, 4) in page.locator(".reading").nth(1).inner_text()
    assert page.locator("#readout").is_hidden()


@pytest.mark.long
def test_all_scenes_can_be_scrolled_through(browser, files):
    page = save_gallery(files, files[0].parent / "wide.html")
    explorer = Explorer(browser, page, width=1400, height=900, before=WATCHED)
    for row in range(5):
        drawn = into_view(explorer, 4 * row)
        assert set(range(4 * row, 4 * row + 4)) <= set(drawn)
        assert 4 <= explorer.page.evaluate("() => window.contexts()[0]") <= MOST
        assert len(cameras(explorer)) == len(drawn)
    assert explorer.page.evaluate("() => window.contexts()[1]") > 16  # more than a browser keeps
    keep("gallery_wide", explorer.page.screenshot())
    explorer.close()
