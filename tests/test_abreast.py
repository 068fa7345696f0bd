"""Several points at once: the same values in the same order, and threads are restored."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.errors import InputError
from landscape.evaluate import Settings, choose_settings, evaluate, evaluation_for
from landscape.evaluate.abreast import evaluate_abreast
from landscape.grid import Grid
from tests.cases import CASES, Case, case_id
from tests.test_evaluate import plane_of

GRID = Grid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 3))
TWO = Settings(batch_size=3, abreast=2)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_values_and_order_are_those_of_one_point_at_a_time(case: Case) -> None:
    problem = case.make()
    plane, indices = plane_of(problem), [7, 0, 11, 3, 3, 8, 1]
    one = list(evaluate(problem, plane, GRID.points(), indices, replace(TWO, abreast=1)))
    two = list(evaluate_abreast(problem, plane, GRID.points(), indices, TWO))
    assert [index for index, _ in two] == indices
    for (_, found), (_, expected) in zip(two, one, strict=True):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True)


def test_stopping_early_ends_threads_and_restores_their_number() -> None:
    problem = CASES[0].make()
    threads, alive = torch.get_num_threads(), threading.active_count()
    results = evaluate_abreast(problem, plane_of(problem), GRID.points(), range(12), TWO)
    next(results)
    assert threading.active_count() == alive + 2
    results.close()
    assert threading.active_count() == alive
    assert torch.get_num_threads() == threads
    seen: list[int] = []
    other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert seen == [threads]  # the caller's other threads are not limited to one core either


def test_an_error_at_one_point_is_raised() -> None:
    problem = CASES[0].make()

    def refuse(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("this metric fails")

    name, metric = next(iter(problem.metrics.items()))
    problem.metrics[name] = replace(metric, function=refuse)
    with pytest.raises(InputError, match="the loss raised RuntimeError: this metric fails"):
        list(evaluate_abreast(problem, plane_of(problem), GRID.points(), range(5), TWO))


def test_a_long_run_tries_several_points_at_once_unless_they_depend_on_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = CASES[0].make()
    plane = plane_of(problem)
    monkeypatch.setattr(
        "landscape.evaluate.tuner._steady", lambda *args: 1.0 / args[-1].abreast
    )  # more at once is faster
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    settings, facts = choose_settings(problem, plane, GRID, tune=True)
    assert (settings.abreast, facts["points_at_once"]) == (2, 2)
    assert evaluation_for(problem, settings) is evaluate_abreast
    assert Settings.from_attributes({**facts, "dtype": problem.attributes["dtype"]}) == settings
    assert choose_settings(problem, plane, GRID, one_by_one=True, tune=True)[0].abreast == 1
    assert choose_settings(problem, plane, GRID, tune=False)[0].abreast == 1
