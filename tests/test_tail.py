"""Losses with a heavy tail: found, said, sampled more, and kept in the file."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.data import Examples
from landscape.evaluate import Tolerance
from landscape.evaluate.tail import HeavyTail, tail_index
from landscape.grid import FloatArray
from landscape.info import report
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.store import open_surface
from landscape.surface import HEAVY_TAIL, Surface

SHARES = (np.arange(4000) + 0.5) / 4000


@pytest.mark.parametrize("index", [0.8, 1.2, 1.5])
@pytest.mark.parametrize("shift", [0.0, -7.0])
def test_the_index_of_a_power_law_is_its_exponent(index: float, shift: float) -> None:
    losses = SHARES ** (-1 / index) + shift
    assert tail_index(np.random.default_rng(0).permutation(losses)) == pytest.approx(index, rel=0.1)


LIGHT = {
    "exponential": -np.log(SHARES),
    "a power of 3": SHARES ** (-1 / 3),
    "normal": np.random.default_rng(0).normal(size=4000),
    "1 in 100 far from the others": np.where(SHARES < 0.01, 50.0, SHARES),
    "1 in 1,000 far from the others": np.where(SHARES < 0.001, 50.0, SHARES),
    "0 or 1": (SHARES < 0.005).astype(float),
    "equal": np.ones(4000),
    "two values": np.where(SHARES < 0.5, 2.0, 1.0),
    "equal among the largest": np.where(SHARES < 0.2, 2.0, SHARES),
    "few": np.array([1.0, 2.0, 900.0]),
    "not finite": np.append(SHARES**-1.0, math.inf),
}


@pytest.mark.parametrize("name", LIGHT)
def test_other_losses_have_no_heavy_tail(name: str) -> None:
    assert tail_index(LIGHT[name]) > 2


def surface_of(factors: FloatArray, **options: Any) -> Surface:
    """Losses f·(1 + ‖Wx‖²) of factors f of the examples, whose tail is the same everywhere."""
    torch.manual_seed(0)
    shuffled = np.random.default_rng(1).permutation(factors)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return target * (1 + (output**2).mean(dim=1))

    data = Examples(torch.randn(len(factors), 3), torch.tensor(shuffled, dtype=torch.float32))
    problem = Problem(nn.Linear(3, 2), data, loss=loss, device="cpu")
    return sample_surface(problem, "-1:1:5", "-1:1:5", tune=False, progress=False, **options)


def test_a_run_says_what_it_cannot_promise_and_takes_more(tmp_path: Path) -> None:
    options = {"tolerance": "10%", "path": str(tmp_path / "a.h5")}
    with pytest.warns(UserWarning, match=r"loss .* heavy tail .* cannot be promised"):
        surface = surface_of(SHARES ** (-1 / 1.5), **options)
    some = surface["count"] < 4000
    assert some.any()
    assert (surface["loss_stderr"] <= 0.05 * surface["loss"] * (1 + 1e-6)).all()
    kept = open_surface(tmp_path / "a.h5")
    assert kept.attributes["tolerance_relative"] == 0.1
    said = str(kept.attributes[HEAVY_TAIL])
    assert said.startswith("loss: tail index 1.4 at the trained weights, 1.")
    assert any(HEAVY_TAIL in line and said in line for line in report(kept))


def test_it_is_said_for_several_draws_and_again_on_resuming(tmp_path: Path) -> None:
    options = {"tolerance": "10%", "path": str(tmp_path / "a.h5"), "repeats": 2}
    with pytest.warns(UserWarning, match="heavy tail"):
        surface_of(SHARES**-1.0, **options)
    assert HEAVY_TAIL in open_surface(tmp_path / "a.h5").attributes
    resumed = surface_of(SHARES**-1.0, **options)
    assert HEAVY_TAIL in resumed.attributes


def test_nothing_is_said_of_a_light_tail() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surface = surface_of(-np.log(SHARES), tolerance="10%")
    assert HEAVY_TAIL not in surface.attributes


def test_half_the_tolerance() -> None:
    assert HeavyTail(1.5, 1.2).stricter(Tolerance(0.1, 0.02)) == Tolerance(0.05, 0.01)
