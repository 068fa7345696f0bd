"""Ranges, the axis convention, and the order of points."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import Grid, coarse_to_fine, finest_complete, parse_range


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1:1:5", [-1, -0.5, 0, 0.5, 1]),
        ("0:1:3", [0, 0.5, 1]),
        ("-1:0:3", [-1, -0.5, 0]),
        ("0:0:1", [0]),
        ("0.25", [0.25]),
        ("-2e-1:2e-1:3", [-0.2, 0, 0.2]),
    ],
)
def test_ranges(text: str, expected: list[float]) -> None:
    np.testing.assert_allclose(parse_range(text), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("count", [3, 7, 25, 51, 99, 101, 1001])
@pytest.mark.parametrize("half", [1.0, 0.3, 2.7, 1e-3])
def test_symmetric_odd_grids_contain_zero_exactly(half: float, count: int) -> None:
    assert parse_range(f"-{half}:{half}:{count}")[count // 2] == 0.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1:0:x", "'x'"),
        ("1:0:5", "start is not below stop"),
        ("-1:1:0", "0 points"),
        ("-1:1:-3", "-3 points"),
        ("-1:1:1", "one point cannot have two ends"),
        ("1:1:5", "start is not below stop"),
        ("0:1", "2 parts"),
        ("a:b:3", "not numbers"),
        ("nan:1:3", "not finite"),
        ("-inf:1:3", "not finite"),
        ("-1:1:2.5", "'2.5'"),
        ("", "not numbers"),
    ],
)
def test_malformed_ranges(text: str, why: str) -> None:
    with pytest.raises(InputError, match="expected start:stop:count") as error:
        parse_range(text, "y")
    assert why in str(error.value)
    assert f"y={text!r}" in str(error.value)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.linspace(-1, 1, 9), "x=-1:1:9"),
        (np.linspace(-1, 1, 3).astype(np.float32).astype(float), "x=-1:1:3"),
        (np.array([-1.0, 1.0, 9.0]), "x=[-1, 1, 9]"),
        (np.array([0.0, 0.25, 1.0]), "x=[0, 0.25, 1]"),
        (np.geomspace(0.1, 10, 21), "x=0.1:10:21 in uneven steps"),
        (np.array([0.5]), "x=0.5:0.5:1"),
    ],
)
def test_axes_are_printed_as_what_they_are(x: np.ndarray, words: str) -> None:
    assert str(Grid(x)) == words


def test_rows_are_y_and_columns_are_x() -> None:
    grid = Grid(np.array([0.0, 1.0, 2.0]), np.array([10.0, 20.0]))
    assert grid.shape == (2, 3)
    values = np.array([x + 100 * y for x, y in grid.points()]).reshape(grid.shape)
    for j, y in enumerate([10.0, 20.0]):
        for i, x in enumerate([0.0, 1.0, 2.0]):
            assert values[j, i] == x + 100 * y


def test_line_has_one_axis() -> None:
    grid = Grid(np.array([0.0, 0.5]))
    assert grid.shape == (2,)
    assert grid.points().tolist() == [[0.0], [0.5]]


@pytest.mark.parametrize("axis", [[1.0, 0.0], [0.0, 0.0], [], [[0.0, 1.0]], [0.0, np.nan]])
def test_axes_must_increase(axis: list[float]) -> None:
    with pytest.raises(InputError):
        Grid(np.array(axis))


@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (1, 1), (1, 6), (5, 5), (4, 9), (51, 51)])
def test_every_point_once_corners_first(shape: tuple[int, ...]) -> None:
    order = coarse_to_fine(shape)
    assert sorted(order.tolist()) == list(range(int(np.prod(shape))))
    corners = (
        {int(np.ravel_multi_index(c, shape)) for c in np.ndindex(*(min(2, n) for n in shape))}
        if max(shape) <= 2
        else {
            int(
                np.ravel_multi_index(
                    tuple(e * (n - 1) for e, n in zip(ends, shape, strict=True)), shape
                )
            )
            for ends in np.ndindex(*(2,) * len(shape))
        }
    )
    assert set(order[: len(corners)].tolist()) == corners


def test_every_prefix_covers_the_plane() -> None:
    """After a fraction of the points, every point is close to a visited one."""
    n = 33
    order = coarse_to_fine((n, n))
    for level in range(1, 5):
        stride = 2 ** (5 - level)
        visited = order[: (2**level + 1) ** 2]
        rows, columns = np.divmod(visited, n)
        assert (rows % stride == 0).all()
        assert (columns % stride == 0).all()


@pytest.mark.parametrize("shape", [(5, 5), (7, 12), (25, 25)])
def test_finest_complete_level(shape: tuple[int, ...]) -> None:
    done = np.zeros(shape, bool)
    assert finest_complete(done) is None
    order = coarse_to_fine(shape)
    sizes = []
    for count in range(1, done.size + 1):
        done.flat[order[count - 1]] = True
        found = finest_complete(done)
        sizes.append(0 if found is None else found[0].size * found[1].size)
        if found is not None:
            assert done[np.ix_(*found)].all()
            assert [(axis[0], axis[-1]) for axis in found] == [(0, n - 1) for n in shape]
        assert sizes[-1] <= count
    # A level is reported with its last point, which is the next in the order.
    assert {size for size in sizes if size} == {
        size for count, size in enumerate(sizes, start=1) if size == count
    }
    assert sizes[-1] == done.size
