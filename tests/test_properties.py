"""What holds for every range, every grid, every surface and every history of interruptions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from landscape.errors import InputError
from landscape.grid import Grid, coarse_to_fine, finest_complete, parse_range
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.run.saving import Saver
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface

same_each_time = settings(deadline=None, derandomize=True, database=None)
few = settings(same_each_time, max_examples=40)
finite = some.floats(-1e6, 1e6)


@few
@given(finite, some.floats(1e-3, 1e6), some.integers(2, 400))
def test_a_range_has_its_ends_and_its_count(start: float, width: float, count: int) -> None:
    stop = start + width
    values = parse_range(f"{start!r}:{stop!r}:{count}")
    assert values.size == count
    smallest = 1e-12 * max(stop - start, 1.0)  # what is nearer to 0 is 0
    assert abs(values[0] - start) <= smallest
    assert abs(values[-1] - stop) <= smallest
    np.testing.assert_allclose(
        values, [start + (stop - start) * k / (count - 1) for k in range(count)], atol=1e-9
    )
    assert (np.diff(values) > 0).all()


@few
@given(some.floats(1e-6, 1e6), some.integers(1, 200))
def test_the_network_itself_is_in_every_symmetric_range(end: float, half: int) -> None:
    assert parse_range(f"{-end!r}:{end!r}:{2 * half + 1}")[half] == 0.0


@few
@given(some.text(alphabet="0123456789.:-+eE naif_x\u0661\u00b2", max_size=20))
def test_any_text_is_a_range_or_one_clear_error(text: str) -> None:
    try:
        values = parse_range(text)
    except InputError as error:
        said = str(error)
    else:
        assert np.isfinite(values).all()
        assert (np.diff(values) > 0).all()
        return
    assert said.startswith(f"x={text!r}: ")
    assert "expected start:stop:count" in said


@few
@given(some.lists(some.integers(1, 12), min_size=1, max_size=2), some.data())
def test_coarse_to_fine_visits_each_point_once_and_levels_complete_in_order(
    shape: list[int], data: some.DataObject
) -> None:
    size = int(np.prod(shape))
    order = coarse_to_fine(tuple(shape))
    assert sorted(order.tolist()) == list(range(size))
    done = np.zeros(size, dtype=bool)
    done[order[: data.draw(some.integers(0, size))]] = True
    found = finest_complete(done.reshape(shape))
    if found is not None:
        assert done.reshape(shape)[np.ix_(*found)].all()
        for axis, n in zip(found, shape, strict=True):
            assert axis[0] == 0
            assert axis[-1] == n - 1


axis = arrays.arrays(
    np.float64, some.integers(1, 5), elements=finite, unique=True
).map(np.sort)  # fmt: skip


@few
@given(axis, axis, some.data())
def test_a_surface_is_read_as_it_was_written(
    x: np.ndarray, y: np.ndarray, data: some.DataObject
) -> None:
    grid = Grid(x, y)
    bits = arrays.arrays(np.float64, grid.shape)  # NaN of every kind, infinite, subnormal, −0
    made = Surface(grid, {"loss": Quantity("loss", "nats")}, {"loss": data.draw(bits)})
    made.done[:] = data.draw(arrays.arrays(bool, grid.shape))
    made.attributes["title"] = data.draw(
        some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
    )
    with tempfile.TemporaryDirectory() as folder:
        found = open_surface(save_surface(made, Path(folder) / "s.h5"))
    assert found["loss"].tobytes() == made["loss"].tobytes()
    assert found.done.tobytes() == made.done.tobytes()
    assert found.x.tobytes() == made.x.tobytes()
    assert found.attributes["title"] == made.attributes["title"]


def small_problem(interrupted_at: int) -> Problem:
    """A network of 8 numbers whose loss raises at that call, as Ctrl-C or a broken machine does."""
    torch.manual_seed(0)
    calls = 0

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == interrupted_at:
            raise KeyboardInterrupt
        return torch.nn.functional.cross_entropy(output, target, reduction="none")

    inputs, targets = torch.randn(6, 3), torch.arange(6) % 2
    return Problem(torch.nn.Linear(3, 2), (inputs, targets), loss=loss)


def sitting(path: Path, interrupted_at: int) -> Surface | None:
    try:
        problem = small_problem(interrupted_at)
        return sample_surface(problem, "-1:1:4", "0:1:3", path=path, tune=False, progress=False)
    except KeyboardInterrupt:
        return None


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    path = tmp_path_factory.mktemp("whole") / "s.h5"
    assert sitting(path, 0) is not None
    return open_surface(path)


@settings(same_each_time, max_examples=10)
@given(
    history=some.lists(
        some.tuples(some.integers(1, 20), some.sampled_from(["stopped", "killed", "half written"])),
        max_size=5,
    ),
    every_point=some.booleans(),
)
def test_any_history_of_interruptions_ends_in_the_same_file(
    uninterrupted: Surface, history: list[tuple[int, str]], every_point: bool
) -> None:
    often = Saver.save if every_point else Saver.save_sometimes
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(Saver, "save_sometimes", often),
    ):
        path = Path(folder) / "s.h5"
        for at, how in history:
            before = path.read_bytes() if path.exists() else None
            sitting(path, at)
            if how == "killed" and before is not None:
                path.write_bytes(before)  # all of this sitting is lost
            if how == "half written":
                (path.parent / ".s.h5.tmp").write_bytes(b"\x89HDF")
                (path.parent / ".s.h5.lock").write_text("process 1 on nowhere")
        assert sitting(path, 0) is not None
        found = open_surface(path)
        assert sorted(p.name for p in path.parent.iterdir() if p.name != ".s.h5.tmp") == ["s.h5"]
    assert found.complete
    assert found.attributes.keys() == uninterrupted.attributes.keys()
    for name, values in uninterrupted.values.items():
        assert found[name].tobytes() == values.tobytes()
