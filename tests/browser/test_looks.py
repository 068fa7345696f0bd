"""What a reader sees: contrast, numbers, text of files, every width and theme."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest

from landscape.render import save_page
from landscape.render.words.numerals import short, with_error
from landscape.surface import Quantity
from tests.explorer import NASTY, Explorer, bowl, keep

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
    const look = getComputedStyle(e), ink = look[svg ? 'fill' : 'color'];
    const halo = svg && look.stroke !== 'none' && look.paintOrder.startsWith('stroke');
    const paper = getComputedStyle(ground || document.body).backgroundColor;
    const [a, b] = [light(ink), light(halo ? look.stroke : paper)];
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
    assert [f for f in fresh.choose(view="surface").page.evaluate(CONTRAST) if f[0] < 4.5] == []
    fresh.page.emulate_media(color_scheme="light")


def test_numbers_read_as_in_python(two):
    values = [0, 0.5, 2.302585, 40, 31234, 99999, 100000, 0.00056928, -1.5, 1e-3, 9.999e-4, 123456]
    values += [float(f"{m}e{e}") for m in ("1", "2.347", "-9.9996") for e in range(-8, 9)]
    for digits in (2, 3, 4):
        said = two.page.evaluate(
            "([values, digits]) => values.map((v) => window.landscape.short(v, digits))",
            [values, digits],
        )
        assert said == [short(v, digits) for v in values]
    errors = [[v, abs(v) * part] for v in values for part in (0, 1e-8, 0.0123, 0.47, 0.996)]
    errors += [[3.2, 47.0], [-0.001, 0.1], [5, 1e7], [31234, 678], [math.nan, 1], [0.3, 0.02]]
    said = two.page.evaluate(
        "(pairs) => pairs.map(([v, e]) => window.landscape.withError(v, e))", errors
    )
    assert said == [with_error(v, e) for v, e in errors]


@pytest.mark.parametrize("view", ["surface", "contour"])
def test_the_picture_is_one_png_of_all_panels(fresh, view):
    from PIL import Image

    fresh.choose(view=view).paint()
    with fresh.page.expect_download() as download:
        fresh.page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == f"loss-landscape_train-loss_{view}.png"
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
