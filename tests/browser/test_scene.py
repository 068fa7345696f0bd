"""A scene at every width: text stays on the canvas, pointing leaves the surface as it is lit."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from landscape import open_surface
from landscape.render import save_page
from tests.explorer import Explorer, bowl, keep

TEXTS = """() => [...document.querySelectorAll('.stage')].map((stage) => {
  const s = stage.getBoundingClientRect();
  return { box: [s.left, s.top, s.right, s.bottom],
    texts: [...stage.querySelectorAll('text')]
      .filter((t) => t.getClientRects().length && t.textContent)
      .map((t) => { const b = t.getBoundingClientRect();
        return [t.textContent, b.left, b.top, b.right, b.bottom]; }) };
})"""


def faults_of_text(explorer):
    """The words of panels that are cut or written over each other."""
    found, count = [], 0
    for stage in explorer.page.evaluate(TEXTS):
        left, top, right, bottom = stage["box"]
        for words, *b in stage["texts"]:
            count += 1
            if b[0] < left - 1 or b[1] < top - 1 or b[2] > right + 1 or b[3] > bottom + 1:
                found.append(("cut", words))
        for (one, *a), (other, *b) in itertools.combinations(stage["texts"], 2):
            across = min(a[2], b[2]) - max(a[0], b[0])
            along = min(a[3], b[3]) - max(a[1], b[1])
            if across > 1 and along > 2.5:  # the boxes are taller than the letters
                found.append(("over each other", one, other))
    assert count > 8
    return found


@pytest.fixture(scope="module")
def pair(browser, tmp_path_factory):
    surfaces = [open_surface(f"example:{name}") for name in ("resnet56_noshort", "resnet56")]
    page = save_page(surfaces, tmp_path_factory.mktemp("page") / "pair.html")
    explorer = Explorer(browser, page)
    yield explorer
    explorer.close()


@pytest.mark.parametrize(
    ("width", "height"), [(390, 844), (768, 1024), (1024, 768), (1440, 900), (1920, 1080)]
)
def test_no_text_is_cut_or_overprinted(pair, width, height):
    pair.page.set_viewport_size({"width": width, "height": height})
    for view in ("surface", "contour"):
        pair.choose(view=view)
        pair.page.wait_for_timeout(200)
        pair.settle()
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


def test_pointing_changes_no_pixel_of_a_surface(browser, tmp_path):
    """A fault once: the surfaces were lit anew when the mark appeared."""
    from PIL import Image

    page = save_page([bowl(title="a"), bowl(scale=3, title="b")], tmp_path / "a.html")
    explorer = Explorer(browser, page, painted=True)

    def pixels():
        explorer.page.evaluate(
            "() => { for (const p of document.querySelectorAll('.surface'))"
            " p._fullLayout.scene._scene.glplot.redraw(); }"
        )
        explorer.page.evaluate(
            "() => { for (const e of document.querySelectorAll('.layer, #readout'))"
            " e.style.visibility = 'hidden'; }"
        )
        picture = explorer.page.locator("#panels").screenshot()
        explorer.page.evaluate(
            "() => { for (const e of document.querySelectorAll('.layer, #readout'))"
            " e.style.visibility = ''; }"
        )
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))

    before = pixels()
    assert len(np.unique(before.reshape(-1, 3), axis=0)) > 500
    box = explorer.page.locator(".stage").first.bounding_box()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explorer.settle()
    assert explorer.state["mark"]
    keep("pointed", explorer.page.screenshot())
    np.testing.assert_array_equal(pixels(), before)
    explorer.close()
