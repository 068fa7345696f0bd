"""Merge trees with what counts in them, catchments and SMAD: by hand, and against gudhi."""

from __future__ import annotations

import gudhi
import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import basins, smad, topology_of
from landscape.measures.merge_tree import all_branches, descent, merge_tree
from tests.measures.made import put, surface_of, undo

BY_HAND = np.array(
    [
        [41.0, 21.0, 22.0, 23.0, 40.0],
        [19.0, 1.0, 5.0, 3.0, 18.0],
        [17.0, 9.0, 13.0, 12.0, 16.0],
        [25.0, 2.0, 7.0, 4.0, 15.0],
        [39.0, 24.0, 26.0, 27.0, 38.0],
    ]
)
"""Minima 1 and 3 meet at 5, minima 2 and 4 at 7, and both pairs at 9."""
RANDOM = np.random.default_rng(0)


def by_hand(**facts):
    axis = np.linspace(-1, 1, 5)
    return surface_of(lambda x, y: BY_HAND, axis, axis, **facts)


SHAPES = [(40,), (9, 11), (5, 6, 7), (3, 4, 3, 4), (1, 1), (1, 7)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pairs_of_dimension_0_are_those_of_gudhi(shape: tuple[int, ...], ties: bool) -> None:
    values = RANDOM.integers(0, 5, shape).astype(float) if ties else RANDOM.random(shape)
    usable = RANDOM.random(shape) > 0.2
    usable.flat[0] = True
    flat = values.ravel()
    found = [
        (flat[b.floor], np.inf if b.saddle is None else flat[b.saddle])
        for b in merge_tree(values, usable)
    ]
    complex_ = gudhi.CubicalComplex(top_dimensional_cells=np.where(usable, values, np.inf))
    complex_.compute_persistence(min_persistence=0.0)
    expected = [tuple(p) for p in complex_.persistence_intervals_in_dimension(0) if p[0] < np.inf]
    assert sorted(found) == sorted(p for p in expected if p[0] < p[1])


def test_elders_and_saddles_of_a_grid_by_hand() -> None:
    tree = topology_of(by_hand(), shallowest=None)
    loss = BY_HAND.ravel()

    def at(index):
        return None if index is None else loss[index]

    named = [(at(b.floor), at(b.saddle), at(b.elder)) for b in tree.kept]
    assert named == [(1, None, None), (2, 9, 1), (3, 5, 1), (4, 7, 2)]
    assert {at(f): at(s) for f, s in tree.first_saddles().items()} == {1: 5, 3: 5, 2: 7, 4: 7}


def test_catchments_of_a_grid_by_hand() -> None:
    """Every point goes to the neighbour to which the loss falls most per distance."""
    tree = topology_of(by_hand(), shallowest=None)
    assert BY_HAND.ravel()[tree.catchments].tolist() == [
        [1, 1, 1, 3, 3],
        [1, 1, 1, 3, 3],
        [1, 1, 1, 3, 3],
        [2, 2, 2, 4, 4],
        [2, 2, 2, 4, 4],
    ]
    assert {BY_HAND.flat[f]: v for f, v in tree.volumes.items()} == pytest.approx(
        {1: 9 / 25, 2: 6 / 25, 3: 6 / 25, 4: 4 / 25}
    )


def test_smad_of_a_grid_by_hand_and_by_landscaper() -> None:
    """Gaps 4, 2, 5, 3; landscaper 1.3.1: 3.5, 0.0875, and 3.6 / 4: it divides by 4 once more."""
    plain, normalized, weighted = smad(by_hand(), shallowest=None)
    assert plain.value == pytest.approx(3.5, abs=1e-12)
    assert normalized.value == pytest.approx(3.5 / 40, abs=1e-12)
    assert weighted.value == pytest.approx((9 * 4 + 6 * 2 + 6 * 5 + 4 * 3) / 25, abs=1e-12)
    assert weighted.value / 4 == pytest.approx(0.9, abs=1e-9)


def test_a_bowl_and_a_diagonal_valley_have_one_basin() -> None:
    """landscaper 1.3.1: SMAD 0.998 of the bowl, which has no saddle, and 5 minima in the valley."""
    axis, rising = np.linspace(-1, 1, 5), np.arange(25.0).reshape(5, 5) / 1024
    bowl = surface_of(lambda x, y: x**2 + y**2 + rising, axis, axis)
    valley = surface_of(lambda x, y: 16 * abs(x - y) + rising, axis, axis)
    for surface in (bowl, valley):
        assert len(topology_of(surface, shallowest=None).branches) == 1
        assert [e.value for e in smad(surface, shallowest=None)] == [0.0, 0.0, 0.0]


def test_the_ranges_of_smad_hold_the_values_of_other_draws() -> None:
    x = np.linspace(0, 4 * np.pi, 81)
    generator, inside = np.random.default_rng(0), []

    def noisy(stderr: float):
        noise = generator.normal(0, stderr, 81)
        return smad(surface_of(lambda x: 3 + np.cos(x) + 0.05 * x + noise, x, stderr=stderr))

    true = noisy(1e-9)
    for _ in range(60):
        found = noisy(0.02)
        inside.append(
            [e.low - 0.05 < t.value < e.high + 0.05 for e, t in zip(found, true, strict=True)]
        )
    assert np.mean(inside, axis=0).min() >= 0.9


def test_in_decades() -> None:
    line = surface_of(
        lambda x: np.interp(x, range(5), [9, 0.1, 10, 1, 90]), np.arange(0, 4.1, 0.25)
    )
    assert smad(line, scale="log").plain.value == pytest.approx((2 + 1) / 2)
    assert smad(line, scale="log").normalized.value == pytest.approx(1.5 / (np.log10(90) + 1))
    put(line, (0,), -1.0)
    with pytest.raises(InputError, match="needs positive losses"):
        smad(line, scale="log")
    with pytest.raises(InputError, match="scale"):
        smad(line, scale="symlog")


def test_dips_that_do_not_count_belong_to_the_basin_around_them() -> None:
    axis = np.linspace(-1, 1, 41)
    noise = np.random.default_rng(3).normal(0, 0.1, (41, 41))
    plane = surface_of(
        lambda x, y: 1 + 8 * (x**2 - 0.36) ** 2 + y**2 + 0.2 * x + noise, axis, axis, stderr=0.1
    )
    tree = topology_of(plane)
    assert len(tree.kept) == 2 < len(tree.branches)
    left, right = sorted(tree.volumes.values())
    assert left + right == pytest.approx(1.0)
    assert left > 0.4
    across = tree.catchments == max(tree.volumes, key=lambda f: f % 41)
    assert np.mean(across[:, :15]) < 0.05
    assert np.mean(across[:, -15:]) > 0.95


def test_descent_ends_in_every_minimum_and_in_no_hole() -> None:
    values, usable = RANDOM.random((4, 5, 6)), RANDOM.random((4, 5, 6)) > 0.3
    ends = descent(values, usable, [np.arange(4.0), np.arange(5.0), np.arange(6.0)])
    assert set(ends[usable]) == {b.floor for b in all_branches(values, usable)}
    assert (ends[~usable] == -1).all()


def test_descent_is_steepest_in_coordinates() -> None:
    """From 5 the loss falls by 3 over a distance of 0.1, and by 4 over one of 10."""
    line = np.array([1.0, 5.0, 2.0])
    for gaps, end in (([0.0, 10.0, 10.1], 2), ([0.0, 0.1, 10.1], 0)):
        assert descent(line, np.ones(3, bool), [np.array(gaps)]).tolist() == [0, end, 2]


def test_parts_that_holes_separate_have_a_deepest_basin_each() -> None:
    line = surface_of(lambda x: 1 + x**2, np.linspace(-1, 1, 9))
    undo(line, (4,))
    tree = topology_of(line)
    assert [b.saddle for b in tree.kept] == [None, None]
    assert smad(line).plain.value == 0.0
    assert sum(tree.volumes.values()) == pytest.approx(1.0)
    line.values["loss"][...] = np.nan
    with pytest.raises(InputError, match="no finite loss"):
        topology_of(line)


def test_the_count_of_basins_is_that_of_the_tree() -> None:
    axis = np.linspace(-1, 1, 31)
    waves = surface_of(lambda x, y: 3 + np.cos(7 * x) * np.cos(7 * y) + 0.1 * x, axis, axis)
    kept = topology_of(waves).kept
    assert len(basins(waves)) == len(kept) > 3
    loss = waves["loss"].ravel()
    assert sorted(b.floor for b in basins(waves)) == sorted(loss[b.floor] for b in kept)
