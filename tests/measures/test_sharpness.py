"""ε-sharpness against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import sharpness
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, put, surface_of, undo

EVEN = np.linspace(-1, 1, 21)


@pytest.mark.parametrize(
    ("x", "y", "epsilon"),
    [
        *[(EVEN, np.linspace(-1, 1.5, 26), epsilon) for epsilon in (0.1, 0.2, 0.25, 0.37, 1.0)],
        *[(UNEQUAL_X, UNEQUAL_Y, epsilon) for epsilon in (0.2, 0.31, 0.4, 0.9)],
    ],
)
def test_a_quadratic_has_its_largest_value_at_a_corner(x, y, epsilon: float) -> None:
    def formula(x, y):
        return 0.5 + 2 * x**2 + y**2 + x * y + 0.3 * x

    corners = [formula(i * epsilon, j * epsilon) for i in (-1, 1) for j in (-1, 1)]
    expected = 100 * (max(corners) - 0.5) / 1.5
    assert sharpness(surface_of(formula, x, y), epsilon).value == pytest.approx(expected, rel=1e-9)


def test_a_peak_within_the_box_counts_and_one_outside_does_not() -> None:
    plane = surface_of(lambda x, y: 0 * x, EVEN, EVEN)
    put(plane, (11, 9), 3.0)
    put(plane, (15, 10), 50.0)
    assert sharpness(plane, 0.2).value == pytest.approx(300.0)


def test_on_a_line_with_its_range() -> None:
    line = surface_of(lambda x: 1 + x**2, EVEN, stderr=0.01)
    found = sharpness(line, 0.5)
    off = 2 * 0.01 * math.sqrt(2)
    expected = [100 * (0.25 + shift) / 2 for shift in (-off, 0, off)]
    assert (found.low, found.value, found.high) == pytest.approx(expected)


def test_at_a_strict_maximum_it_is_negative_or_zero() -> None:
    """The origin itself is in the box."""
    assert sharpness(surface_of(lambda x: 1 - x**2, EVEN), 0.5).value == 0.0


@pytest.mark.parametrize(
    ("axis", "epsilon", "words"),
    [
        (EVEN, 1.5, "exceeds the range of x: -1 to 1"),
        (EVEN, 0.05, "too coarse"),
        ([-1, 0, 0.05, 0.1, 1], 0.1, "too coarse"),
    ],
)
def test_what_the_grid_cannot_say(axis, epsilon: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        sharpness(surface_of(lambda x: x**2, axis), epsilon)


def test_odd_points() -> None:
    plane = surface_of(lambda x, y: 0 * x, EVEN, EVEN)
    put(plane, (14, 10), np.nan)  # y = 0.4
    assert math.isfinite(sharpness(plane, 0.3).value)
    assert sharpness(plane, 0.4).value == math.inf
    assert sharpness(plane, 0.35).value == math.inf  # the side lies between 0.3 and NaN
    undo(plane, (10, 8))
    with pytest.raises(InputError, match="not all points in the box"):
        sharpness(plane, 0.3)
    with pytest.raises(InputError, match="expected 1 \\+ L above 0"):
        sharpness(surface_of(lambda x: -1 + x**2, EVEN), 0.3)


def test_a_coordinate_that_rounding_moved_is_meant() -> None:
    axis = np.linspace(-1, 1, 51)
    assert axis[26] > 0.04
    assert sharpness(surface_of(lambda x: x**2, axis), 0.04).value == pytest.approx(0.16)
