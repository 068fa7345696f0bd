"""Sampling to a tolerance: closed forms, nested samples, resumed runs, correct errors."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from landscape.data import Examples
from landscape.errors import InputError
from landscape.evaluate import Settings, Tolerance, evaluate
from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import (
    FIRST,
    Sample,
    first_look,
    needed_around,
    sample_until_within,
    stratified,
    with_finite_population,
)
from landscape.grid import CoarserCells, FloatArray, coarse_to_fine
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.surface import Surface
from tests.cases import images, resnet
from tests.test_evaluate import plane_of
from tests.test_scripts import run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2%", (0.02, 0.0)),
        ("5%,0.02", (0.05, 0.02)),
        (" 0.5% , 1e-3 ", (0.005, 1e-3)),
        ("0%,0.1", (0.0, 0.1)),
        ("100%", (1.0, 0.0)),
    ],
)
def test_parse(text: str, expected: tuple[float, float]) -> None:
    found = Tolerance.parse(text)
    assert (found.relative, found.absolute) == pytest.approx(expected)


NONSENSE = "|2|0.02|2%,|2%,x|%|x%|2%,1,1|2%,1%|-1%|0%|0%,0|101%|nan%|2%,nan|2%,inf|2%,-0.1"


@pytest.mark.parametrize("text", NONSENSE.split("|"))
def test_parse_refuses(text: str) -> None:
    with pytest.raises(InputError, match=r"tolerance='2%,0\.01'"):
        Tolerance.parse(text)


@pytest.mark.parametrize(
    ("mean", "expected"), [(10.0, 0.5), (-10.0, 0.5), (0.4, 0.02), (0.1, 0.02), (0.0, 0.02)]
)
def test_the_larger_of_the_two_counts(mean: float, expected: float) -> None:
    assert Tolerance(0.05, 0.02).bound(mean) == pytest.approx(expected)


@pytest.mark.parametrize("population", [500, 4660, 10**9])
def test_needed_size_of_a_known_variance(population: int) -> None:
    """The n that solves s²/n (1 − n/N) = bound², for any sample that s² is estimated from."""
    s, tolerance = 1.5, Tolerance(0.0, 0.1)
    for seen in (10, 100, 400):
        stderr = s / math.sqrt(seen) * math.sqrt(1 - seen / population)
        needed = tolerance.needed(3.0, stderr, seen, population)
        assert needed == pytest.approx((s / 0.1) ** 2)
    n = with_finite_population(needed, population)
    assert s / math.sqrt(n) * math.sqrt(1 - n / population) == pytest.approx(0.1)


def test_the_size_is_predicted_in_few_steps() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 1.0, 20_000)
    sample = stratified(None, values.size, values.size)
    looks: list[int] = []

    def draw(n: int) -> FloatArray:
        looks.append(n)
        return values[sample.order[:n]]

    count, mean, stderr = sample_until_within(Tolerance(0.0, 0.02), sample, draw)
    assert looks[0] == FIRST
    assert len(looks) <= 4
    assert looks == sorted(looks)
    assert count == pytest.approx(2500 / (1 + 2500 / 20_000), rel=0.08)
    assert stderr <= 0.02
    assert (mean, stderr) == pytest.approx(mean_and_stderr(values[sample.order[:count]], 20_000))


def classes(counts: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(3).permutation(labels)


@pytest.mark.parametrize(
    ("counts", "strata"),
    [
        ([100] * 10, 10),
        ([479, 444, 489, 435], 4),
        ([500, 500, 3], 2),  # the rare class joins the smallest
        ([500, 500, *[30] * 10], 3),  # rare classes together
        ([5] * 100, 1),
    ],
)
def test_every_prefix_contains_its_share_of_each_class(counts: list[int], strata: int) -> None:
    labels = classes(counts)
    sample = stratified(labels, labels.size, labels.size)
    assert sorted(sample.order) == list(range(labels.size))
    total = np.bincount(sample.strata)
    assert total.size == strata
    for n in (FIRST, 150, labels.size // 2, labels.size):
        held = np.bincount(sample.strata[:n], minlength=strata)
        np.testing.assert_allclose(held, n * total / labels.size, atol=2.5)
        assert held.min() >= 2


def test_the_order_is_seeded() -> None:
    labels = classes([50, 60])
    first, again, other = (stratified(labels, 110, 110, seed).order for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("population", [400, 5000])
def test_stratified_error_is_the_spread_of_repeated_samples(population: int) -> None:
    """Means over 400 examples, which may themselves be a sample of a larger population."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, population)
    values = labels * 2.0 + rng.exponential(size=population)
    means, squares = [], []
    for seed in range(1500):
        drawn = np.random.default_rng(seed + 10_000).permutation(population)[:400]
        sample = stratified(labels[drawn], 400, population, seed)
        mean, stderr = sample.mean_and_stderr(values[drawn[sample.order[:100]]])
        means.append(mean)
        squares.append(stderr**2)
    assert np.mean(means) == pytest.approx(values.mean(), abs=4 * np.std(means) / 1500**0.5)
    assert np.sqrt(np.mean(squares)) == pytest.approx(np.std(means), rel=0.08)


def all_of(sample: Sample, values: FloatArray) -> tuple[float, float]:
    return sample.mean_and_stderr(values[sample.order])


def test_all_examples_have_no_error() -> None:
    values = np.random.default_rng(0).lognormal(size=300)
    mean, stderr = all_of(stratified(classes([100] * 3), 300, 300), values)
    assert (mean, stderr) == (pytest.approx(values.mean()), 0.0)


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_sampling(odd: float) -> None:
    values = np.full(1000, odd)
    sample = stratified(None, 1000, 1000)
    count, mean, stderr = sample_until_within(Tolerance(0.02), sample, lambda n: values[:n])
    assert count == FIRST
    np.testing.assert_equal((mean, stderr), (odd, math.nan))


def test_a_mean_of_zero_has_no_relative_tolerance() -> None:
    values = np.tile([-1.0, 1.0], 100)
    sample = stratified(None, 200, 200)
    assert sample_until_within(Tolerance(0.02), sample, lambda n: values[:n])[0] == 200


def synthetic(shape: tuple[int, int], size: int) -> tuple[FloatArray, np.ndarray]:
    """Per-example losses like those around a minimum, shape (points, size), and their classes.

    Near the middle a few hard examples dominate the loss (log-normal, σ = 2.5, and one in a hundred
    is a hundred times as large); far from it the class does. Neighbours share their examples.
    """
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, size)
    hard, noise = rng.normal(size=size), rng.normal(size=size)
    rare = np.where(rng.random(size) < 0.01, 100.0, 1.0)
    losses = []
    for y in np.linspace(-1, 1, shape[0]):
        for x in np.linspace(-1, 1, shape[1]):
            r = math.hypot(x, y)
            near = 0.002 * rare * np.exp(2.5 * (hard * math.cos(x) + noise * math.sin(x)) + 3 * r)
            far = 4 * r * (1 + 0.1 * labels) * np.exp(0.3 * noise)
            weight = min(1.0, r) ** 2
            losses.append((1 - weight) * np.minimum(near, 30.0) + weight * far)
    return np.array(losses), labels


def _first(values: FloatArray, n: int) -> FloatArray:
    return values[:n]


@pytest.mark.parametrize("text", ["5%,0.02", "2%,0.01"])
def test_intervals_cover_where_tails_are_heavy(text: str) -> None:
    """Mean ± 1.96 stderr over 12 orders of the examples, using fewer than all of them."""
    shape, size, tolerance = (9, 9), 4000, Tolerance.parse(text)
    losses, labels = synthetic(shape, size)
    assert (losses.std(axis=1) / losses.mean(axis=1)).max() > 5
    cells, covered, counts = CoarserCells(shape), [], []
    for seed in range(12):
        sample = stratified(labels, size, size, seed)
        known: dict[int, tuple[float, float, float]] = {}
        for index in coarse_to_fine(shape).tolist():
            values = losses[index][sample.order]
            count, mean, stderr = sample_until_within(
                tolerance,
                sample,
                partial(_first, values),
                needed_around(tolerance, [known[i] for i in cells.around(index)], size),
                first_look(cells.level(index), size),
            )
            known[index] = mean, stderr, count
            assert stderr <= tolerance.bound(mean)
            covered.append(abs(mean - values.mean()) <= 1.96 * stderr + 1e-12)
            counts.append(count)
    assert np.mean(covered) >= 0.9
    assert np.mean(counts) < 0.6 * size


@pytest.mark.parametrize("shape", [(1,), (7,), (5, 5), (4, 9), (6, 1), (25, 13)])
def test_coarser_cells_enclose_and_come_before(shape: tuple[int, ...]) -> None:
    order = coarse_to_fine(shape).tolist()
    rank = {index: k for k, index in enumerate(order)}
    cells = CoarserCells(shape)
    for index in order:
        around = cells.around(index)
        assert all(rank[i] < rank[index] for i in around)
        if around:
            places = np.array(np.unravel_index(around, shape))
            own = np.array(np.unravel_index(index, shape))
            assert (places.min(axis=1) <= own).all()
            assert (places.max(axis=1) >= own).all()
        else:
            assert all(
                i in (0, n - 1) for i, n in zip(np.unravel_index(index, shape), shape, strict=True)
            )


def digits_like(limit: int | None = None) -> Problem:
    """A small network on 600 examples of large variance."""
    torch.manual_seed(0)
    data = images(600, channels=1, size=4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 10))
    examples = data.subset(limit)
    return Problem(model, {"train": examples, "test": data.subset(150, seed=9)}, device="cpu")


def sampled(problem: Problem, path: Path | None = None, tolerance: str = "5%") -> Surface:
    return sample_surface(
        problem, "-1:1:5", "-1:2:7", path=path, tolerance=tolerance, tune=False, progress=False
    )


def test_errors_are_within_the_tolerance_and_cost_less() -> None:
    surface = sampled(digits_like())
    for split, size in (("train", 600), ("test", 150)):
        mean, stderr = surface[f"{split}_loss"], surface[f"{split}_loss_stderr"]
        count = surface[f"{split}_count"]
        assert (stderr <= 0.05 * mean).all()
        assert count.flat[0] >= FIRST  # a corner, which nothing predicts
        assert count.min() >= 1
        assert count.max() <= size
        assert (stderr[count < size] > 0).all()
    assert surface["train_count"].mean() < 300
    assert surface.attributes["tolerance_relative"] == 0.05
    assert surface.attributes["tolerance_absolute"] == 0.0


def test_the_means_are_those_of_evaluate_within_their_errors() -> None:
    problem = digits_like()
    surface = sampled(problem)
    full = sample_surface(problem, "-1:1:5", "-1:2:7", tune=False, progress=False)
    off, error = np.abs(surface["train_loss"] - full["train_loss"]), surface["train_loss_stderr"]
    assert off[error == 0].max() < 1e-6  # all examples were measured there
    off = off[error > 0] / error[error > 0]
    assert off.max() < 4
    assert off.max() > 0.1
    assert (off < 1.96).mean() > 0.8


def test_all_examples_equal_evaluate() -> None:
    problem = resnet("projection")  # fewer examples than the first look takes
    surface = sample_surface(
        problem,
        "0:1:2",
        "0:1:2",
        directions="random",
        ignore="none",
        seed=4,
        tolerance="0%,1e-9",
        tune=False,
        progress=False,
    )
    plane = plane_of(problem)
    for index, values in evaluate(problem, plane, surface.grid.points(), range(4), Settings()):
        for name, value in values.items():
            assert surface.values[name].flat[index] == pytest.approx(value, rel=1e-6, abs=1e-9)
    assert (surface["loss_stderr"] == 0).all()
    assert (surface["count"] == 37).all()


def test_a_sample_of_a_population_keeps_its_sampling_error() -> None:
    """No tolerance can be met: the error is that of all 100, or little more where predicted."""
    limited = digits_like(limit=100)
    surface = sampled(limited, tolerance="0.01%")
    of_all = sample_surface(limited, surface.grid.x, surface.grid.y, tune=False, progress=False)
    counts, error = surface["train_count"], of_all["train_loss_stderr"]
    assert (counts[:: len(counts) - 1, ::4] == 100).all()  # at the corners
    assert counts.max() == 100
    assert (surface["train_loss_stderr"] >= error * (1 - 1e-9)).all()
    assert (surface["train_loss_stderr"] < 1.4 * error).all()
    assert (np.abs(surface["train_loss"] - of_all["train_loss"]) < error).all()
    assert (surface["test_loss_stderr"][surface["test_count"] == 150] > 0).all()


def test_results_are_reproducible() -> None:
    problem = digits_like()
    first, again = sampled(problem), sampled(problem)
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, again.values[name], strict=True)


@pytest.mark.parametrize("after", [1, 4, 9, 20, 34])
def test_a_resumed_run_equals_an_uninterrupted_one(after: int, tmp_path: Path) -> None:
    problem, path = digits_like(), tmp_path / "surface.h5"
    whole = sampled(problem)
    record, seen = Surface.record, 0

    def interrupted(self: Surface, index: int, values: dict[str, float]) -> None:
        nonlocal seen
        if seen == after:
            raise KeyboardInterrupt
        seen += 1
        record(self, index, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Surface, "record", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sampled(problem, path)
    resumed = sampled(problem, path)
    for name, values in whole.values.items():
        np.testing.assert_array_equal(values, resumed.values[name], strict=True)


def test_another_tolerance_is_another_run(tmp_path: Path) -> None:
    problem, path = digits_like(), tmp_path / "surface.h5"
    sampled(problem, path)
    with pytest.raises(
        InputError, match=r"tolerance_relative: the file has 0\.05, this run has 0\.1"
    ):
        sampled(problem, path, tolerance="10%")
    with pytest.raises(InputError, match="this run has None"):
        sample_surface(problem, "-1:1:5", "-1:2:7", path=path, tune=False, progress=False)


def test_progress_counts_what_was_evaluated() -> None:
    surface = sampled(digits_like())
    seconds = float(surface.attributes["seconds"])
    images_in_all = surface["train_count"].sum() + surface["test_count"].sum()
    rate = float(surface.attributes["images_per_second"])
    assert rate * seconds == pytest.approx(images_in_all, rel=0.05)


def test_targets_without_classes_are_one_stratum() -> None:
    torch.manual_seed(0)
    data = Examples(torch.randn(400, 3), torch.randn(400, 2))
    problem = Problem(nn.Linear(3, 2), data, loss="mse", device="cpu")
    surface = sample_surface(problem, "-1:1:3", "-1:1:3", tolerance="10%", progress=False)
    assert surface["count"].mean() < 400
    assert (surface["loss_stderr"] <= 0.1 * surface["loss"]).all()


def test_the_study_reports_cost_and_coverage_of_stored_losses(tmp_path: Path) -> None:
    losses, labels = synthetic((5, 5), 800)
    np.savez(tmp_path / "losses.npz", loss=losses, labels=labels)
    output = tmp_path / "study.json"
    result = run("tolerance_study.py", "--losses", str(tmp_path / "losses.npz"), "--seeds", "3",
                 "--tolerance", "10%,0.1", "-o", str(output))  # fmt: skip
    assert result.returncode == 0, result.stderr
    (row,) = json.loads(output.read_text())
    spread, bound = losses.std(axis=1), np.maximum(0.1 * losses.mean(axis=1), 0.1)
    needed = 1 / (1 / 800 + bound**2 / spread**2)
    assert row["ideal"] == pytest.approx(800 / needed.mean())
    assert row["factor"] > 1
    assert 0.8 <= row["coverage"] <= 1
