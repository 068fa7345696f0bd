"""A page whose file is damaged says so in the page."""

from __future__ import annotations

import re

import pytest

from landscape.render import save_page
from tests.explorer import bowl


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = save_page(bowl(nx=5, ny=4), tmp_path_factory.mktemp("page") / "whole.html")
    return path.read_text()


def cut_after(mark):
    return lambda text: text[: text.index(mark) + len(mark)]


def replaced(old, new):
    def change(text):
        assert text.count(old) >= 1
        return text.replace(old, new, 1)

    return change


def without_a_value(text):
    return re.sub(r'("values":\{"train_loss":\[)[^,]+,', r"\1", text, count=1)


DAMAGES = {
    "cut in its scripts": (cut_after("const tools"), "its end is missing"),
    "cut in its data": (
        cut_after('"train_accuracy_stderr":['),
        "its end is missing|cut off|cannot be read",
    ),
    "cut in plotly.js": (cut_after("Plotly, Inc."), "cut off"),
    "a digit changed": (replaced('"undone":[]', '"undone":[3]'), "changed since it was written"),
    "a value lost": (without_a_value, "changed since it was written"),
    "no JSON": (replaced('"panels":[{', '"panels":[{{'), "cannot be read"),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_page_says_so(browser, whole, tmp_path, damage, words):
    text = damage(whole)
    assert text != whole
    path = tmp_path / "damaged.html"
    path.write_text(text)
    page = browser.new_page()
    page.goto(path.as_uri())
    said = page.locator("#damaged:visible, #unfinished:visible")
    said.first.wait_for(timeout=30000)
    assert re.search(words, said.first.inner_text())
    page.close()


def test_a_whole_page_says_nothing(fresh):
    assert fresh.page.locator("#damaged:visible, #unfinished").count() == 0
