"""Roughness: nothing for bowls, the known climbs for waves, whatever the grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import roughness
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, put, surface_of, undo

SMOOTH = {
    "quadratic": lambda x, y: 0.01 + x**2 + 30 * (y - 0.2) ** 2,
    "oblique": lambda x, y: 0.5 + (x + 3 * y) ** 2 + 0.1 * x**2,
    "slope": lambda x, y: 5 + x + y,
    "steep": lambda x, y: np.exp(3 * np.hypot(x, y)),
    "flat": lambda x, y: 1 + 0 * x,
}


@pytest.mark.parametrize("formula", SMOOTH.values(), ids=list(SMOOTH))
@pytest.mark.parametrize(
    ("x", "y"), [(np.linspace(-1, 1, 21), np.linspace(-1, 1, 8)), (UNEQUAL_X, UNEQUAL_Y)]
)
def test_a_bowl_of_any_shape_and_a_slope_are_not_rough(formula, x, y) -> None:
    assert roughness(surface_of(formula, x, y)).value == 0.0


def test_the_climbs_of_a_line_are_counted_in_decades() -> None:
    """Falls from 100 to 1, with climbs by 10 and by 2 on the way, and one more behind by 5."""
    losses = np.array([100.0, 20, 200, 4, 8, 1, 50, 10, 300])
    line = surface_of(lambda x: losses, np.arange(9.0))
    assert roughness(line).value == pytest.approx(1 + math.log10(2) + math.log10(5))


def test_it_is_the_excess_of_the_total_variation() -> None:
    """Naively: the variation of log L beyond that of falling to the minimum and rising again."""
    losses = np.exp(np.random.default_rng(0).normal(0, 1, (9, 14)))
    plane = surface_of(lambda x, y: losses, np.arange(14.0), np.arange(9.0))
    excess = [
        np.mean([np.abs(np.diff(v)).sum() - (v[0] + v[-1] - 2 * v.min()) for v in np.log10(lines)])
        for lines in (losses, losses.T)
    ]
    assert roughness(plane).value == pytest.approx(np.mean(excess) / 2)


def rugged(amplitude: float):
    def formula(x, y):
        return np.exp(2 * (x**2 + y**2) + amplitude * np.cos(9 * x + 1) * np.cos(7 * y))

    return formula


def test_it_grows_with_ruggedness() -> None:
    axis = np.linspace(-1, 1, 101)
    found = [roughness(surface_of(rugged(a), axis, axis)).value for a in (0, 0.1, 0.3, 1, 3)]
    assert found[0] == 0.0
    assert (np.diff(found) > 0).all()


def test_a_finer_grid_and_other_units_of_the_axes_change_little() -> None:
    values = [
        roughness(
            surface_of(
                lambda x, y: rugged(1.0)(x, y / 7), np.linspace(-1, 1, n), 7 * np.linspace(-1, 1, m)
            )
        ).value
        for n, m in [(41, 51), (81, 101), (321, 201), (51, 321)]
    ]
    assert max(values) / min(values) < 1.03


def test_the_unit_of_the_loss_changes_nothing() -> None:
    axis = np.linspace(-1, 1, 31)
    one, other = (
        roughness(surface_of(lambda x, y, c=c: c * rugged(1.0)(x, y), axis, axis)).value
        for c in (1.0, 1e-4)
    )
    assert one == pytest.approx(other)


def test_sampling_noise_is_no_roughness() -> None:
    axis = np.linspace(-1, 1, 51)
    noise = np.random.default_rng(0).normal(0, 1, (51, 51))

    def noisy(x, y):
        return (1 + x**2 + y**2) * (1 + 0.05 * noise)

    stderr = 0.05 * noisy(*np.meshgrid(axis, axis))
    counted = roughness(surface_of(noisy, axis, axis, stderr=stderr)).value
    ignored = roughness(surface_of(noisy, axis, axis)).value
    assert counted < 0.03 * ignored


def test_its_range_covers_what_other_examples_would_give() -> None:
    """Of two hundred draws of the noise, about 95% lie in the range around the truth."""
    losses = np.array([10.0, 1, 10, 2, 20, 5, 50])
    axis, generator = np.arange(7.0), np.random.default_rng(0)
    truth = roughness(surface_of(lambda x: losses, axis)).value
    inside = 0
    for _ in range(200):
        drawn = losses * (1 + 0.05 * generator.normal(0, 1, 7))
        found = roughness(surface_of(lambda x, d=drawn: d, axis, stderr=0.05 * losses))
        inside += found.low <= truth <= found.high
    assert 180 <= inside <= 198


def test_holes_cut_a_line_and_missing_points_are_passed_over() -> None:
    line = surface_of(lambda x: np.array([9.0, 1, 5, 2, 8, 7, 3]), np.arange(7.0))
    assert roughness(line).value == pytest.approx(math.log10(5 / 2) + math.log10(8 / 3))
    put(line, (2,), np.inf)
    assert roughness(line).value == pytest.approx(math.log10(8 / 3))
    undo(line, (2,))
    assert roughness(line).value == pytest.approx(math.log10(8 / 3))
    undo(line, (4,))
    assert roughness(line).value == pytest.approx(math.log10(7 / 3))


def test_what_has_no_logarithm_or_no_line() -> None:
    with pytest.raises(InputError, match="expected positive losses"):
        roughness(surface_of(lambda x: x**2, np.linspace(-1, 1, 5)))
    with pytest.raises(InputError, match="three finite losses"):
        roughness(surface_of(lambda x, y: 1 + x, [0, 1], [0, 1]))
