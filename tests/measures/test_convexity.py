"""The convexity share against exact Hessians, on oblique and unequal grids."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import convexity_share
from landscape.measures.convexity import hessian_weights, neighbourhoods
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, put, surface_of, undo

EVEN = np.linspace(-2, 2, 41)


def test_the_discrete_hessian_is_exact_for_quadratics_on_unequal_grids() -> None:
    x, y = np.meshgrid(UNEQUAL_X, UNEQUAL_Y)
    around = neighbourhoods(1.5 * x**2 - 0.7 * x * y + 0.2 * y**2 + 4 * x - y + 2)
    for weights, expected in zip(
        hessian_weights(UNEQUAL_X, UNEQUAL_Y), [3.0, -0.7, 0.4], strict=True
    ):
        np.testing.assert_allclose((weights * around).sum(axis=0), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("formula", "share"),
    [
        (lambda x, y: x**2 + 3 * y**2, 1.0),
        (lambda x, y: (x + 2 * y) ** 2, 1.0),  # a trough: semidefinite
        (lambda x, y: 0.1 * x - 0.3 * y + 7.7, 1.0),
        (lambda x, y: x**2 - 0.01 * y**2, 0.0),
        (lambda x, y: x * y, 0.0),
        (lambda x, y: -(x**2) - y**2, 0.0),
        (lambda x, y: x**2 + y**2 + 2.2 * x * y, 0.0),  # seen only through the mixed difference
    ],
)
@pytest.mark.parametrize(("x", "y"), [(EVEN, np.linspace(-1, 1, 5)), (UNEQUAL_X, UNEQUAL_Y)])
def test_what_is_convex_everywhere_or_nowhere(formula, share: float, x, y) -> None:
    assert convexity_share(surface_of(formula, x, y)).value == share


def test_a_straight_trough_that_is_no_parabola() -> None:
    """Its smaller eigenvalue is 0, and plain second differences of the middle row give −O(h²)."""
    axis = np.linspace(-1, 1, 21)
    assert convexity_share(surface_of(lambda x, y: (x + 2 * y) ** 4, axis, axis)).value == 1.0


@pytest.mark.parametrize("matrix", [[[1, 0], [0, 1]], [[1, 0.6], [0, 0.8]], [[1, -1], [-0.3, 0.8]]])
def test_the_choice_of_axes_changes_nothing(matrix) -> None:
    """A quartic that is convex outside a disc, seen in other axes of the same plane."""
    (a, b), (c, d) = matrix

    def quartic(u, v):
        return u**4 + v**4 - u**2 + u**2 * v**2

    def hessian_is_positive(u, v):
        uu, vv, uv = 12 * u**2 - 2 + 2 * v**2, 12 * v**2 + 2 * u**2, 4 * u * v
        return (uu >= 0) & (uu * vv - uv**2 >= 0)

    axis = np.linspace(-1, 1, 81) / np.abs(matrix).max()
    plane = surface_of(lambda x, y: quartic(a * x + b * y, c * x + d * y), axis, axis)
    x, y = np.meshgrid(axis[1:-1], axis[1:-1])
    expected = hessian_is_positive(a * x + b * y, c * x + d * y).mean()
    assert 0.01 < expected < 0.99
    assert convexity_share(plane).value == pytest.approx(expected, abs=0.02)


def test_half_of_a_wave_on_a_line() -> None:
    line = surface_of(lambda x: np.cos(x), np.linspace(0, 2 * np.pi, 402)[:-1])
    assert convexity_share(line).value == pytest.approx(0.5, abs=0.01)


def test_points_beside_a_hole_are_left_out() -> None:
    plane = surface_of(lambda x, y: np.where(x < 0, x**2, -(x**2)) + y**2, EVEN, EVEN)
    whole = convexity_share(plane).value
    assert whole == pytest.approx(20 / 39)  # the second differences at x = 0 are 0
    plane.done[:, 21:] = False
    assert convexity_share(plane).value == 1.0
    put(plane, (5, 5), -1000.0)
    less = convexity_share(plane).value
    assert less < 1.0
    put(plane, (5, 5), np.nan)
    assert convexity_share(plane).value == 1.0


def test_its_range_is_what_the_errors_leave_open() -> None:
    """Second differences of a parabola with h = 1 are 2; their error is √6 of that of a loss."""
    axis = np.arange(-5.0, 6.0)
    for stderr, low in [(2.01 / 2 / np.sqrt(6), 0.0), (1.99 / 2 / np.sqrt(6), 1.0)]:
        found = convexity_share(surface_of(lambda x: x**2, axis, stderr=stderr))
        assert (found.low, found.value, found.high) == (low, 1.0, 1.0)


def test_what_has_no_inside() -> None:
    with pytest.raises(InputError, match="no interior point"):
        convexity_share(surface_of(lambda x, y: x, EVEN, [0, 1]))
    plane = surface_of(lambda x, y: x, EVEN, EVEN)
    undo(plane, (slice(None, None, 2), slice(None)))
    with pytest.raises(InputError, match="all of its neighbours"):
        convexity_share(plane)
