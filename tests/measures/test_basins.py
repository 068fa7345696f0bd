"""Merge trees against flood fill at every level, and basins against known landscapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from landscape.errors import InputError
from landscape.measures import basins, number_of_basins, second_depth
from landscape.measures.merge_tree import merge_tree
from tests.measures.made import put, surface_of, undo

RANDOM = np.random.default_rng(0)


def masked(shape, share: float):
    return RANDOM.random(shape) > share


CASES = {
    "plane": (RANDOM.random((7, 9)), np.ones((7, 9), bool)),
    "tall plane": (RANDOM.random((12, 5)), np.ones((12, 5), bool)),
    "plateaus": (RANDOM.integers(0, 4, (8, 10)).astype(float), np.ones((8, 10), bool)),
    "holes": (RANDOM.random((9, 8)), masked((9, 8), 0.4)),
    "line": (RANDOM.random(31), np.ones(31, bool)),
    "line with holes": (RANDOM.random(40), masked(40, 0.2)),
    "one point": (np.zeros((1, 1)), np.ones((1, 1), bool)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_branches_count_the_components_of_every_sublevel_set(case) -> None:
    """scipy labels each sublevel set by itself; a branch is there from its floor to its saddle."""
    values, usable = case
    branches, flat = merge_tree(values, usable), values.ravel()
    for level in np.unique(values[usable]):
        below = usable & (values <= level)
        expected = ndimage.label(below, np.ones((3,) * values.ndim))[1]
        there = [
            b
            for b in branches
            if flat[b.floor] <= level and (b.saddle is None or level < flat[b.saddle])
        ]
        assert len(there) == expected


def flooded(values, usable, start: int, level: float) -> set[int]:
    """Flat indices that are reached from ``start`` over points at or below ``level``."""
    seen, stack = {start}, [start]
    while stack:
        place = np.unravel_index(stack.pop(), values.shape)
        for q in np.ndindex(values.shape):
            near = max(abs(a - b) for a, b in zip(place, q, strict=True)) <= 1
            number = int(np.ravel_multi_index(q, values.shape))
            if near and usable[q] and values[q] <= level and number not in seen:
                seen.add(number)
                stack.append(number)
    return seen


@pytest.mark.parametrize("name", ["plane", "holes", "line with holes"])
def test_saddles_are_where_a_flood_from_the_floor_reaches_a_lower_one(name: str) -> None:
    values, usable = CASES[name]
    flat = values.ravel()
    for branch in merge_tree(values, usable):
        floor = flat[branch.floor]
        if branch.saddle is None:
            reached = flooded(values, usable, branch.floor, np.inf)
            assert min(flat[list(reached)]) == floor
            continue
        before = np.max(flat[usable.ravel() & (flat < flat[branch.saddle])])
        assert min(flat[list(flooded(values, usable, branch.floor, before))]) == floor
        assert min(flat[list(flooded(values, usable, branch.floor, flat[branch.saddle]))]) < floor


@pytest.mark.parametrize(("across", "down"), [(1, 1), (3, 2), (2, 5)])
def test_a_cosine_landscape_has_its_minima(across: int, down: int) -> None:
    """Minima inside at odd multiples of π, each 2 deep over the saddles between them."""
    x = np.linspace(0, 2 * np.pi * across, 16 * across + 1)
    y = np.linspace(0, 2 * np.pi * down, 16 * down + 1)
    plane = surface_of(lambda x, y: 3 + np.cos(x) + np.cos(y) + 0.01 * x, x, y)
    found = basins(plane)
    assert number_of_basins(plane).value == len(found) == across * down
    assert found[0].depth.value == math.inf
    assert not any(basin.at_rim for basin in found)
    for basin in found[1:]:
        assert basin.depth.value == pytest.approx(2.0, abs=0.1)
    places = {tuple(round(c / np.pi) for c in basin.place) for basin in found}
    assert places == {(2 * i + 1, 2 * j + 1) for i in range(across) for j in range(down)}


def test_a_bowl_a_slope_and_an_oblique_valley_have_one_basin_and_a_saddle_two() -> None:
    axis = np.linspace(-1, 1, 31)
    for formula, number, at_rim in [
        (lambda x, y: 0.1 + x**2 + y**2, 1, False),
        (lambda x, y: 2 + x - 0.3 * y, 1, True),
        (lambda x, y: 0.01 + (x - y) ** 2 + 0.001 * x, 1, None),
        (lambda x, y: 0.1 + (x - 0.7 * y) ** 2 + 0.001 * x, 1, None),
        (lambda x, y: 2 + x**2 - y**2 + 0.01 * y, 2, True),
    ]:
        found = basins(surface_of(formula, axis, axis))
        assert len(found) == number
        assert at_rim is None or all(basin.at_rim is at_rim for basin in found)


def test_depth_and_place_of_a_second_well_on_a_line() -> None:
    line = surface_of(lambda x: np.interp(x, [0, 1, 2, 3, 4], [5, 1, 4, 2, 9]), np.arange(5.0))
    deepest, other = basins(line)
    assert (deepest.floor, deepest.place, deepest.depth.value) == (1.0, (1.0,), math.inf)
    assert (other.floor, other.place, other.depth.value) == (2.0, (3.0,), 2.0)
    assert second_depth(line).value == 2.0
    assert second_depth(surface_of(lambda x: 1 + x**2, np.arange(5.0))).value == 0.0


def test_sampling_noise_makes_no_basins() -> None:
    """Without the standard errors the same noise makes many."""
    axis = np.linspace(-1, 1, 51)
    noise = np.random.default_rng(1).normal(0, 0.2, (51, 51))

    def noisy(x, y):
        return 1 + 2 * (x**2 + y**2) + noise

    assert number_of_basins(surface_of(noisy, axis, axis, stderr=0.2)).value == 1
    assert number_of_basins(surface_of(noisy, axis, axis)).value > 20


def test_a_real_second_basin_stands_out_of_the_noise() -> None:
    axis = np.linspace(-1, 1, 41)
    noise = np.random.default_rng(1).normal(0, 0.05, (41, 41))
    plane = surface_of(
        lambda x, y: 1 + 8 * (x**2 - 0.36) ** 2 + y**2 + 0.2 * x + noise, axis, axis, stderr=0.05
    )
    first, second = basins(plane)
    assert first.place == pytest.approx((-0.6, 0.0), abs=0.25)
    assert second.place == pytest.approx((0.6, 0.0), abs=0.25)
    assert second.depth.low < 8 * 0.36**2 - 0.12 < second.depth.high


def test_a_basin_is_deep_for_its_own_loss() -> None:
    """1% of the loss is no basin at 5%, and 1% more of a floor of 0.001 is not either."""
    losses = np.array([2, 1, 1.2, 1.1, 1.5, 1.49, 3])
    fine = np.interp(np.linspace(0, 6, 193), np.arange(7.0), losses)
    for scale in (1.0, 0.001):
        line = surface_of(lambda x, scale=scale: scale * fine, np.arange(193.0))
        assert number_of_basins(line).value == 2
        assert len(basins(line, shallowest=0.001)) == 3


def test_holes_cut_the_plane() -> None:
    line = surface_of(lambda x: 1 + x**2, np.linspace(-1, 1, 9))
    put(line, (2,), np.nan)
    undo(line, (6,))
    found = basins(line)
    assert len(found) == 3
    assert all(basin.depth.value == math.inf for basin in found)
    line.values["loss"][...] = np.nan
    with pytest.raises(InputError, match="no finite loss"):
        basins(line)


def test_a_place_does_not_cost_a_pass_over_the_grid(monkeypatch) -> None:
    """A fault once: every basin listed all points, so that 501² points took 46 s."""
    x, y = np.linspace(-1, 1, 8), np.linspace(-1, 0, 9)
    surface = surface_of(lambda u, v: np.cos(9 * u) * np.cos(9 * v) + 0.3 * u + 0.1 * v, x, y)
    numbers = [int(np.flatnonzero(surface["loss"] == b.floor)[0]) for b in basins(surface)]
    expected = [tuple(place) for place in surface.grid.points()[numbers]]
    assert len(expected) > 2

    def refused(self):
        raise AssertionError("all points were listed")

    monkeypatch.setattr(type(surface.grid), "points", refused)
    assert [b.place for b in basins(surface)] == expected
