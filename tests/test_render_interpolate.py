"""Between the samples: through every sample, within its cell, across no hole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render.heights import prepare
from landscape.render.space.interpolate import refine, statement
from landscape.render.space.relief import relief
from landscape.surface import Quantity, Surface

RANDOM = np.random.default_rng(0)
X = np.array([-1.0, -0.7, -0.1, 0.0, 0.4, 1.3])
Y = np.array([0.0, 0.1, 0.5, 2.0])
ROUGH = RANDOM.normal(size=(4, 6))


def open_at(*places: tuple[int, int]) -> np.ndarray:
    heights = ROUGH.copy()
    for place in places:
        heights[place] = np.nan
    return heights


CASES = {
    "rough, uneven, nx ≠ ny": (X, Y, ROUGH),
    "holes": (X, Y, open_at((1, 2), (2, 3), (0, 5))),
    "a hole between lonely points": (X, Y, open_at((0, 1), (1, 0), (1, 1))),
    "2 × 2": (X[:2], Y[:2], ROUGH[:2, :2]),
    "2 × 4": (X[:2], Y, ROUGH[:, :2]),
    "constant": (X, Y, np.full((4, 6), 3.5)),
    "tiny": (X, Y, 1e-300 * ROUGH),
    "all holes": (X, Y, np.full((4, 6), np.nan)),
    "one finite point": (X, Y, np.where(np.arange(24).reshape(4, 6) == 9, 1.0, np.nan)),
    "already fine": (np.arange(300.0), Y, RANDOM.normal(size=(4, 300))),
}


@pytest.mark.parametrize("name", CASES)
def test_samples_are_kept_and_cells_keep_their_range(name: str) -> None:
    x, y, heights = CASES[name]
    fine = refine(x, y, heights, cells=60)
    across, upward = fine.parts
    assert np.array_equal(fine.heights[::upward, ::across], heights, equal_nan=True)
    assert np.array_equal(fine.x[::across], x)
    assert np.array_equal(fine.y[::upward], y)
    assert (np.diff(fine.x) > 0).all()
    assert (np.diff(fine.y) > 0).all()
    for j in range(y.size - 1):
        for i in range(x.size - 1):
            corners = heights[j : j + 2, i : i + 2]
            rows = slice(j * upward, (j + 1) * upward + 1)
            cell = fine.heights[rows, i * across : (i + 1) * across + 1]
            if np.isnan(corners).any():
                assert np.isnan(cell[1:-1, 1:-1]).all()
            else:
                slack = 1e-12 * np.abs(corners).max()
                assert cell.min() >= corners.min() - slack
                assert cell.max() <= corners.max() + slack


def test_grid_lines_are_the_monotone_cubic_of_scipy() -> None:
    fine = refine(X, Y, ROUGH, cells=60)
    across, upward = fine.parts
    rows = PchipInterpolator(X, ROUGH, axis=1)(fine.x)
    columns = PchipInterpolator(Y, ROUGH, axis=0)(fine.y)
    assert fine.heights[::upward] == pytest.approx(rows, abs=1e-12)
    assert fine.heights[:, ::across] == pytest.approx(columns, abs=1e-12)


def test_a_plane_stays_one_and_x_and_y_are_not_exchanged() -> None:
    fine = refine(X, Y, X[None, :] + 10 * Y[:, None])
    assert fine.heights == pytest.approx(fine.x[None, :] + 10 * fine.y[:, None], abs=1e-12)


def test_turned_input_gives_the_turned_surface() -> None:
    heights = open_at((1, 2))
    turned = refine(Y, X, heights.T).heights.T
    assert refine(X, Y, heights).heights == pytest.approx(turned, abs=1e-12, nan_ok=True)


def test_it_is_closer_to_a_smooth_function_than_straight_lines() -> None:
    x = np.linspace(-1, 1, 21)

    def height(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.sin(2 * u[None, :]) * np.cos(3 * v[:, None])

    fine = refine(x, x, height(x, x))
    straight = np.array([np.interp(fine.x, x, row) for row in height(x, x)])
    straight = np.array([np.interp(fine.y, x, column) for column in straight.T]).T
    truth = height(fine.x, fine.y)
    wrong, plainly = (np.sqrt(np.mean((z - truth) ** 2)) for z in (fine.heights, straight))
    assert wrong < 0.6 * plainly


def test_a_hole_changes_only_the_slopes_beside_it() -> None:
    x = np.arange(9.0)
    heights = RANDOM.normal(size=(9, 9))
    whole = refine(x, x, heights, cells=80).heights
    heights[4, 4] = np.nan
    holed = refine(x, x, heights, cells=80).heights
    cells = np.abs(holed - whole) > 1e-12
    rows, columns = np.nonzero(cells)
    assert rows.min() > 10
    assert rows.max() < 70
    assert columns.min() > 10
    assert columns.max() < 70
    steps = np.nanmax(np.abs(np.diff(holed, axis=0))), np.nanmax(np.abs(np.diff(holed, axis=1)))
    assert max(steps) < 0.2 * np.ptp(heights[np.isfinite(heights)])  # no cracks


def test_off_is_the_samples() -> None:
    fine = refine(X, Y, ROUGH, "none")
    assert fine.heights is ROUGH
    assert statement(fine, ROUGH.shape, "log10(loss)") == (
        "log10(loss) at 6 x 4 sampled points, no interpolation"
    )
    assert statement(refine(X, Y, ROUGH), ROUGH.shape, "log10(loss)") == (
        "cubic interpolation of log10(loss) between 6 x 4 sampled points"
    )


def test_another_method_is_an_error() -> None:
    with pytest.raises(InputError, match=r"unknown interpolation 'cubik'.*did you mean 'cubic'"):
        refine(X, Y, ROUGH, "cubik")


def test_what_is_cut_off_has_a_smooth_edge() -> None:
    """A fault once: heights were cut before they were interpolated, and the edge had steps."""
    x = np.linspace(-1, 1, 21)
    radius = np.hypot(x[None, :], x[:, None])
    quantities = {"loss": Quantity("loss")}
    surface = Surface(
        Grid(x, x), quantities, {"loss": 10 ** (4 * radius)}, np.ones((21, 21), dtype=bool)
    )
    (panel,), scale = prepare([(surface, "loss")], clip=10**2.5)
    shape = relief(panel, scale, "cubic", 200)
    fine = shape.fine
    assert np.array_equal(fine.heights[::10, ::10], panel.heights)
    assert fine.heights.max() == scale.top
    u, v = np.meshgrid(fine.x, fine.y)
    cut = fine.heights >= scale.top - 1e-9
    # The edge is the circle of radius 2.5 / 4, to a fraction of a sample's distance.
    assert cut[np.hypot(u, v) > 0.625 + 0.01].all()
    assert not cut[np.hypot(u, v) < 0.625 - 0.01].any()
