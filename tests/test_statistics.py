"""Standard errors of zeros and ones, by exact enumeration of all samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import hypergeom
from torch import nn

from landscape.evaluate.statistics import Moments, mean_and_stderr
from landscape.problem import Problem
from landscape.run import sample_surface

POPULATION = 4660
RATES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
SIZES = (64, 128, 256, 512, 1000)


def ones_among(n: int, k: int) -> np.ndarray:
    return np.repeat([1.0, 0.0], [k, n - k])


def plain(values: np.ndarray, population: int) -> tuple[float, float]:
    """The textbook error: 0 where all values are equal."""
    n = values.size
    return values.mean(), values.std(ddof=1) / math.sqrt(n) * math.sqrt(1 - n / population)


def coverage(rate: float, n: int, error_of) -> float:  # type: ignore[no-untyped-def]
    """Probability that mean ± 1.96 stderr contains the rate, over all samples of n."""
    successes = round(rate * POPULATION)
    chances = hypergeom(POPULATION, successes, n).pmf(np.arange(n + 1))
    holds = 0.0
    for k in np.flatnonzero(chances > 1e-9):
        mean, stderr = error_of(ones_among(n, int(k)), POPULATION)
        if abs(mean - successes / POPULATION) <= 1.96 * stderr:
            holds += chances[k]
    return float(holds)


def test_intervals_of_an_accuracy_near_1_cover() -> None:
    ours = [coverage(rate, n, mean_and_stderr) for rate in RATES for n in SIZES]
    textbook = [coverage(rate, n, plain) for rate in RATES for n in SIZES]
    assert np.mean(ours) >= 0.95
    assert min(ours) >= 0.93
    assert np.mean(textbook) < 0.8  # the reason for the correction


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.1])
def test_failures_and_successes_are_symmetric(rate: float) -> None:
    n, k = 200, round(rate * 200)
    few, many = (mean_and_stderr(ones_among(n, m), POPULATION) for m in (k, n - k))
    assert few[1] == pytest.approx(many[1], rel=1e-12)
    assert few[0] == pytest.approx(1 - many[0], rel=1e-12)


@pytest.mark.parametrize(
    ("values", "population", "expected"),
    [
        ([1.0] * 4, 8, math.sqrt(0.75 * 0.25 / 4 * 0.5)),  # p̃ = 6/8
        ([1.0, 0.0, 0.0, 0.0], 10**12, math.sqrt(0.375 * 0.625 / 4)),
        ([1.0] * 4, 4, 0.0),
        ([1.0], 2, math.nan),
        ([1.0, 1.0, 1.0, 0.5], 8, math.sqrt(0.0625 / 4 * 0.5)),  # not an accuracy
        ([0.5, 1.0, 1.0, 1.0], 8, math.sqrt(0.0625 / 4 * 0.5)),
        ([2.0] * 4, 8, 0.0),
    ],
)
def test_by_hand_whole_and_in_parts(values: list[float], population: int, expected: float) -> None:
    found = mean_and_stderr(values, population)
    assert found == pytest.approx((np.mean(values), expected), rel=1e-9, nan_ok=True)
    for cut in range(1, len(values)):
        moments = Moments()
        for part in (values[:cut], values[cut:]):
            moments.add(torch.tensor([part, part]))
        for pair in moments.means_and_stderrs(population):
            assert pair == pytest.approx(found, rel=1e-9, nan_ok=True)


def test_an_accuracy_of_1_on_part_of_the_examples_has_an_error() -> None:
    """Also when stratified by class, where values are often all equal."""
    torch.manual_seed(0)
    labels = torch.arange(1200) % 3
    inputs = torch.eye(3)[labels] + 0.1 * torch.randn(1200, 3)
    model = nn.Linear(3, 3)
    with torch.no_grad():
        model.weight.copy_(4 * torch.eye(3))
        model.bias.zero_()
    problem = Problem(model, (inputs, labels), device="cpu")
    surface = sample_surface(problem, "0:0.1:2", "0:0.1:2", tolerance="10%,0.02", progress=False)
    part = surface["count"] < 1200
    assert (part & (surface["accuracy"] == 1)).any()
    assert (surface["accuracy_stderr"][part] > 0).all()
