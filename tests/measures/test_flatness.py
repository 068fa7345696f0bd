"""The flat radius against closed forms on bowls, on all kinds of grids and axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import (
    Level,
    flat_distance,
    flat_radius,
    reaching,
    risen_by,
    risen_to,
)
from landscape.measures.curve import value_at
from landscape.measures.lengths import in_weights, inscribed_radius
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, put, surface_of, undo

FINE = np.linspace(-1, 1, 201)
GRIDS = {
    "even": (np.linspace(-1, 1, 21), np.linspace(-1, 1, 21)),
    "not square": (np.linspace(-1, 1, 21), np.linspace(-1.2, 1.2, 13)),
    "unequal": (UNEQUAL_X, UNEQUAL_Y),
    "line": (UNEQUAL_X, None),
}


def bowl(x, y=0.0):
    return 0.3 + 2.0 * (x**2 + y**2)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=list(GRIDS))
@pytest.mark.parametrize(
    ("level", "radius"),
    [(risen_by(0.5), 0.5), (risen_to(3.0), math.sqrt(0.3)), (reaching(0.4), math.sqrt(0.05))],
)
def test_a_round_bowl_has_its_radius_on_any_grid(grid, level: Level, radius: float) -> None:
    found = flat_radius(surface_of(bowl, *grid), level)
    assert found.value == pytest.approx(radius, rel=1e-9)
    assert not found.at_least
    assert found.low < radius < found.high


@pytest.mark.parametrize("cosine", [-0.6, 0.0, 0.3])
def test_on_oblique_axes_the_distance_is_that_of_weight_space(cosine: float) -> None:
    """The loss is a multiple of the squared distance: the ball of the level is known."""
    a, b = 3.0, 5.0

    def squared(x, y):
        return (a * x) ** 2 + (b * y) ** 2 + 2 * cosine * a * b * x * y

    plane = surface_of(squared, FINE, FINE, None, ({"norm": a}, {"norm": b}), axes_cosine=cosine)
    assert flat_distance(plane, risen_by(2.0)).value == pytest.approx(math.sqrt(2.0), rel=1e-9)
    # In coordinates the region is an ellipse; its short half-axis by the largest eigenvalue.
    largest = np.linalg.eigvalsh(in_weights(plane)).max()
    assert flat_radius(plane, risen_by(2.0)).value == pytest.approx(
        math.sqrt(2.0 / largest), rel=1e-3
    )


def test_the_narrow_side_decides() -> None:
    plane = surface_of(lambda x, y: x**2 + 100 * y**2 + 50 * (y > 0) * y**2, FINE, FINE)
    assert flat_radius(plane, risen_by(1.0)).value == pytest.approx(1 / math.sqrt(150), rel=1e-6)


def test_a_hill_beside_the_way_ends_the_disc() -> None:
    plane = surface_of(lambda x, y: 0 * x, FINE, FINE)
    put(plane, (120, 160), 5.0)  # y = 0.2, x = 0.6
    found = flat_radius(plane, risen_by(0.1))
    assert math.hypot(0.19, 0.6) - 0.01 < found.value < math.hypot(0.2, 0.6)


def test_the_grid_leaves_the_radius_open_within_a_gap() -> None:
    """Nothing but the points is known: the range is the gap in which the level is crossed."""
    found = flat_radius(surface_of(lambda x: 10 * np.abs(x), [-2, -1, 0, 1, 2]), risen_by(1.0))
    assert (found.low, found.high) == (0.0, 1.0)


def test_the_range_holds_what_two_standard_errors_allow_for() -> None:
    """Of the difference of two losses, each with its own error; of the origin with itself, none."""
    stderr = 0.05
    line = surface_of(lambda x: 1 + x**2, FINE, stderr=stderr)
    found = flat_radius(line, risen_by(0.5))
    off = 2 * stderr * math.sqrt(2)
    assert found.value == pytest.approx(math.sqrt(0.5), rel=1e-9)
    assert found.low == pytest.approx(math.sqrt(0.5 - off), abs=0.01)
    assert found.high == pytest.approx(math.sqrt(0.5 + off), abs=0.01)
    exact = flat_radius(surface_of(lambda x: 1 + x**2, FINE), risen_by(0.5))
    assert exact.high - exact.low == pytest.approx(0.01)  # the gap alone


def test_twice_a_loss_that_is_within_its_error_of_zero_is_not_known() -> None:
    line = surface_of(lambda x: 0.0005 + x**2, FINE, stderr=0.0006)
    assert flat_radius(line, risen_to(2.0)).low == 0.0


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_no_number_is_above_every_level(odd: float) -> None:
    line = surface_of(lambda x: 0 * x, np.linspace(-1, 1, 11))
    put(line, (7,), odd)  # x = 0.4
    found = flat_radius(line, risen_by(0.1))
    assert found.value == pytest.approx(0.2)  # the last point that is known to be low
    assert (found.low, found.high) == pytest.approx((0.2, 0.4))


def test_where_points_are_missing_or_the_plane_ends_it_is_a_lower_bound() -> None:
    plane = surface_of(lambda x, y: 0 * x, np.linspace(-1, 2, 31), np.linspace(-0.7, 1, 18))
    found = flat_radius(plane, risen_by(0.1))
    assert (found.value, found.at_least, found.high) == (pytest.approx(0.7), True, math.inf)
    undo(plane, (7 + 3, 10 + 4))  # y = 0.3, x = 0.4
    found = flat_radius(plane, risen_by(0.1))
    assert (found.value, found.at_least) == (pytest.approx(0.5), True)
    assert str(found) == "≥ 0.5"


def test_a_rise_beyond_a_missing_point_is_not_trusted() -> None:
    line = surface_of(lambda x: x**2, np.linspace(-1, 1, 21))
    undo(line, (12,))  # x = 0.2
    found = flat_radius(line, risen_by(0.25))
    assert (found.value, found.at_least) == (pytest.approx(0.2), True)


def test_an_oblique_plane_ends_nearer_than_its_coordinates_say() -> None:
    facts = ({"norm": 2.0}, {"norm": 1.0})
    plane = surface_of(lambda x, y: 0 * x, FINE, FINE, None, facts, axes_cosine=0.8)
    found = flat_distance(plane, risen_by(0.1))
    rim = np.array([(x, s) for x in np.linspace(-1, 1, 4001) for s in (-1.0, 1.0)])
    rim = np.concatenate([rim, rim[:, ::-1]])
    metric = np.array([[4.0, 1.6], [1.6, 1.0]])
    nearest = math.sqrt(np.einsum("ni,ij,nj->n", rim, metric, rim).min())
    assert found.value == pytest.approx(nearest, rel=1e-6)
    assert inscribed_radius(plane.grid, metric) == found.value


@pytest.mark.parametrize(
    ("facts", "attributes", "words"),
    [
        (({}, {"norm": 1.0}), {"axes_cosine": 0.0}, "does not record the lengths"),
        (({"norm": 1.0}, {"norm": 1.0}), {}, "does not record the lengths"),
        (({"norm": "2"}, {"norm": 1.0}), {"axes_cosine": 0.0}, "does not record the lengths"),
        (({"norm": 0.0}, {"norm": 1.0}), {"axes_cosine": 0.0}, "does not record the lengths"),
        (({"norm": 1.0}, {"norm": 1.0}), {"axes_cosine": 1.0}, "parallel"),
    ],
)
def test_distances_need_the_lengths_of_the_axes(facts, attributes, words: str) -> None:
    plane = surface_of(bowl, FINE, FINE, None, facts, **attributes)
    with pytest.raises(InputError, match=words):
        flat_distance(plane, risen_by(0.1))


def test_a_line_needs_no_cosine() -> None:
    line = surface_of(bowl, FINE, None, None, ({"norm": 4.0},))
    assert flat_distance(line, risen_by(0.5)).value == pytest.approx(2.0, rel=1e-9)


def test_it_needs_the_origin() -> None:
    with pytest.raises(InputError, match="no point at the origin"):
        flat_radius(surface_of(bowl, np.linspace(-1, 1, 4)), risen_by(0.1))
    line = surface_of(bowl, np.linspace(-1, 1, 5))
    put(line, (2,), np.nan)
    with pytest.raises(InputError, match="NaN or infinite"):
        flat_radius(line, risen_by(0.1))
    undo(line, (2,))
    with pytest.raises(InputError, match="not computed yet"):
        flat_radius(line, risen_by(0.1))
    with pytest.raises(InputError, match="expected a positive loss for a multiple of it"):
        flat_radius(surface_of(lambda x: x**2, FINE), risen_to(2.0))


@pytest.mark.parametrize("place", [-0.95, -0.31, 0.0, 0.05, 0.8999, 0.9])
def test_the_curve_between_points_is_exact_for_parabolas(place: float) -> None:
    def parabola(x):
        return 3 * x**2 - x + 0.2

    found = value_at(UNEQUAL_X, np.stack([parabola(UNEQUAL_X), 2 * UNEQUAL_X]), place)
    np.testing.assert_allclose(found, [parabola(place), 2 * place], rtol=0, atol=1e-12)
