"""How a run chooses its settings: tuner, reduced precision, settings of a file."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.build import build_problem
from landscape.directions import make_directions
from landscape.errors import InputError
from landscape.evaluate import Settings, choose_settings, evaluate
from landscape.evaluate.precision import measure_precision, probe_points
from landscape.evaluate.tuner import BATCH_SIZES, tune, tune_batch_size
from landscape.grid import Grid
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.store import open_surface, save_surface
from tests.cases import CASES, Case, case_id
from tests.naive import evaluate_naive

GRID = Grid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5))


def plane_of(problem: Problem) -> Plane:
    return Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_tuned_settings_are_correct_to_rounding(case: Case) -> None:
    problem = case.make()
    plane = plane_of(problem)
    tuned = tune(problem, plane, GRID.points()[[0, -1]], Settings())
    settings = tune_batch_size(problem, plane, tuned)
    assert settings.batch_size in BATCH_SIZES["cpu"]
    assert settings.reduced is None
    indices = [0, 7, 12]
    found = dict(evaluate(problem, plane, GRID.points(), indices, settings))
    for index, expected in evaluate_naive(problem, plane, GRID.points(), indices):
        for name, value in expected.items():
            assert found[index][name] == pytest.approx(value, rel=5e-5, abs=1e-6), name


class Peculiar(nn.Sequential):
    """Not traceable; reads the output of its convolution outside of the sequence."""

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1e9:
            return x
        inner = self[0]
        assert isinstance(inner, nn.Sequential)
        out: Tensor = (inner(x) + inner[0](x)).mean(dim=(2, 3))
        return out


def test_folding_that_changes_the_outputs_is_not_admissible() -> None:
    torch.manual_seed(0)
    model = Peculiar(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)))
    norm = model[0][1]  # type: ignore[index]
    norm.running_var.fill_(4.0)
    norm.running_mean.fill_(1.0)
    problem = Problem(model, (torch.randn(8, 1, 6, 6), torch.zeros(8).long()), device="cpu")
    plane = plane_of(problem)
    assert not any(s.fold for s in tune(problem, plane, GRID.points()[[0, -1]], Settings()))


def test_a_given_batch_size_is_kept() -> None:
    problem = CASES[0].make()
    settings, facts = choose_settings(problem, plane_of(problem), GRID, batch_size=7)
    assert (settings.batch_size, facts["batch_size"]) == (7, 7)


class Cancelling(nn.Module):
    """Logits that are small differences of large numbers, which bfloat16 cannot represent."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3))

    def forward(self, x: Tensor) -> Tensor:
        z = x @ self.weight.T
        return (1000.0 + z) - 1000.0


def machine_where_bfloat16_is(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of trials as they are where bfloat16 is so many times as fast as float32."""

    def by_speed(problem: Problem, trials: list[Any], *more: object) -> list[Any]:
        for trial in trials:
            trial.seconds.append(1 / times if trial.settings.reduced else 1.0)
        return sorted(trials, key=lambda trial: trial.seconds[-1])

    monkeypatch.setattr("landscape.evaluate.tuner._by_speed", by_speed)


@pytest.mark.parametrize("times", [0.1, 0.8, 1.5])
def test_a_reduced_precision_is_used_only_if_faster(
    times: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault once: 39 images/s in place of 343, on a CPU without bfloat16 arithmetic."""
    machine_where_bfloat16_is(times, monkeypatch)
    torch.manual_seed(1)
    data = (torch.randn(40, 3), torch.randint(0, 4, (40,)))
    problem = Problem(nn.Linear(3, 4), data, device="cpu")
    plane = plane_of(problem)
    _, facts = choose_settings(problem, plane, GRID, precision="auto", tune=True)
    assert facts["precision"] == ("bfloat16" if times > 1 else "float32")
    said = nullcontext() if times > 1 else pytest.warns(UserWarning, match="times as long")
    with said:
        settings, _ = choose_settings(problem, plane, GRID, precision="bfloat16", tune=True)
    assert settings.reduced == "bfloat16"


@pytest.mark.parametrize(("model", "good"), [(nn.Linear(3, 4), True), (Cancelling(), False)])
def test_a_reduced_precision_is_used_only_if_accurate_enough(
    model: nn.Module, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_where_bfloat16_is(1.5, monkeypatch)
    torch.manual_seed(1)
    data = (torch.randn(40, 3), torch.randint(0, 4, (40,)))
    problem = Problem(model, data, device="cpu")
    settings, facts = choose_settings(problem, plane_of(problem), GRID, precision="auto", tune=True)
    assert (settings.reduced == "bfloat16") == good
    assert facts["precision"] == ("bfloat16" if good else "float32")
    assert (float(facts["precision_error"]) <= 1.0) == good
    assert "2%" in str(facts["precision_bound"])
    forced, said = choose_settings(
        problem, plane_of(problem), GRID, precision="bfloat16", tune=True
    )
    assert forced.reduced == "bfloat16"
    assert said["precision_error"] == facts["precision_error"]


def test_the_measured_error_is_correct() -> None:
    torch.manual_seed(1)
    data = (torch.randn(40, 3), torch.randint(0, 4, (40,)))
    problem = Problem(Cancelling(), data, device="cpu")
    plane, points = plane_of(problem), GRID.points()
    settings = Settings(reduced="bfloat16")
    chosen = probe_points(points)
    own = dict(evaluate(problem, plane, points, chosen))
    low = dict(evaluate(problem, plane, points, chosen, settings))
    expected = max(
        abs(low[i]["loss"] - own[i]["loss"]) / (0.02 * own[i]["loss"] + 0.002) for i in chosen
    )
    assert measure_precision(problem, plane, points, settings).error == pytest.approx(expected)


def test_the_points_tried_are_the_corners_the_middle_and_between() -> None:
    grid = Grid(np.linspace(-1, 1, 9), np.linspace(-2, 2, 5))
    chosen = {tuple(p) for p in grid.points()[probe_points(grid.points())].tolist()}
    assert {(-1.0, -2.0), (1.0, -2.0), (-1.0, 2.0), (1.0, 2.0), (0.0, 0.0), (0.5, 1.0)} <= chosen
    assert len(chosen) <= 13
    assert len(probe_points(Grid(np.zeros(1)).points())) == 1


@pytest.mark.parametrize(
    ("network", "shortcuts", "good"),
    [("resnet56", None, True), ("resnet56_noshort", "none", False)],
)
def test_bfloat16_is_for_the_resnet_with_shortcuts_only(
    shared: Path, network: str, shortcuts: str | None, good: bool
) -> None:
    """Without shortcuts, bfloat16 more than doubles the loss at the trained weights."""
    problem = build_problem(
        weights=shared / "weights" / f"li2018_{network}.t7",
        shortcuts=shortcuts,
        data=f"cifar10:{shared / 'data' / 'cifar10_subset.npz'}",
        limit=64,
    )
    settings = Settings(fold=True, channels_last=True, reduced="bfloat16")
    points = Grid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 3)).points()
    measured = measure_precision(problem, plane_of(problem), points, settings)
    assert measured.good_enough == good


def test_a_resumed_run_keeps_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, path = CASES[0].make(), tmp_path / "s.h5"

    def sample(**options: Any) -> dict[str, Any]:
        surface = sample_surface(
            problem, GRID.x, GRID.y, path=path, progress=False, **{"batch_size": 9, **options}
        )
        return surface.attributes

    before = sample(precision="bfloat16", tune=True)
    assert before["batch_size"] == 9
    assert before["precision"] == "bfloat16"
    monkeypatch.setattr("landscape.evaluate.choose.tune_layouts", None)  # calling it would fail
    assert sample(precision="auto", batch_size=None) == before
    for options in ({"precision": "float32"}, {"tune": False}, {"batch_size": 8}):
        monkeypatch.undo()
        with pytest.raises(InputError, match="was written by a different run"):
            sample(**{"precision": "bfloat16", **options})


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(fused=True, fold=True), Settings(reduced="bfloat16", abreast=2)],
)
def test_settings_round_trip_through_attributes(settings: Settings) -> None:
    stored = {**settings.attributes(torch.float32), "dtype": "float32"}
    assert Settings.from_attributes(stored) == settings


def test_a_file_of_an_earlier_version_can_be_resumed() -> None:
    """Regression: a new setting is missing in the file, which looked like a different run."""
    stored = open_surface("example:resnet56").attributes
    settings = Settings.from_attributes(stored)
    assert settings is not None
    again = settings.attributes(torch.float32)
    assert again == {name: stored[name] for name in again}


def test_a_file_sampled_in_a_way_that_is_gone_is_gone_on_with(tmp_path: Path) -> None:
    """Versions before kept activations in oneDNN's own layout, and said so in the file."""
    problem, path = CASES[0].make(), tmp_path / "s.h5"
    attributes = Settings(fold=True, in_place=True).attributes(torch.float32)
    of_then = {**attributes, "channels_blocked": 1}
    sampled = sample_surface(problem, GRID.x, GRID.y, path=path, batch_size=128, progress=False)
    whole = {name: sampled[name].copy() for name in problem.quantities}
    sampled.attributes.update(of_then)
    sampled.done.flat[5:] = False
    save_surface(sampled, path)
    went_on = sample_surface(problem, GRID.x, GRID.y, path=path, progress=False)
    assert went_on.complete
    assert {name: went_on.attributes[name] for name in of_then} == of_then
    for name, values in whole.items():
        np.testing.assert_allclose(went_on[name], values, rtol=1e-4, err_msg=name)
    settings = Settings.from_attributes(went_on.attributes)
    assert settings == Settings(fold=True, in_place=True, fused=True, channels_last=True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"precision": "half"}, "unknown precision"),
        ({"precision": "tf32"}, "precision='tf32': .* this run is on cpu"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_invalid_options(options: dict[str, Any], says: str) -> None:
    problem = CASES[0].make()
    with pytest.raises(InputError, match=says):
        choose_settings(problem, plane_of(problem), GRID, **options)
