"""Choosing takes a small part of a run's time, and is remembered on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.directions import make_directions
from landscape.evaluate import Settings, budget, choose, choose_settings, remembered, tuner
from landscape.evaluate.budget import Budget
from landscape.evaluate.network import PointNetwork
from landscape.grid import Grid
from landscape.plane import Plane
from landscape.problem import Problem

GRID = Grid(np.linspace(-1, 1, 51), np.linspace(-1, 1, 51))


@pytest.fixture
def problem() -> Problem:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    ).eval()
    data = torch.randn(40, 1, 6, 6), torch.arange(40) % 3
    return Problem(model, data, device="cpu")


def plane_of(problem: Problem) -> Plane:
    return Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])


def test_a_budget_ends() -> None:
    unlimited, over = Budget(), Budget(0.0, per_example=1e-9)
    assert unlimited.allows(10**9)
    assert not unlimited.refused
    assert not over.allows(1)
    assert over.refused


def test_the_budget_is_a_part_of_the_time_that_the_run_takes(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only counts passes through the network, one second for each example."""
    now = 0.0

    def forward(self: PointNetwork, inputs: Tensor, *more: Any) -> Tensor:
        nonlocal now
        now += len(inputs)
        return right(self, inputs, *more)

    right = PointNetwork._forward
    monkeypatch.setattr(PointNetwork, "_forward", forward)
    monkeypatch.setattr(budget.time, "perf_counter", lambda: now)
    found = Budget.of_run(problem, plane_of(problem), Settings(), 2000)
    assert found.per_example == 1.0
    assert now == 20  # two passes of 0.5%
    assert found.left == 60 - now


class Turning(nn.Module):
    """Complex outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.polar(torch.ones(len(x), 2), self.layer(x))


def test_outputs_may_be_complex() -> None:
    data = torch.randn(20, 3), torch.zeros(20, 2)

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).abs().mean(dim=1)

    problem = Problem(Turning(), data, loss=loss, device="cpu")
    assert Budget.of_run(problem, plane_of(problem), Settings(), 2000).per_example > 0


def test_a_short_run_tries_nothing(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner, "PointNetwork", None)  # calling it would fail
    for precision in ("float32", "auto"):
        grid = Grid(GRID.x[:4], GRID.y[:4])
        found, facts = choose_settings(problem, plane_of(problem), grid, precision=precision)
        assert found == Settings()
        assert facts["precision"] == "float32"


@pytest.mark.parametrize("tried", [1, 2, 5])
def test_the_likeliest_ways_are_tried_first(
    problem: Problem, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane, limited = plane_of(problem), Budget()
    answers = iter([True] * tried + [False] * 20)
    monkeypatch.setattr(limited, "allows", lambda examples: next(answers))
    found = tuner.tune(problem, plane, GRID.points()[[0, -1]], Settings(), limited)
    assert len(found) == tried  # the first answer is for all, and the plain way is always timed
    assert Settings() in found
    if tried > 1:
        assert sum(way.fold and way.in_place and way.channels_last for way in found) >= 1


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own cache folder, of which choices are read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(budget, "SHARE", np.inf)
    monkeypatch.setattr(choose, "_CONFIRMING", 0)
    return tmp_path / "landscape" / "ways"


FOLDED = Settings(fold=True, batch_size=64)


def remember_a_folded_network(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "tune_layouts", lambda *args: [FOLDED])
    monkeypatch.setattr(choose, "tune_batch_size", lambda *args: FOLDED)
    monkeypatch.setattr(choose, "tune_abreast", lambda *args, **more: FOLDED)
    assert choose_settings(problem, plane_of(problem), GRID)[0] == FOLDED


def test_a_second_run_begins_at_once(
    problem: Problem, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_a_folded_network(problem, monkeypatch)
    (file,) = cache.iterdir()
    monkeypatch.setattr(choose, "tune_layouts", None)  # calling it would fail
    found, facts = choose_settings(problem, plane_of(problem), GRID)
    assert found == FOLDED
    assert facts == FOLDED.attributes(torch.float32)
    searches = []
    monkeypatch.setattr(choose, "tune_layouts", lambda *args: searches.append(args) or [FOLDED])
    more: list[dict[str, Any]] = [{"batch_size": 5}, {"one_by_one": True}, {"precision": "auto"}]
    for options in more:
        before = len(searches)
        choose_settings(problem, plane_of(problem), GRID, **options)
        assert len(searches) > before  # chosen for itself
    file.write_text("{")
    assert choose_settings(problem, plane_of(problem), GRID)[0] == FOLDED  # chosen anew


def test_what_is_remembered_is_not_trusted(
    problem: Problem, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way whose outputs differ is not used, whoever chose it."""
    remember_a_folded_network(problem, monkeypatch)
    right = PointNetwork._forward

    def wrong(self: PointNetwork, inputs: Tensor, *more: Any) -> Tensor:
        return right(self, inputs, *more) * (1.1 if self._settings.fold else 1.0)

    monkeypatch.setattr(PointNetwork, "_forward", wrong)
    plain = Settings(batch_size=64)
    monkeypatch.setattr(choose, "tune_layouts", lambda *args: [plain])
    monkeypatch.setattr(choose, "tune_batch_size", lambda *args: plain)
    monkeypatch.setattr(choose, "tune_abreast", lambda *args, **more: plain)
    assert choose_settings(problem, plane_of(problem), GRID)[0] == plain


def test_a_folder_that_cannot_be_written_is_no_error(
    problem: Problem, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.write_text("a file")
    remember_a_folded_network(problem, monkeypatch)
    assert cache.parent.read_text() == "a file"


def test_networks_and_data_have_keys_of_their_own(problem: Problem) -> None:
    def key(model: nn.Module, inputs: Tensor, *options: object) -> str:
        one = Problem(model, (inputs, torch.zeros(len(inputs)).long()), device="cpu")
        batch = next(iter(one.splits.values())).head(64).batch(one.dtype)
        return remembered.key(one, batch, options)

    def network(stride: int, width: int = 2) -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, width, 3, stride), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    images = torch.randn(20, 1, 6, 6)
    keys = [
        key(network(1), images),
        key(network(2), images),
        key(network(1, 3), images),
        key(network(1), torch.randn(20, 1, 8, 8)),
        key(network(1), images[:10]),
        key(network(1), images, "auto"),
    ]
    assert len(set(keys)) == len(keys)
    assert key(network(1), torch.randn(20, 1, 6, 6)) == keys[0]


def test_everything_is_tried_on_request_and_not_remembered(
    problem: Problem, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_a_folded_network(problem, monkeypatch)
    (file,) = cache.iterdir()
    file.unlink()
    monkeypatch.setattr(choose, "tune_layouts", lambda *args: [FOLDED])
    few = Grid(GRID.x[:2], GRID.y[:2])
    assert choose_settings(problem, plane_of(problem), few, tune=True)[0] == FOLDED
    assert not list(cache.iterdir())


@pytest.mark.parametrize(
    ("side", "gain", "asked"),
    [(4, 9.0, False), (15, 9.0, False), (51, 9.0, True), (51, 1.01, False), (51, 0.2, False)],
)
def test_a_reduced_precision_is_measured_where_that_pays(
    problem: Problem, side: int, gain: float, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Any] = []
    monkeypatch.setattr(choose, "speedup", lambda *args: gain)
    monkeypatch.setattr(choose, "_accurate", lambda *args: measured.append(args) or True)
    grid = Grid(GRID.x[:side], GRID.y[:side])
    found, _ = choose_settings(problem, plane_of(problem), grid, precision="auto")
    assert bool(measured) == asked
    assert found.reduced == ("bfloat16" if asked else None)


@pytest.mark.parametrize(("side", "kept"), [(4, False), (15, False), (51, True)])
def test_a_precision_that_was_not_tried_is_not_remembered(
    problem: Problem, cache: Path, side: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "speedup", lambda *args: 9.0)
    monkeypatch.setattr(choose, "_accurate", lambda *args: True)
    monkeypatch.setattr(choose, "tune_layouts", lambda problem, plane, points, base, budget: [base])
    monkeypatch.setattr(choose, "tune_abreast", lambda problem, plane, settings, **more: settings)
    grid = Grid(GRID.x[:side], GRID.y[:side])
    choose_settings(problem, plane_of(problem), grid, precision="auto", batch_size=5)
    assert (cache.exists() and bool(list(cache.iterdir()))) == kept


def test_what_is_far_behind_is_not_timed_again(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways, timed, now = {0: 1.0, 1: 1.1, 2: 1.5, 3: 9.0}, list[Any](), 0.0

    def outputs(self: Any, network: Any, batch: Any) -> None:
        nonlocal now
        timed.append(network)
        now += ways[network]

    monkeypatch.setattr(type(problem.objective), "outputs", outputs)
    monkeypatch.setattr(tuner.time, "perf_counter", lambda: now)
    trials: list[Any] = [tuner._Trial(Settings(), way, []) for way in ways]  # type: ignore[arg-type]
    ranked = tuner._by_speed(problem, trials[::-1], tuner._few(problem, 9))
    assert [trial.network for trial in ranked] == [0, 1, 2, 3]
    assert [timed.count(way) for way in ways] == [3, 3, 2, 1]
