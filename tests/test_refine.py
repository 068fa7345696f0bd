"""A finer grid takes along the points of a coarser surface of the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.run import sample_surface
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.test_run import assert_equal, problem

COARSE = {"x": "-1:1:5", "y": "-1:1:3"}
FINE = {"x": "-1:1:9", "y": "-1:1:5"}


def sampled(path: Path | None, **options: Any) -> Surface:
    return sample_surface(problem(), path=path, progress=False, **options)


@pytest.fixture
def coarse(tmp_path: Path) -> Path:
    sampled(tmp_path / "coarse.h5", **COARSE)
    return tmp_path / "coarse.h5"


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    import landscape.evaluate

    real, measured = landscape.evaluate.evaluate, []

    def evaluation(*args: Any, **options: Any) -> Any:
        for index, values in real(*args, **options):
            measured.append(index)
            yield index, values

    monkeypatch.setattr("landscape.run.job.evaluation_for", lambda problem, settings: evaluation)
    return measured


@pytest.mark.parametrize("own", [False, True], ids=["another file", "the same file"])
def test_only_new_points_are_computed(
    coarse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    whole = sampled(None, **FINE)
    marked = open_surface(coarse)
    before = marked["loss"][1, 1]
    measured = counting(monkeypatch)
    path = coarse if own else tmp_path / "fine.h5"
    found = sampled(path, **FINE, refine=coarse)
    assert len(measured) == 45 - 15
    assert open_surface(path)["loss"][2, 2] == before  # x and y are not mixed up
    assert_equal(open_surface(path), whole)
    assert found.complete
    sampled(path, **FINE, refine=coarse)  # complete: nothing is computed
    sampled(path, **FINE)
    assert len(measured) == 30


def test_a_coarser_file_that_is_not_complete_gives_what_it_has(
    coarse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = open_surface(coarse)
    part.done[0] = False
    save_surface(part, coarse)
    measured = counting(monkeypatch)
    whole = sampled(tmp_path / "fine.h5", **FINE, refine=coarse)
    assert len(measured) == 45 - 10
    assert whole.complete


def test_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sampled(tmp_path / "a.h5", x="-1:1:5", y=None)
    measured = counting(monkeypatch)
    sampled(tmp_path / "b.h5", x="-2:2:9", y=None, refine=tmp_path / "a.h5")
    assert len(measured) == 4


def test_with_a_tolerance_the_surface_is_that_of_the_finer_grid(tmp_path: Path) -> None:
    own = {"tolerance": "20%,0.1"}
    sampled(tmp_path / "a.h5", **COARSE, **own)
    found = sampled(tmp_path / "b.h5", **FINE, **own, refine=tmp_path / "a.h5")
    assert_equal(found, sampled(None, **FINE, **own))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"seed": 1},
            "different run. Differences:\n(.*\n)?  x axis seed: the file has 0, this run",
        ),
        ({"y": None}, "grid: the file has x=-1:1:5 y=-1:1:3, this run has x=-1:1:9"),
        ({"x": "-0.9:0.9:4"}, "15 of its 15 points are not on the grid x=-0.9:0.9:4 y=-1:1:5"),
    ],
)
def test_what_cannot_be_taken_along(
    coarse: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        sampled(tmp_path / "fine.h5", **{**FINE, **options}, refine=coarse)
    assert not (tmp_path / "fine.h5").exists()


def test_the_file_itself_is_not_replaced_by_a_grid_without_its_points(coarse: Path) -> None:
    before = coarse.read_bytes()
    with pytest.raises(InputError, match="3 of its 15 points are not on the grid"):
        sampled(coarse, x="-1:0.5:4", y="-1:1:3", refine=coarse)
    assert coarse.read_bytes() == before
    with pytest.raises(InputError, match="grid: the file has x=-1:1:5 y=-1:1:3, this run"):
        sampled(coarse, **FINE)
    np.testing.assert_array_equal(open_surface(coarse).done, True)
