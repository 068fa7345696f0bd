"""Calls that are nearly right: one error that says what was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from landscape import render
from landscape.errors import InputError
from landscape.render.figure.style import colour_map
from landscape.render.media import MEDIA
from landscape.render.page.data import colours
from landscape.surface import Surface
from tests.test_render_figures import bowl, line

ONE = [render.contour, render.filled_contour, render.contour_lines, render.heatmap]
ONE += [render.surface3d, render.curve, render.path]


@pytest.mark.parametrize("draw", ONE)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([bowl(), bowl()], r"draws one Surface, got a list; .*side_by_side\(surfaces, style\)"),
        ("a.h5", r"draws one Surface, got a str; .*open_surface"),
        (None, "draws one Surface, got a NoneType"),
    ],
    ids=["two surfaces", "a file", "nothing"],
)
def test_what_is_not_one_surface(draw: Callable[..., Any], given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        draw(given)


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("figsize", "width"),
        ("colormap", "cmap"),
        ("vmax", "norm_range"),
        ("level", "levels"),
        ("captoin", "caption"),
    ],
)
def test_an_option_of_other_packages_or_mistyped(option: str, meant: str) -> None:
    for kind in (InputError, TypeError):
        with pytest.raises(kind, match=rf"contour\(\) got an .* {option!r}.*mean {meant!r}"):
            bowl().plot_contour(**{option: 1})
    with pytest.raises(InputError, match=r"unexpected keyword argument 'sparkle': expected some"):
        render.curve(line(), sparkle=True)


def test_an_unknown_colour_map_is_not_said_to_be_one_of_seven() -> None:
    for look_up, near, of in (
        (colour_map, "twiligth", "or another of matplotlib's; did you mean 'twilight'"),
        (colours, "turbo2", "or another of plotly's; did you mean 'turbo'"),
    ):
        with pytest.raises(InputError, match=of):
            look_up(near)


@pytest.mark.parametrize("name", ["foo.png", "foo.h5", "foo"])
def test_a_page_is_written_into_a_page(tmp_path: Path, name: str) -> None:
    surface: Surface = bowl()
    for write in (surface.to_html, lambda path: render.save_gallery([surface], path)):
        with pytest.raises(InputError, match=rf"{name}: expected a page, a file ending in .html"):
            write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_colour_map_that_does_not_exist_is_refused_for_a_line_too():
    with pytest.raises(InputError, match=r"unknown colour map 'nosuch'"):
        render.side_by_side([line()], cmap="nosuch")


NAN, INF = float("nan"), float("inf")
UNUSABLE = {
    "azimuth": [NAN, -INF],
    "base_mm": [NAN, -1, INF],
    "clip": ["nosuch", "nan", "-inf"],
    "cmap": ["nosuch"],
    "column_titles": [["a", "b"]],
    "columns": [0, -1, 99],
    "context": ["nosuch"],
    "dpi": [NAN, 0, -1, INF],
    "elevation": [NAN, INF],
    "fps": [NAN, 0, INF],
    "frames": [0, -1],
    "height_ratio": [NAN, 0, -1, INF],
    "interpolate": ["nosuch"],
    "levels": [0, [1, NAN], [3, 1]],
    "movie": ["nosuch"],
    "norm_range": [(NAN, 1), (2, 1), (0, INF)],
    "quantity": ["nosuch"],
    "renderer": ["nosuch"],
    "row_titles": [["a", "b"]],
    "scale": ["nosuch"],
    "seconds": [NAN, 0, INF],
    "width": ["nosuch", NAN, 0, -1, INF],
    "width_mm": [NAN, 0, INF],
}


@pytest.mark.parametrize("suffix", [".png", ".html", ".vtp", ".glb", ".stl", ".gif"])
def test_a_value_that_cannot_be_meant_is_refused_by_every_style(
    tmp_path: Path, suffix: str
) -> None:
    """Also by a style that ignores the option: whoever gives it expects it to do something."""
    medium, target = MEDIA[suffix], tmp_path / f"a{suffix}"
    for style in set(medium.styles) - {"path"}:
        one = line() if style == "curve" else bowl()
        for option in sorted(medium.options & set(UNUSABLE)):
            for value in UNUSABLE[option]:
                with pytest.raises(InputError):
                    render.save(one, target, style, **{option: value})
                assert not target.exists(), (style, option, value)
