"""Titles of surfaces drawn together tell apart what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from landscape.render import save_page, side_by_side
from landscape.render.page.data import page_data
from landscape.render.words.names import names_of
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.test_render_figures import bowl, texts

VGG: dict[str, Any] = {"model": "vgg9", "shortcuts": "none"}
NAME = "VGG-9 without shortcuts"


def trained(checkpoint: str, **facts: Any) -> Surface:
    return bowl(5, **VGG, checkpoint=checkpoint, weights_sha256=checkpoint, **facts)


def of_seed(seed: int) -> Surface:
    surface = bowl(5, **VGG, weights_sha256="one")
    for facts in surface.axes.values():
        facts["seed"] = seed
    return surface


CASES = {
    "other networks": ([bowl(5, model="vgg9"), bowl(5, model="resnet8")], ["VGG-9", "ResNet-8"]),
    "two batch sizes": (
        [trained("runs/batch128/final.pt"), trained("runs/batch8192/final.pt")],
        [f"{NAME} (batch128)", f"{NAME} (batch8192)"],
    ),
    "files in one folder": (
        [trained("a/small.pt"), trained("a/large.pt")],
        [f"{NAME} (small)", f"{NAME} (large)"],
    ),
    "of another system": (
        [trained(r"C:\\me\\a\\final.pt"), trained(r"C:\\me\\b\\final.pt")],
        [f"{NAME} (a)", f"{NAME} (b)"],
    ),
    "widths": (
        [bowl(5, **VGG, width=1), bowl(5, **VGG, width=2)],
        [f"{NAME} (width 1)", f"{NAME} (width 2)"],
    ),
    "seeds of directions": ([of_seed(0), of_seed(3)], [f"{NAME} (seed 0/0)", f"{NAME} (seed 3/3)"]),
    "splits": (
        [bowl(5, **VGG, split="train"), bowl(5, **VGG, split="test")],
        [f"{NAME} (train)", f"{NAME} (test)"],
    ),
    "two of three": (
        [trained("a/x.pt"), bowl(5, model="resnet8"), trained("b/x.pt")],
        [f"{NAME} (a)", "ResNet-8", f"{NAME} (b)"],
    ),
    "nothing differs": ([trained("a.pt"), trained("a.pt")], [NAME, NAME]),
    "one title": (
        [trained("a.pt", title="mine"), trained("b.pt", title="mine")],
        ["mine (a)", "mine (b)"],
    ),
}


@pytest.mark.parametrize(("surfaces", "names"), CASES.values(), ids=CASES)
def test_names(surfaces: list[Surface], names: list[str]) -> None:
    assert names_of(surfaces) == names


def test_else_the_files_tell_them_apart(tmp_path: Path) -> None:
    files = [save_surface(bowl(5, **VGG), tmp_path / f"{name}.h5") for name in ("first", "second")]
    opened = [open_surface(file) for file in files]
    assert names_of(opened) == [f"{NAME} (first)", f"{NAME} (second)"]


def test_figures_and_pages_have_them(tmp_path: Path) -> None:
    surfaces = [trained("runs/batch128/final.pt"), trained("runs/batch8192/final.pt")]
    for style in ("contour", "surface"):
        said = texts(side_by_side(surfaces, style, caption="full"))
        assert "(batch128)" in said
        assert "(batch8192)" in said
    assert [p["title"] for p in page_data(surfaces)["panels"]] == names_of(surfaces)
    assert "(batch8192)" in save_page(surfaces, tmp_path / "a.html").read_text()
