"""Pairs of every dimension, bottleneck distances and the profile: by hand and by closed forms."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import landscape
from landscape.errors import InputError, MissingExtra
from landscape.measures import (
    bottleneck_distance,
    compare_surfaces,
    diagram,
    landscape_profile,
    persistence,
    topology_of,
)
from landscape.measures.merge_tree import merge_tree
from landscape.measures.persistence import pairs_of
from landscape.measures.profile import profile_of
from landscape.measures.resolved import shown
from landscape.measures.sampled import Sampled
from landscape.measures.topology import Topology
from landscape.surface import Surface
from tests.measures.made import put, surface_of, undo
from tests.measures.test_topology import BY_HAND, by_hand


def pairs_by_hand(**options):
    return [
        (p.dimension, p.birth, p.death) for p in persistence(by_hand(), shallowest=None, **options)
    ]


def test_the_barcode_of_a_grid_by_hand() -> None:
    """Four basins; a ring around the hill of 13 closes at 12."""
    expected = [(0, 1, np.inf), (0, 2, 9), (0, 4, 7), (0, 3, 5), (1, 12, 13)]
    assert pairs_by_hand() == expected
    decades = [(d, np.log10(b), np.log10(e)) for d, b, e in expected]
    assert sorted(pairs_by_hand(scale="log")) == sorted(decades)


def test_points_of_birth_and_death() -> None:
    """On a plane that is not square, where an index of the transposed array is another point."""
    x, y = np.linspace(-1, 1, 9), np.linspace(-1, 1, 13)
    hill = surface_of(lambda x, y: 4 - 3 * np.exp(-8 * ((x - 0.25) ** 2 + y**2)) + x, x, y)
    hill.values["loss"][...] = 10 - hill["loss"]
    (ring,) = [p for p in persistence(hill, shallowest=None) if p.dimension == 1]
    assert ring.died == np.argmax(np.where(hill["loss"] > 8.5, hill["loss"], 0))
    assert hill["loss"].flat[ring.born] == ring.birth < ring.death == hill["loss"].flat[ring.died]


def shell():
    """A volume with a sphere of low loss around a peak: one basin, one shell."""
    axes = np.meshgrid(*[np.linspace(-1, 1, 15)] * 3, indexing="ij")
    return 1 + 9 * (np.sqrt(sum(a**2 for a in axes)) - 0.6) ** 2 + 0.01 * axes[0]


def test_a_sphere_in_a_volume_has_one_shell() -> None:
    """gudhi pairs a cell of dimension 2; the tree of dimension 0 needs no gudhi."""
    values, axes = shell(), (np.linspace(-1, 1, 15),) * 3
    found = Sampled(values, np.ones(values.shape, bool), np.zeros(values.shape))
    branches = merge_tree(values, found.usable)
    tree = Topology(found, np.ones(values.shape), axes, branches, shown(branches, found, axes))
    counted = [p for p in pairs_of(tree, "linear", 0.05) if p.counts]
    assert [p.dimension for p in counted] == [0, 2]
    (_, peak) = counted
    assert peak.died == values.size // 2
    assert peak.death == pytest.approx(1 + 9 * 0.36)
    assert peak.birth == pytest.approx(1.0, abs=0.2)
    assert sum(tree.volumes.values()) == pytest.approx(1.0)


def test_a_ring_around_a_hole_lasts() -> None:
    ring = surface_of(lambda x, y: 1 + x**2 + y**2 + 0.1 * x, *[np.linspace(-1, 1, 9)] * 2)
    undo(ring, (4, 4))
    (pair,) = [p for p in persistence(ring) if p.dimension == 1]
    assert (pair.death, pair.died, pair.counts) == (np.inf, None, True)


def test_rings_that_noise_may_have_closed_do_not_count() -> None:
    axis, noise = np.linspace(-1, 1, 41), np.random.default_rng(0).normal(0, 0.1, (41, 41))

    def hill(x, y):
        return 2 + 4 * np.exp(-12 * (x**2 + y**2)) + noise

    rings = [p for p in persistence(surface_of(hill, axis, axis, 0.1)) if p.dimension == 1]
    assert [p.counts for p in rings].count(True) == 1
    assert len(rings) > 30
    assert rings[0].counts


def wells(depth: float, floor: float = 1.0) -> Surface:
    """A line of two wells, the deepest at ``floor``, the other ``depth`` below the saddle."""
    losses = [9.0, floor, 5.0, 5.0 - depth, 9.0]
    x = np.linspace(0, 4, 65)
    return surface_of(lambda x: np.interp(x, range(5), losses), x)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        (wells(2.0), wells(2.0), 0.0),
        (wells(2.0), wells(2.5), 0.5),  # a floor
        (wells(2.0), wells(0.01), 1.0),  # nothing to match: half the persistence
        (wells(2.0), wells(2.0, floor=0.25), 0.75),  # the one that lasts
    ],
)
def test_distances_of_two_wells(one: Surface, other: Surface, distance: float) -> None:
    assert bottleneck_distance(one, other).value == pytest.approx(distance, abs=1e-12)
    assert bottleneck_distance(other, one).value == pytest.approx(distance, abs=1e-12)


def test_no_loss_that_is_off_moves_the_distance_by_more() -> None:
    """The theorem of stability, on which the range stands."""
    generator = np.random.default_rng(1)
    axis = np.linspace(-1, 1, 15)
    exact = generator.random((15, 15)) + 1
    for size in (0.01, 0.1):
        moved = exact + generator.uniform(-size, size, exact.shape)
        surfaces = [surface_of(lambda x, y, v=v: v, axis, axis) for v in (exact, moved)]
        for dimension in (0, 1):
            found = bottleneck_distance(*surfaces, dimension=dimension, shallowest=None)
            assert 0 < found.value <= size
    noisy = surface_of(lambda x, y: exact, axis, axis, stderr=0.1)
    found = bottleneck_distance(noisy, surfaces[0], shallowest=None)
    assert (found.low, found.high) == pytest.approx((0.0, 0.2))


def test_other_numbers_of_parts_are_infinitely_far() -> None:
    whole, parted = wells(2.0), wells(2.0)
    undo(parted, (32,))
    assert bottleneck_distance(whole, parted).value == np.inf
    with pytest.raises(InputError, match="dimension 1: expected 0 to 0"):
        bottleneck_distance(whole, parted, dimension=1)


def test_the_diagram_holds_what_counts() -> None:
    assert diagram(persistence(wells(2.0))).tolist() == [[1.0, np.inf], [3.0, 5.0]]
    assert diagram(persistence(wells(0.01))).tolist() == [[1.0, np.inf]]
    assert diagram([], 1).shape == (0, 2)


def test_without_gudhi_planes_need_the_extra_and_lines_do_not(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "gudhi", None)
    with pytest.raises(MissingExtra, match=r"gudhi.*\[topology\]"):
        persistence(by_hand())
    with pytest.raises(MissingExtra, match="bottleneck distance"):
        bottleneck_distance(wells(1.0), wells(2.0))
    assert len(persistence(wells(2.0))) == 2
    assert len(topology_of(by_hand()).branches) == 4
    found = compare_surfaces([by_hand(), by_hand()], "ab")
    (row,) = [row for row in found.rows if row.name.startswith("bottleneck")]
    assert row.estimates[1] is None
    assert "gudhi" in row.meaning
    monkeypatch.undo()
    (row,) = [r for r in compare_surfaces([by_hand(), by_hand()], "ab").rows if r.name == row.name]
    assert [e.value for e in row.estimates] == [0.0, 0.0]


def test_compare_says_how_far_the_basins_are_apart() -> None:
    found = {row.name: row for row in compare_surfaces([wells(2.0), wells(2.5)], "ab").rows}
    assert "a floor or a saddle by 0.5" in found["bottleneck distance from the first, nats"].meaning
    assert "b are deeper before they meet: 3.25 vs 3" in found["SMAD, nats"].meaning


def test_the_profile_of_a_grid_by_hand() -> None:
    """Of 25 points; 1 and 2 have met 3 and 4 at 5 and 7."""
    hollows = profile_of(topology_of(by_hand(), shallowest=None))
    loss = BY_HAND.ravel()
    ends = [(loss[h.floor], h.levels[0], h.levels[-1], round(25 * h.widths[-1])) for h in hollows]
    assert ends == [
        (1, 1, 5, 1),
        (3, 3, 5, 1),
        (2, 2, 7, 1),
        (4, 4, 7, 1),
        (1, 5, 9, 3),
        (2, 7, 9, 3),
        (1, 9, 41, 25),
    ]
    assert hollows[-1].centre == 0.5
    first, third = hollows[0], hollows[1]
    assert abs(first.centre - third.centre) == pytest.approx(1 / 25)


@pytest.mark.parametrize("name", ["resnet56_noshort", "digits_between"])
def test_a_profile_is_as_wide_as_the_part_of_the_grid_below(name: str) -> None:
    """At every level the widths of all hollows add up to the share of points below it."""
    surface = landscape.open_surface(f"example:{name}")
    hollows, loss = landscape_profile(surface), surface[surface.main_quantity]
    for level in np.quantile(loss, [0.01, 0.1, 0.5, 0.9]):
        open_ = [h for h in hollows if h.levels[0] <= level < h.levels[-1]]
        total = sum(h.widths[np.searchsorted(h.levels, level, "right") - 1] for h in open_)
        assert total == pytest.approx(np.mean(loss <= level), abs=3 / loss.size)
    for hollow in hollows:
        assert (np.diff(hollow.widths) >= 0).all()
        assert (np.diff(hollow.levels) >= 0).all()
        half = hollow.widths[-1] / 2
        assert half - 1e-9 <= hollow.centre <= 1 - half + 1e-9


def test_the_profile_of_parts_that_holes_separate() -> None:
    parted = wells(2.0)
    put(parted, (32,), np.nan)
    left, right = landscape_profile(parted)
    assert left.widths[-1] + right.widths[-1] == pytest.approx(1.0)
    assert abs(left.centre - right.centre) == pytest.approx(0.5)
