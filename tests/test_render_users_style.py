"""Settings of the user's matplotlib do not leak into figures."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pytest

from landscape import open_surface, render

LEAKS: list[dict[str, Any]] = [
    {"savefig.bbox": "tight"},
    {"axes.grid": True},
    {"axes.spines.top": False, "axes.spines.left": False},
    {"savefig.transparent": True},
]


def picture(path: Any) -> bytes:
    return render.save(open_surface("example:digits_between"), path, dpi=60).read_bytes()


@pytest.mark.parametrize("settings", LEAKS, ids=lambda settings: next(iter(settings)))
def test_a_figure_is_the_same(tmp_path: Any, settings: dict[str, Any]) -> None:
    usual = picture(tmp_path / "a.png")
    with mpl.rc_context(settings):
        assert picture(tmp_path / "b.png") == usual
