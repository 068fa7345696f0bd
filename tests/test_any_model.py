"""Networks of many kinds: each compared with the float64 loop, and drawn from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from landscape.run import sample_surface
from landscape.store import open_surface
from tests.models_of_others import MODELS, Model
from tests.naive import evaluate_naive
from tests.test_evaluate import plane_of

GRID = ("-0.5:1:3", "-1:0.5:2")


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_a_tuned_run_gives_what_the_float64_loop_gives(model: Model, tmp_path: Path) -> None:
    problem = model.make()
    plane = plane_of(problem)
    path = tmp_path / "s.h5"
    sample_surface(problem, *GRID, directions=plane.axes, path=path, progress=False)
    surface = open_surface(path)
    assert surface.complete
    points = surface.grid.points()
    for index, expected in evaluate_naive(problem, plane, points, range(len(points))):
        for name, value in expected.items():
            found = surface.values[name].flat[index]
            allowed = 1e-6
            if any(part in name for part in ("accuracy", "top3", "iou")):
                allowed = max(allowed, model.share_off)
            assert found == pytest.approx(value, rel=model.rel, abs=allowed), (index, name)
    surface.plot_contour()
