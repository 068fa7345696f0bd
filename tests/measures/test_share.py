"""The share of a plane below a level."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.measures import share_below, share_below_chance
from tests.measures.made import UNEQUAL_X, UNEQUAL_Y, put, surface_of, undo


def test_on_an_even_grid_it_is_the_share_of_the_points() -> None:
    plane = surface_of(lambda x, y: x + 10 * y, np.linspace(0, 1, 7), np.linspace(0, 1, 4))
    values = plane["loss"]
    for level in (-1.0, 0.4, 3.6, 20.0):
        assert share_below(plane, level).value == pytest.approx((values < level).mean())


def test_on_an_unequal_grid_it_is_the_share_of_the_area() -> None:
    """Below x < 0.05: all cells left of half way between 0 and 0.1, in any spacing of y."""
    plane = surface_of(lambda x, y: x, UNEQUAL_X, UNEQUAL_Y)
    first, last = -1.0 - 0.17 / 2, 0.9 + 0.24 / 2
    assert share_below(plane, 0.03).value == pytest.approx((0.05 - first) / (last - first))


def test_nan_is_above_and_what_is_missing_is_not_there() -> None:
    line = surface_of(lambda x: 0 * x, np.arange(5.0))
    put(line, (0,), np.nan)
    put(line, (1,), np.inf)
    assert share_below(line, 1.0).value == pytest.approx(3 / 5)
    undo(line, (2,))
    assert share_below(line, 1.0).value == pytest.approx(2 / 4)


def test_its_range_counts_the_points_that_may_be_either_side() -> None:
    line = surface_of(lambda x: x, np.arange(10.0), stderr=1.0)
    found = share_below(line, 4.5)
    assert (found.low, found.value, found.high) == pytest.approx((0.3, 0.5, 0.7))


def test_the_level_of_guessing() -> None:
    line = surface_of(lambda x: x, np.arange(5.0), classes=10)
    assert share_below_chance(line) == pytest.approx(3 / 5)  # 0, 1, 2 < 2.30
    assert share_below(line, math.log(10)).value == share_below_chance(line)
    assert share_below_chance(surface_of(lambda x: x, np.arange(5.0))) is None
    line.done[...] = False
    assert share_below_chance(line) is None
    with pytest.raises(InputError, match="no point"):
        share_below(line, 1.0)
    line.done[...] = True
    line.values["loss"][...] = np.nan
    assert share_below_chance(line) == 0.0
