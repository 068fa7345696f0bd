"""Two planes side by side in a tab that the tests of the page share."""

from __future__ import annotations

import math

import pytest

from landscape.render import save_page
from landscape.render.page.bundle import bring
from tests.explorer import NASTY, Explorer, bowl, path_of_training


@pytest.fixture(scope="package", autouse=True)
def bundle():
    """The part of plotly.js that installing the package brings, in a checkout too, if it can."""
    bring()


@pytest.fixture(scope="package")
def surfaces():
    left, right = bowl(title="left", model="resnet56"), bowl(scale=4, title="right")
    right.values["train_loss"][2, 3] = math.nan
    right.values["train_loss"][7, 8] = math.inf
    right.done[0, 1] = False
    left.trajectories = {NASTY: path_of_training()}
    return [left, right]


@pytest.fixture(scope="package")
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
    two.page.evaluate("() => { window.painted = false; }")
    two.page.mouse.move(1, 1)
    two.choose(view="surface", quantity="train_loss", scale="log")
    two.slide(200)
    two.page.locator("#reset").click()
    two.settle()
    return two
