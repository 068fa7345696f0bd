"""Predicted means: without bias by enumeration, covering, never dearer, the same after any end."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from landscape.errors import InputError
from landscape.evaluate import Tolerance
from landscape.evaluate.interpolated import Known, interpolated
from landscape.evaluate.predicted import Predicting, chances, corrected_mean
from landscape.evaluate.strata import LossStrata, by_losses
from landscape.evaluate.tolerance import KEPT_BYTES, _kept_of
from landscape.grid import CoarserCells, FloatArray, Grid, lattice_sizes, parse_range
from landscape.run import sample_surface
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.conftest import ROOT
from tests.test_tolerance import digits_like, sampled


def test_the_corrected_mean_has_no_bias_whatever_the_prediction() -> None:
    """Over all 2^m subsets; and the variance is that of the estimates."""
    rng = np.random.default_rng(0)
    shares, values = rng.dirichlet(np.ones(7)), rng.exponential(size=7)
    for predicted in (values, np.zeros(7), 10 * rng.normal(size=7), -values):
        chance = rng.uniform(0.1, 1.0, 7)
        found = []
        for drawn in itertools.product([False, True], repeat=7):
            have = np.array(drawn)
            weight = np.where(have, chance, 1 - chance).prod()
            seen = np.where(have, values, np.nan)
            found.append((weight, *corrected_mean(shares, predicted, seen, chance, have)))
        weights, means, variances = np.array(found).T
        mean = (weights * means).sum()
        assert mean == pytest.approx((shares * values).sum())
        spread = (weights * (means - mean) ** 2).sum()
        assert (weights * variances).sum() == pytest.approx(spread, abs=1e-12)


@pytest.mark.parametrize("allowed", [0.0, 1e-4, 0.1, 10.0])
def test_chances_give_the_variance_allowed(allowed: float) -> None:
    sizes = np.random.default_rng(1).lognormal(sigma=2, size=200) / 200
    sizes[3] = np.inf
    chance = chances(sizes, allowed, least=8)
    assert chance[3] == chance[np.argsort(sizes)[-2]] == 1
    assert (chance > 0).all()
    assert (chance <= 1).all()
    free = chance < 1
    rates = (chance / sizes)[free]
    np.testing.assert_allclose(rates, rates[:1].repeat(rates.size))
    variance = ((1 / chance - 1) * np.where(free, sizes, 0) ** 2).sum()
    assert variance <= allowed * (1 + 1e-9)
    if allowed < 10:
        assert variance == pytest.approx(allowed)
    else:
        assert chance.sum() == pytest.approx(8)


def test_interpolation_is_exact_for_bilinear_losses() -> None:
    x, y = np.array([0.0, 0.1, 1.0]), np.array([-1.0, 0.5, 2.0])
    grid, cells = Grid(x, y), CoarserCells((3, 3))
    slopes = np.random.default_rng(2).normal(size=(4, 50))
    losses = [
        slopes[0] + a * slopes[1] + b * slopes[2] + a * b * slopes[3] for a, b in grid.points()
    ]
    for index in range(9):
        around = cells.around(index)
        known = [
            Known(losses[c][None].astype(np.float32), np.zeros(50, np.float32), 100.0)
            for c in around
        ]
        if known:
            cell = interpolated(known, cells.weights(index, grid))
            np.testing.assert_allclose(cell.values[0], losses[index], atol=1e-5)
    assert [len(cells.around(i)) for i in range(9)] == [0, 2, 0, 2, 4, 2, 0, 2, 0]


def test_interpolation_is_exact_for_the_cross_entropy_of_linear_margins() -> None:
    """Of two classes; a loss of 0, as float32 rounds it, is one of a large margin."""
    rng = np.random.default_rng(8)
    ends = rng.normal(scale=4, size=(2, 50))
    ends[1, 0] = 200.0
    losses = np.log1p(np.exp(-ends)).astype(np.float32)
    known = [Known(one[None], np.zeros(50, np.float32), 9.0) for one in losses]
    found = interpolated(known, np.array([0.25, 0.75])).values[0]
    expected = np.log1p(np.exp(-(0.25 * ends[0] + 0.75 * ends[1])))
    np.testing.assert_allclose(found[1:], expected[1:], rtol=1e-4)
    assert 0 <= found[0] < 1e-3


def test_examples_that_a_corner_does_not_know_are_predicted_with_more_doubt() -> None:
    rng = np.random.default_rng(3)
    long = rng.normal(size=(1, 40))
    short = long[:, :30] + 0.2 * rng.normal(size=(1, 30))
    known = [Known(v.astype(np.float32), np.zeros(v.size, np.float32), 9.0) for v in (long, short)]
    cell = interpolated(known, np.array([0.5, 0.5]))
    np.testing.assert_allclose(cell.values[0, :30], (long[0, :30] + short[0]) / 2, atol=1e-6)
    np.testing.assert_allclose(cell.values[0, 30:], long[0, 30:], atol=1e-6)
    assert cell.spread[0, 30:].min() > np.median(cell.spread[0, :30])


def corner(sample: LossStrata, losses: FloatArray, n: int) -> Known:
    held = losses[sample.order[:n]][None].astype(np.float32)
    return Known(held, np.zeros(n, np.float32), 0.9 * n, 0.5)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.4])
def test_estimates_cover_and_have_no_bias(wrong: float) -> None:
    """Of 3,000 examples, a few with large losses; predictions are wrong on average, too."""
    rng = np.random.default_rng(4)
    base = rng.exponential(size=3000) ** 2
    noise = rng.normal(size=(3, 3000)) * base
    corners, truth = base + 0.2 * noise[:2] + wrong, base + 0.2 * noise[2]
    off, covered, counts = [], [], []
    for seed in range(200):
        sample = by_losses(base[None], None, 3000, seed)
        around = [corner(sample, losses, 1500) for losses in corners]
        cell = interpolated(around, np.array([0.5, 0.5]))
        drawn: list[int] = []

        def measure(places: Any, sample: LossStrata = sample, drawn: Any = drawn) -> FloatArray:
            drawn.extend(places.tolist())
            return truth[sample.order[places]][None]

        found = Predicting(Tolerance(0.05), sample, 4096).at(cell, [seed], measure)
        assert found is not None
        (mean, stderr), held = found.results[0], found.known
        off.append(mean - truth.mean())
        covered.append(abs(off[-1]) <= 1.96 * stderr)
        counts.append(len(drawn))
        assert len(set(drawn)) == len(drawn)
        assert stderr <= 0.05 * mean * (1 + 1e-9)
        assert (held.doubt == 0).sum() == len(drawn)
        exact = truth[sample.order[np.array(drawn)]].astype(np.float32)
        np.testing.assert_array_equal(held.values[0, drawn], exact)
    assert abs(np.mean(off)) < 4 * np.std(off) / 200**0.5 + 0.1 * 0.05 * truth.mean()
    assert np.mean(covered) >= 0.93
    assert np.mean(counts) < 700


def test_a_limited_set_too_small_for_the_tolerance_is_predicted() -> None:
    """250 of 2,000 examples: hardly less exact than all of them, for a part of the cost."""
    rng = np.random.default_rng(9)
    base = rng.exponential(size=2000) ** 2
    corners = base + 0.1 * rng.normal(size=(2, 2000)) * base
    truth = corners.mean(axis=0) + 0.05 * rng.normal(size=2000) * base
    covered, counts, errors, of_all = [], [], [], []
    for seed in range(200):
        chosen = np.random.default_rng(seed).permutation(2000)[:250]
        sample = by_losses(base[chosen][None], None, 2000, seed)
        around = [corner(sample, losses[chosen], 250) for losses in corners]
        drawn: list[int] = []

        def measure(
            places: Any, sample: LossStrata = sample, drawn: Any = drawn, chosen: Any = chosen
        ) -> FloatArray:
            drawn.extend(places.tolist())
            return truth[chosen][sample.order[places]][None]

        cell = interpolated(around, np.array([0.5, 0.5]))
        found = Predicting(Tolerance(0.05), sample, 4096).at(cell, [seed], measure)
        assert found is not None
        (mean, stderr) = found.results[0]
        covered.append(abs(mean - truth.mean()) <= 1.96 * stderr)
        counts.append(len(drawn))
        errors.append((mean - truth.mean()) ** 2)
        of_all.append((truth[chosen].mean() - truth.mean()) ** 2)
    assert np.mean(counts) < 60
    assert np.mean(errors) < 1.15 * np.mean(of_all)
    assert np.mean(covered) >= 0.9


def test_what_is_known_survives_packing() -> None:
    known = Known(np.ones((2, 5), np.float32), np.arange(5, dtype=np.float32), float("nan"), 0.5)
    back = Known.unpacked(known.packed(), 2)
    np.testing.assert_array_equal(back.values, known.values)
    np.testing.assert_array_equal(back.doubt, known.doubt)
    np.testing.assert_array_equal([back.needed, back.ratio], [np.nan, 0.5])


@pytest.fixture(scope="module")
def study() -> Any:
    """The function that samples stored losses by the code of a run."""
    return runpy.run_path(str(ROOT / "scripts" / "tolerance_study.py"))["sampled"]


AXIS = parse_range("-1:1:17")


def test_a_rough_surface_costs_no_more_than_without(study: Any) -> None:
    """Every loss is drawn anew at every point, so that coarser points tell nothing."""
    rng = np.random.default_rng(5)
    rough = rng.exponential(size=(81, 1500))
    grid = Grid(AXIS[::2], AXIS[::2])
    new, old = (
        study(rough, grid, Tolerance(0.05), None, 0, predicted=way)[:, 2] for way in (True, False)
    )
    assert new.mean() <= 1.01 * old.mean()


def test_a_smooth_surface_costs_a_fraction(study: Any) -> None:
    """Of what a plain sample at every point does; intervals cover the mean of all examples."""
    rng = np.random.default_rng(6)
    grid = Grid(AXIS, AXIS)
    x, y = grid.points().T
    base = rng.normal(size=(3, 2000))
    field = base[0] + np.outer(x, base[1]) + np.outer(y, base[2])
    smooth = np.exp(field) * (0.2 + (x**2 + y**2)[:, None])
    hit, counts = [], []
    for way in (True, False):
        mean, stderr, count = study(smooth, grid, Tolerance(0.05), None, 0, predicted=way).T
        hit.append((np.abs(mean - smooth.mean(axis=1)) <= 1.96 * stderr + 1e-9).mean())
        counts.append(count.mean())
    assert hit[0] >= 0.9
    assert counts[0] < 0.5 * counts[1]


@pytest.mark.parametrize("shape", [(501, 501), (51, 51), (1001,), (2, 2), (1,)])
def test_what_is_kept_is_bounded(shape: tuple[int, ...]) -> None:
    axes = [np.arange(float(n)) for n in shape]
    finest, longest = _kept_of(Grid(*axes), 6)
    lattice = lattice_sizes(shape)[finest]
    assert 4 * 6 * lattice * longest <= KEPT_BYTES
    assert longest >= 512
    if shape == (51, 51):
        assert lattice == 33**2  # all that the last level needs


def interrupted(path: Path, after: int) -> Surface:
    """A run of 35 points that ends early."""
    record, seen = Surface.record, 0

    def recorded(self: Surface, index: int, values: dict[str, float]) -> None:
        nonlocal seen
        seen += 1
        if seen > after:
            raise KeyboardInterrupt
        record(self, index, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Surface, "record", recorded)
        with pytest.raises(KeyboardInterrupt):
            sampled(digits_like(), path)
    return open_surface(path)


def test_what_the_next_level_needs_is_in_the_file_until_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "surface.h5"
    begun = interrupted(path, 9)
    done = set(np.flatnonzero(begun.done).tolist())
    assert begun.kept.keys() == {"train_loss", "test_loss"}
    assert set(begun.kept["train_loss"]) <= done
    whole = sampled(digits_like(), path)
    with h5py.File(path) as file:
        assert "unfinished" not in file
    assert whole.attributes["tolerance_prediction"] == "from coarser points"
    assert whole["train_count"].min() < 64


def test_what_is_not_kept_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "surface.h5"
    begun = interrupted(path, 20)
    begun.kept.clear()
    save_surface(begun, path)
    resumed, whole = sampled(digits_like(), path), sampled(digits_like())
    for name, values in whole.values.items():
        np.testing.assert_array_equal(values, resumed.values[name], strict=True)


def test_a_file_begun_without_prediction_goes_on_without(tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    begun = interrupted(path, 1)
    del begun.attributes["tolerance_prediction"]
    begun.kept.clear()
    begun.done[:] = False
    save_surface(begun, path)
    resumed = sampled(digits_like(), path)
    assert "tolerance_prediction" not in open_surface(path).attributes
    assert resumed["train_count"].min() >= 64


@pytest.mark.parametrize("damage", ["numbers", "lengths", "points", "sha256"])
def test_damage_to_what_is_kept_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "surface.h5"
    interrupted(path, 9)
    with h5py.File(path, "a") as file:
        group = file["unfinished/train_loss"]
        if damage == "sha256":
            group.attrs["sha256"] = "0" * 64
        else:
            group[damage][0] += 1
    with pytest.raises(InputError, match="damaged"):
        open_surface(path)


def test_draws_are_predicted_each_in_its_own_plane() -> None:
    def surface(repeats: int) -> Surface:
        return sample_surface(
            digits_like(),
            "-1:1:5",
            "-1:1:5",
            tolerance="5%",
            repeats=repeats,
            tune=False,
            progress=False,
        )

    one, two = surface(1), surface(2)
    of_draw = two.quantity("train_loss").beside(draw=1).name
    np.testing.assert_array_equal(two[of_draw], one["train_loss"])


@pytest.mark.parametrize("size", [1e30, 1e100])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_losses_of_any_size_are_sampled(size: float, study: Any) -> None:
    """What float32 cannot keep is not predicted from, without a warning."""
    rng = np.random.default_rng(7)
    losses = size * rng.uniform(0.5, 1.0, size=(25, 400))
    mean, stderr, count = study(losses, Grid(AXIS[::4], AXIS[::4]), Tolerance(0.05), None, 0).T
    assert (count > 0).all()
    assert (stderr <= 0.05 * mean).all()
    np.testing.assert_allclose(mean, losses.mean(axis=1), rtol=0.2)
