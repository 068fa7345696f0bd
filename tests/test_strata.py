"""Strata by losses: unbiased, never without the rare examples, correct errors, as files began."""

from __future__ import annotations

import copy
import math
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from landscape.data import Examples
from landscape.directions import make_directions
from landscape.evaluate import Tolerance
from landscape.evaluate.stopping import sample_until_within, stratified
from landscape.evaluate.strata import LossStrata, at_spread_points, by_losses
from landscape.grid import FloatArray, Grid, parse_range
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.conftest import ROOT
from tests.test_tolerance import digits_like, sampled

SEEDS = 8


def rare(size: int = 5000, one_in: int = 1000) -> FloatArray:
    """One in a thousand at 50 times the others."""
    rng = np.random.default_rng(2)
    losses = np.exp(0.1 * rng.normal(size=size))
    losses[rng.choice(size, size // one_in, replace=False)] *= 50
    return losses


def test_every_sample_holds_the_rare_examples() -> None:
    losses, labels = rare(), np.arange(5000) % 10
    for seed in range(5):
        sample = by_losses(losses[None], labels, 5000, seed)
        assert sorted(sample.order) == list(range(5000))
        drawn = losses[sample.order[: sample.first]]
        assert (drawn > 20).sum() == 5
        assert sample.first <= 80


@pytest.mark.parametrize("population", [5000, 20_000])
def test_estimates_are_unbiased_and_errors_are_not_too_small(population: int) -> None:
    """Elsewhere than at the measured points, other examples are hard."""
    rng = np.random.default_rng(3)
    known, labels = np.exp(2 * rng.normal(size=(2, 5000))), rng.integers(0, 4, 5000)
    values = known[0] ** 0.5 + labels + rng.exponential(size=5000)
    found = []
    for seed in range(150):
        sample = by_losses(known, labels, population, seed)
        found.append(sample.mean_and_stderr(values[sample.order[:300]]))
    means, errors = np.array(found).T
    assert means.mean() == pytest.approx(values.mean(), abs=4 * means.std() / 150**0.5)
    outer = values.var() * (1 / 5000 - 1 / population)  # of the 5,000 among all
    assert np.mean(errors**2) >= 0.9 * (means.var() + outer)
    assert np.mean(errors**2) <= 1.6 * (means.var() + outer)


def test_the_estimate_is_that_of_the_strata() -> None:
    """Against a sum over strata that is written out."""
    losses, values = rare(), np.random.default_rng(0).exponential(size=5000)
    sample = by_losses(losses[None], None, 5000)
    first = values[sample.order[:200]]
    mean = 0.0
    for stratum in range(sample.strata.max() + 1):
        inside = sample.strata[:200] == stratum
        mean += (sample.strata == stratum).mean() * first[inside].mean()
    assert sample.mean_and_stderr(first)[0] == pytest.approx(mean)
    assert sample.shares(200).sum() == pytest.approx(1)
    assert (sample.shares(200) * first).sum() == pytest.approx(mean)


def strata_of(losses: FloatArray) -> LossStrata:
    return by_losses(losses[None], None, losses.size)


def test_an_error_is_not_0_where_losses_agree_by_chance() -> None:
    hinge = np.where(np.arange(5000) % 500 == 0, 2.0, 0.0)
    sample = strata_of(hinge)
    count, mean, stderr = sample_until_within(
        Tolerance(0.05, 0.02), sample, np.zeros, first=sample.first
    )
    assert mean == 0
    assert 0.005 < stderr <= 0.02
    assert 100 < count < 400


def test_zeros_and_ones_have_at_least_the_error_of_their_rate() -> None:
    sample = strata_of((np.random.default_rng(0).random(1000) < 0.01).astype(float))
    outside = (sample.group[sample.strata[:100]] == 0).astype(float)
    for values in (np.zeros(100), outside):
        mean, stderr = sample.mean_and_stderr(values)
        rate = (100 * mean + 2) / 104
        assert stderr == pytest.approx(math.sqrt(rate * (1 - rate) / 100 * 0.9), rel=0.03)


def test_an_accuracy_of_1_has_the_error_of_a_rate() -> None:
    losses = rare()
    mean, stderr = strata_of(losses).of_metric(np.ones(100))
    rate = 102 / 104
    assert mean == pytest.approx(1)
    assert stderr == pytest.approx(math.sqrt(rate * (1 - rate) / 100 * 0.98))
    assert strata_of(losses).of_metric(np.full(100, 7.0)) == (pytest.approx(7), 0)


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_losses_that_are_not_finite_are_no_strata(odd: float) -> None:
    losses = np.stack([rare(), np.full(5000, odd)])
    with_odd, without = (by_losses(part, None, 5000) for part in (losses, losses[:1]))
    np.testing.assert_array_equal(with_odd.order, without.order)
    assert by_losses(losses[1:], None, 5000).first >= 4


def test_strata_do_not_depend_on_rounding() -> None:
    """Of another machine: no border lies between losses that are nearly equal."""
    rng = np.random.default_rng(4)
    losses, labels = rng.lognormal(sigma=2, size=(3, 5000)), rng.integers(0, 10, 5000)
    rounded = losses * (1 + 1e-6 * rng.normal(size=losses.shape))
    a, b = (by_losses(part, labels, 5000) for part in (losses, rounded))
    np.testing.assert_array_equal(a.order, b.order)
    np.testing.assert_array_equal(a.strata, b.strata)


@pytest.mark.parametrize(("points", "measured"), [(3, 1), (51, 5)])
def test_corners_are_measured_where_they_cost_little(points: int, measured: int) -> None:
    axis, asked = parse_range(f"-1:1:{points}"), []

    def losses_at(place: FloatArray) -> FloatArray:
        asked.append(place.tolist())
        return rare()

    found = at_spread_points(Grid(axis, axis), Tolerance(0.05), losses_at)
    assert found.shape == (measured, 5000)
    assert asked == [[0, 0], [-1, -1], [1, -1], [-1, 1], [1, 1]][:measured]


@pytest.fixture(scope="module")
def coverage() -> Any:
    """The function of the study that makes the table of the documentation."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return runpy.run_path(str(ROOT / "scripts" / "coverage_study.py"))["coverage"]
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.mark.parametrize(
    "name", ["1 in 1,000", "1 in 1,000 at the centre", "imbalanced", "bernoulli", "few", "pareto"]
)
def test_intervals_cover_with_rare_examples(name: str, coverage: Any) -> None:
    """The worst populations of the table, a few seeds; strata by class cover less."""
    texts = ["5%,0.02"] if name in ("bernoulli", "pareto") else ["2%,0.01"]
    before, *both = coverage(name, texts, SEEDS, 2000)
    for now in both:
        assert now["covered"] >= 0.88  # 90%, of few seeds
        assert now["minimum"] == 1
        assert now["covered"] > before["covered"]


def test_the_trained_weights_are_measured_in_full() -> None:
    surface = sampled(digits_like())
    centre = surface.grid.points().tolist().index([0.0, 0.0])
    for split, size in (("train", 600), ("test", 150)):
        assert surface[f"{split}_count"].flat[centre] == size
    assert surface["train_loss_stderr"].flat[centre] == 0
    assert surface["test_loss_stderr"].flat[centre] > 0  # 150 of 600
    assert surface.attributes["tolerance_strata"] == "classes and losses"


def test_a_file_without_these_strata_goes_on_as_it_began(tmp_path: Path) -> None:
    """The samples of its points are those of strata by class."""
    problem, path = digits_like(), tmp_path / "old.h5"
    begun = sampled(problem)
    del begun.attributes["tolerance_strata"]
    begun.done[:] = False
    save_surface(begun, path)
    resumed = sampled(problem, path)
    assert "tolerance_strata" not in open_surface(path).attributes
    examples = problem.splits["test"]
    assert isinstance(examples, Examples)
    order = stratified(examples.targets.numpy(), 150, 150).order
    corner = resumed["test_count"].flat[0]
    losses = losses_of(problem, examples[torch.from_numpy(order[: int(corner)])], [-1.0, -1.0])
    sample = stratified(examples.targets.numpy(), 150, 150)
    mean, _ = sample.mean_and_stderr(losses)
    assert resumed["test_loss"].flat[0] == pytest.approx(mean, rel=1e-5)


def losses_of(problem: Problem, examples: Examples, place: list[float]) -> FloatArray:
    """Losses at a point of the plane of seed 0, by a plain forward pass."""
    axes = [made.vector for made in make_directions(problem.origin, 2)]
    model = copy.deepcopy(problem.model)
    Plane(problem.origin, axes).write(place, model)
    with torch.no_grad():
        outputs = model(examples.preprocess(examples.inputs, torch.float32))
        return nn.functional.cross_entropy(outputs, examples.targets, reduction="none").numpy()


def test_weighted_losses_are_unbiased() -> None:
    """A ratio of sums, each of the strata: the mean by all examples at every point."""
    torch.manual_seed(0)
    inputs = torch.randn(2000, 3)
    targets = torch.randn(2000, 1) * torch.where(torch.arange(2000) % 400 == 0, 30.0, 1.0)[:, None]

    def objective(model: nn.Module, batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
        values = ((model(batch[0]) - batch[1]) ** 2)[:, 0]
        return values, 1.0 + batch[0][:, 0].abs()

    def surface(**options: Any) -> Surface:
        problem = Problem(
            nn.Linear(3, 1), Examples(inputs, targets), objective=objective, device="cpu"
        )
        return sample_surface(problem, "-1:1:5", "-1:1:5", tune=False, progress=False, **options)

    torch.manual_seed(1)
    full = surface()
    torch.manual_seed(1)
    some = surface(tolerance="10%")
    error = some["loss_stderr"]
    assert some["count"].mean() < 1500
    assert np.mean(np.abs(some["loss"] - full["loss"]) <= 1.96 * error + 1e-6) >= 0.88
