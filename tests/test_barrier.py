"""Barrier heights of curves with a known height."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures.barrier import barrier

T = np.linspace(0, 1, 101)


@pytest.mark.parametrize(
    ("losses", "height", "at"),
    [
        (4 * T * (1 - T), 1.0, 0.5),
        (4 * T * (1 - T) + 3 * T + 7, 1.0, 0.5),  # a slope without a barrier
        (3 * T + 7, 0.0, None),
        (-T * (1 - T), 0.0, 0.0),  # a valley
        (T**2 * (1 - T), 0.148148, 0.67),  # the maximum is 4/27, at 2/3
    ],
)
def test_closed_forms(losses: np.ndarray, height: float, at: float | None) -> None:
    found = barrier(T, losses)
    assert found.height == pytest.approx(height, abs=2e-5)
    if at is not None:
        assert found.t == pytest.approx(at)


def test_only_points_between_the_solutions_count() -> None:
    t = np.linspace(-0.5, 1.5, 41)
    losses = np.where((t < -1e-6) | (t > 1 + 1e-6), 100.0, 4 * t * (1 - t))
    assert barrier(t, losses) == pytest.approx((1.0, 0.5))


def test_the_order_of_the_points_does_not_matter() -> None:
    shuffled = np.random.default_rng(0).permutation(len(T))
    losses = T**2 * (1 - T) + T
    assert barrier(T[shuffled], losses[shuffled]) == pytest.approx(barrier(T, losses))


def test_against_the_solutions_own_losses() -> None:
    """Where the path misses B, its height at the end of B counts fully."""
    losses = 1 + 5 * T
    assert barrier(T, losses).height == pytest.approx(0.0, abs=1e-12)
    assert barrier(T, losses, (1.0, 2.0)) == pytest.approx((4.0, 1.0))
    assert barrier([0.5], [3.0], (1.0, 2.0)) == pytest.approx((1.5, 0.5))


@pytest.mark.parametrize(("bad", "height"), [(math.inf, math.inf), (math.nan, math.nan)])
def test_losses_that_are_not_finite(bad: float, height: float) -> None:
    losses = 4 * T * (1 - T)
    losses[30] = bad
    found = barrier(T, losses)
    assert found == pytest.approx((height, 0.3), nan_ok=True)


@pytest.mark.parametrize(
    ("t", "losses", "words"),
    [
        ([0, 0.5, 1], [1, 2], "losses of shape (2,) at coordinates of shape (3,)"),
        ([[0, 1]], [[1, 2]], "one loss for each coordinate"),
        ([0.1, 0.5, 1], [1, 2, 3], "no point at 0"),
        ([0, 0.5, 0.9], [1, 2, 3], "no point at 1"),
        ([2, 3], [1, 2], "from 0 to 1, where the two solutions are"),
    ],
)
def test_bad_input(t: list[float], losses: list[float], words: str) -> None:
    with pytest.raises(InputError) as error:
        barrier(t, losses)
    assert words in str(error.value)
