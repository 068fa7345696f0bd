"""For every reader: what a screen reader says, the help sheet, what axe-core finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import landscape.render.page
from landscape.summary import describe
from tests.axe import axe_source, serious
from tests.explorer import keep


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    return axe_source(tmp_path_factory.mktemp("axe"))


def test_each_panel_is_described_as_in_python(fresh, surfaces):
    for view in ("surface", "contour"):
        fresh.choose(view=view)
        for k, surface in enumerate(surfaces):
            plot = fresh.page.locator(f".plot.{view}").nth(k)
            first = plot.get_attribute("aria-describedby").split()[0]
            assert fresh.page.locator(f"#{first}").inner_text() == describe(surface)


def test_the_help_sheet_opens_and_closes_by_key_and_button(fresh):
    page, sheet = fresh.page, fresh.page.locator("#help:visible")
    page.keyboard.press("?")
    assert "turn" in sheet.inner_text()
    keep("help", page.screenshot())
    page.keyboard.press("Escape")
    assert sheet.count() == 0
    page.get_by_role("button", name="Help").click()
    assert sheet.count() == 1
    sheet.get_by_role("button", name="Close").click()
    assert sheet.count() == 0


def test_the_help_sheet_lists_every_key_that_the_page_listens_to(fresh):
    """A fault once: the lens, the named levels and saving were missing."""
    web = Path(landscape.render.page.__file__).parent / "web"
    scripts = "".join(f.read_text() for f in web.glob("*.js") if "plotly" not in f.name)
    heard = set(re.findall(r"event\.key [!=]== \"(\w+|\?)\"", scripts))
    assert {"c", "l", "s", "Home"} <= heard
    fresh.page.keyboard.press("?")
    listed = " ".join(fresh.page.locator("#help dt").all_inner_texts())
    fresh.page.keyboard.press("Escape")
    assert {
        key for key in heard if not re.search(rf"(?<!\w){re.escape(key)}(?!\w)", listed)
    } == set()
    assert "1 to 5" in listed


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(fresh, axe, theme):
    fresh.page.emulate_media(color_scheme=theme)
    for view in ("surface", "contour"):
        fresh.choose(view=view)
        assert serious(fresh.page, axe) == []
    fresh.page.keyboard.press("?")
    assert serious(fresh.page, axe) == []
    fresh.page.keyboard.press("Escape")
    fresh.page.emulate_media(color_scheme="light")
