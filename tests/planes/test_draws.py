"""Several random draws in one surface: each is the surface of its own seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape.run import sample_surface
from landscape.store import open_surface
from tests.planes.material import problem

GRID: dict[str, Any] = {"x": "-1:1:5", "y": "-0.5:1:3", "progress": False, "tune": False}
R = 4


@pytest.mark.parametrize("options", [{}, {"tolerance": "20%,0.1"}], ids=["all", "tolerance"])
def test_each_draw_is_the_surface_of_its_seed(options: dict[str, Any]) -> None:
    many = problem(n=200)
    together = sample_surface(many, **GRID, seed=3, repeats=R, **options)
    alone = [sample_surface(many, **GRID, seed=3 + k, **options) for k in range(R)]
    losses = np.array([one["train_loss"] for one in alone])
    for k, one in enumerate(alone, start=1):
        for name in ("train_loss", "train_accuracy", "train_count"):
            np.testing.assert_array_equal(together[f"{name}_draw{k}"], one[name])
        np.testing.assert_array_equal(
            together[f"train_loss_draw{k}_stderr"], one["train_loss_stderr"]
        )
    np.testing.assert_allclose(together["train_loss"], losses.mean(axis=0), rtol=1e-12)
    for end, share in (("q05", 5), ("q25", 25), ("q75", 75), ("q95", 95)):
        expected = np.percentile(losses, share, axis=0)
        np.testing.assert_allclose(together[f"train_loss_{end}"], expected, rtol=1e-12)
    assert together.attributes["repeats"] == R
    assert len({float(one["train_loss"][0, 0]) for one in alone}) == R  # draws differ


def test_an_interrupted_run_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from landscape.evaluate import evaluate

    whole = sample_surface(problem(), **GRID, repeats=2)
    left = [9]

    def stopping(*args: Any, **kwargs: Any) -> Any:
        for found in evaluate(*args, **kwargs):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            yield found

    path = tmp_path / "s.h5"
    with monkeypatch.context() as patch:
        patch.setattr("landscape.run.job.evaluation_for", lambda problem, settings: stopping)
        with pytest.raises(KeyboardInterrupt):
            sample_surface(problem(), **GRID, repeats=2, path=path)
    assert int(open_surface(path).done.sum()) == 4  # complete points of nine evaluations
    sample_surface(problem(), **GRID, repeats=2, path=path)
    resumed = open_surface(path)
    for name in whole.quantities:
        np.testing.assert_array_equal(resumed[name], whole[name])
