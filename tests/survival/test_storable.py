"""Whatever is written can be opened again; what could not be is refused before it is computed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

import landscape
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.hdf5 import reading
from landscape.quantity import by_name
from landscape.run.draws import quantities_of_draws
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface

TEXTS = st.text(st.characters(codec=None), max_size=6)
NAMES = TEXTS | st.sampled_from(
    [*("schema", "quantities", "values_sha256", "x", "done", "draw", "trajectories", "a b", "a\tb")]
)
VALUES: Any = st.one_of(
    TEXTS, st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers(), max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=3, unique=True), NAMES, VALUES, st.booleans())
def test_it_is_opened_as_it_was_or_refused(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], key: str, value: Any, axis: bool
) -> None:
    folder = tmp_path_factory.mktemp("f")
    grid = Grid(np.arange(3.0))
    quantities = {name: Quantity(f"long {name}", "nats") for name in names}
    values = {name: np.arange(3.0) + k for k, name in enumerate(names)}
    facts = {key: value}
    surface = Surface(
        grid, quantities, values, **({"axes": {"x": facts}} if axis else {"attributes": facts})
    )
    try:
        save_surface(surface, folder / "s.h5")
    except InputError:
        assert list(folder.iterdir()) == []
        return
    read = open_surface(folder / "s.h5")
    assert list(read.quantities) == names
    for name in names:
        np.testing.assert_array_equal(read[name], values[name])
    assert key in (read.axes["x"] if axis else read.attributes)


def problem(splits: Any = ("train",), **options: Any) -> landscape.Problem:
    torch.manual_seed(0)
    data = torch.randn(8, 3), torch.arange(8) % 2
    return landscape.Problem(torch.nn.Linear(3, 2), dict.fromkeys(splits, data), **options)


@pytest.mark.parametrize("split", ["a b", " a", "a\tb", "a\nb", "a\n", "a/b", "x\x00", "\udcff"])
def test_a_split_of_any_name_is_kept_or_refused_at_once(tmp_path: Path, split: str) -> None:
    path = tmp_path / "s.h5"
    if split.isprintable() and "/" not in split:
        made = landscape.sample_surface(problem([split]), "-1:1:3", None, path=path, tune=False)
        assert list(open_surface(path).quantities) == list(made.quantities)
    else:
        with pytest.raises(InputError, match="name"):
            landscape.sample_surface(problem([split]), "-1:1:3", None, path=path, tune=False)
        assert not path.exists()


@pytest.mark.parametrize("name", ["schema", "quantities", "values_sha256", "\x00", ""])
def test_an_attribute_of_the_file_itself_is_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="attribute"):
        landscape.sample_surface(
            problem(attributes={name: 1}), "-1:1:3", None, path=tmp_path / "s.h5"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_title_of_any_bytes(tmp_path: Path) -> None:
    made = landscape.sample_surface(
        problem(), "-1:1:3", None, path=tmp_path / "s.h5", title="a\udcffb\x00c"
    )
    assert open_surface(tmp_path / "s.h5").attributes["title"] == "a\\udcffb\\x00c"
    assert made.complete


def test_a_surface_too_large_to_be_opened_is_refused_before_sampling(tmp_path: Path) -> None:
    began = time.monotonic()
    wanted = "12,250,000 points of .* file holds at most 1,073,741,824, which is"
    with pytest.raises(InputError, match=wanted):
        landscape.sample_surface(
            problem(["train", "test"]), "-1:1:3500", "-1:1:3500", path=tmp_path / "s.h5"
        )
    assert time.monotonic() - began < 10
    assert list(tmp_path.iterdir()) == []


def test_the_largest_is_opened_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At the limit itself, made small here: what is written is read."""
    grid = Grid(np.arange(5.0), np.arange(4.0))
    surface = Surface(grid, {name: Quantity(name) for name in ("a", "b", "c")})
    size = 8 * (20 * 4 + 9)
    monkeypatch.setattr(landscape.storable, "LARGEST", size - 1)
    with pytest.raises(InputError, match=f"{size:,} bytes"):
        save_surface(surface, tmp_path / "s.h5")
    monkeypatch.setattr(landscape.storable, "LARGEST", size)
    save_surface(surface, tmp_path / "s.h5")
    with reading(tmp_path / "s.h5", "surface", largest=size) as file:
        assert "a" in file


def drawn(repeats: int, ny: int = 0) -> Surface:
    one = by_name(
        [
            Quantity("mean loss", "nats", split="train", base="loss"),
            Quantity("its error", "nats", split="train", base="loss", statistic="stderr"),
            Quantity("examples", split="train", base="count"),
        ]
    )
    grid = Grid(np.linspace(-1, 1, 3), np.linspace(0, 1, ny) if ny else None)
    surface = Surface(grid, quantities_of_draws(one, repeats))
    random = np.random.default_rng(0)
    for values in surface.values.values():
        values[...] = random.normal(size=grid.shape)
    surface.done[...] = True
    return surface


@pytest.mark.parametrize(("repeats", "ny"), [(2, 0), (3, 2), (1000, 0)])
def test_draws_are_one_dataset_with_a_dimension(tmp_path: Path, repeats: int, ny: int) -> None:
    made = drawn(repeats, ny)
    path = save_surface(made, tmp_path / "s.h5")
    read = open_surface(path)
    assert list(read.quantities.items()) == list(made.quantities.items())
    for name in made.quantities:
        np.testing.assert_array_equal(read[name], made[name])
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        dims = ("draw", "y", "x") if ny else ("draw", "x")
        assert data["train_loss_draws"].dims == dims
        np.testing.assert_array_equal(
            data["train_loss_draws_stderr"].sel(draw=2), made["train_loss_draw2_stderr"]
        )
        assert len(data.variables) < 15
    with h5py.File(path) as file:
        assert file.attrs["schema"] == 2


def test_draws_that_no_run_makes_are_stored_one_by_one(tmp_path: Path) -> None:
    made = drawn(3)
    del made.quantities["train_loss_draw2"], made.values["train_loss_draw2"]
    read = open_surface(save_surface(made, tmp_path / "s.h5"))
    assert list(read.quantities.items()) == list(made.quantities.items())


@pytest.mark.parametrize("damage", ["numbers", "shape", "scale"])
def test_damaged_draws(tmp_path: Path, damage: str) -> None:
    path = save_surface(drawn(3), tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        if damage == "numbers":
            file["draw"][0] = 7
        elif damage == "shape":
            del file["train_loss_draws"]
            file["train_loss_draws"] = np.zeros((2, 3))
        else:
            del file["draw"]
    with pytest.raises(InputError, match=r"damaged|shape"):
        open_surface(path)


def test_a_thousand_draws_of_two_splits(tmp_path: Path) -> None:
    made = landscape.sample_surface(
        problem(["train", "test"]),
        *("0:1:2", None),
        path=tmp_path / "s.h5",
        repeats=1000,
        tune=False,
        progress=False,
    )
    assert open_surface(tmp_path / "s.h5").quantities == made.quantities
