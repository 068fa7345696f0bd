"""Which basins count: sampling error, grid, and surfaces whose number of basins is known."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from landscape.measures import topology_of
from landscape.measures.merge_tree import merge_tree
from landscape.measures.resolved import averaged, between_points, shown
from landscape.measures.sampled import Sampled
from tests.conftest import ROOT
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, surface_of, undo

STUDY = runpy.run_path(str(ROOT / "scripts" / "topology_study.py"), run_name="study")


def test_the_number_of_basins_is_found_in_noise_of_a_third_of_their_depth() -> None:
    """At 95 % of the surfaces; the dips of the noise are many more."""
    cases = list(STUDY["noisy"](24))
    trees = [topology_of(case.surface) for case in cases]
    right = [len(t.kept) == case.wells for t, case in zip(trees, cases, strict=True)]
    assert np.mean(right) >= 0.95
    assert min(len(t.branches) for t in trees) > 50


@pytest.mark.parametrize("noise", [0.01, 0.3, 3.0])
def test_noise_alone_has_one_basin_and_twice_as_much_has_more(noise: float) -> None:
    axis, generator = np.linspace(-1, 1, 41), np.random.default_rng(2)
    drawn = generator.normal(0, noise, (41, 41))
    flat = [surface_of(lambda x, y: 50 + drawn, axis, axis, stderr=s * noise) for s in (1.0, 0.3)]
    honest, boasting = (topology_of(surface, shallowest=0.0) for surface in flat)
    assert len(honest.kept) == 1
    assert len(boasting.kept) > 5


def test_a_dip_of_one_point_counts_once_it_is_too_deep_for_its_error() -> None:
    axis = np.linspace(-1, 1, 21)

    def counted(depth: float, stderr: float) -> int:
        def formula(x, y):
            near = (abs(x + 0.5) < 1e-9) & (abs(y) < 1e-9)
            return 2.0 + 0.001 * x - depth * near - 1.5 * np.exp(-(((x - 0.5) ** 2 + y**2) / 0.02))

        return len(topology_of(surface_of(formula, axis, axis, stderr=stderr)).kept)

    assert [counted(1.0, e) for e in (0.0, 0.2, 0.3)] == [2, 2, 1]


def test_a_valley_between_the_points_is_left_open_by_the_grid() -> None:
    """A V along u = 0 with a floor of 1, sampled every second point off its floor."""
    x, y = np.arange(14.0), np.arange(24.0)
    valley = surface_of(lambda x, y: 1 + abs(x - 0.5 * y) + 0.001 * y, x, y)
    found = topology_of(valley)
    assert len(found.branches) > 5
    assert len(found.kept) == 1


def test_what_the_grid_leaves_open_bounds_interpolation() -> None:
    """Of a quadratic function, anywhere in a cell of unequal sides, at its corner or the next."""
    surface = surface_of(lambda x, y: 3 * x**2 + 0.5 * y**2, UNEQUAL_X, UNEQUAL_Y)
    found = Sampled(surface["loss"], surface.done, np.zeros(surface.grid.shape))
    bound = between_points(found, surface.grid.by_array_axis)
    for j, i in np.ndindex(UNEQUAL_Y.size - 1, UNEQUAL_X.size - 1):
        (a, b), (c, d) = UNEQUAL_X[i : i + 2], UNEQUAL_Y[j : j + 2]
        off = 3 * (b - a) ** 2 / 4 + 0.5 * (d - c) ** 2 / 4  # at the middle of the cell
        assert bound[j : j + 2, i : i + 2].max() >= off - 1e-12
    even = surface_of(lambda x: 3 * x**2, np.linspace(-1, 1, 5))
    line = Sampled(even["loss"], even.done, np.zeros(5))
    assert between_points(line, even.grid.by_array_axis) == pytest.approx(3 * 0.5**2 / 4)


def test_noise_is_not_taken_for_what_the_grid_leaves_open() -> None:
    axis = np.linspace(-1, 1, 200)
    noise = np.random.default_rng(0).normal(0, 0.1, 200)
    line = surface_of(lambda x: 5 + noise, axis, stderr=0.1)
    found = Sampled(line["loss"], line.done, line["loss_stderr"])
    assert np.mean(between_points(found, [axis]) == 0.0) > 0.9


def test_averages_weigh_neighbours_and_leave_out_holes() -> None:
    line = surface_of(lambda x: np.array([8.0, 0.0, 4.0, 6.0, 2.0]), np.arange(5.0), stderr=0.4)
    undo(line, (2,))
    found = averaged(Sampled(line["loss"], line.done, line["loss_stderr"]))
    assert found.values[[0, 1, 3, 4]] == pytest.approx([16 / 3, 8 / 3, 14 / 3, 10 / 3])
    assert found.errors[[0, 2]] == pytest.approx([0.4 * np.sqrt(5) / 3, 0.0])


def test_with_none_every_branch_counts() -> None:
    values = np.random.default_rng(0).random((9, 9))
    found = Sampled(values, np.ones((9, 9), bool), np.full((9, 9), 9.0))
    branches = merge_tree(values, found.usable)
    axes = [np.arange(9.0)] * 2
    assert sum(shown(branches, found, axes)) == 1
    assert all(shown(branches, found, axes, None))
