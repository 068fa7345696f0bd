"""Files of tomgoldstein/loss-landscape: round trips, and as read by their plotting scripts."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from landscape.convert import convert
from landscape.directions import make_directions, save_directions
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface

NAMES = ["train_loss", "train_accuracy", "train_loss_stderr"]


def slope(nx: int = 5, ny: int = 3, names: list[str] = NAMES) -> Surface:
    """x + 10 y, and accuracies that are not exact when multiplied by 100 in floating point."""
    grid = Grid(np.linspace(1, 2, nx), np.linspace(0, 2, ny) if ny else None)
    surface = Surface(grid, {name: Quantity(name) for name in names}, attributes={"model": "mine"})
    for name in names:
        surface.values[name][...] = grid.x + 10 * (0 if grid.y is None else grid.y[:, None])
        if name.endswith("accuracy"):
            surface.values[name].flat = np.arange(grid.size) * 7 % 100 / 100
    surface.done[...] = True
    return surface


def content(path: Path) -> dict[str, object]:
    """All content of a file: arrays (or text) by full name, and attributes."""
    found: dict[str, object] = {}
    with h5py.File(path) as file:

        def note(name: str, node: h5py.Group | h5py.Dataset) -> None:
            if isinstance(node, h5py.Dataset):
                value = node[()]
                found[name] = (node.dtype.kind, np.shape(value), np.asarray(value).tolist())
            found.update({f"{name}@{key}": value for key, value in node.attrs.items()})

        file.visititems(note)
    return found


@pytest.mark.parametrize("name", ["resnet56", "resnet56_noshort"])
@pytest.mark.parametrize("kind", ["7x7", "directions"])
def test_round_trip_of_the_authors_files(
    shared: Path, tmp_path: Path, name: str, kind: str
) -> None:
    theirs = shared / "reference" / f"{name}_{kind}.h5"
    assert "layout landscape" in convert(theirs, tmp_path / "ours.h5")[0]
    assert "layout legacy" in convert(tmp_path / "ours.h5", tmp_path / "back.h5")[0]
    assert content(tmp_path / "back.h5") == content(theirs)
    assert content(tmp_path / "ours.h5") != content(theirs)


@pytest.mark.parametrize(("nx", "ny"), [(5, 3), (3, 5), (4, 4), (5, 0)])
def test_their_plotting_reads_our_values(tmp_path: Path, nx: int, ny: int) -> None:
    surface = slope(nx, ny)
    said = convert(save_surface(surface, tmp_path / "ours.h5"), tmp_path / "theirs.h5")
    assert "only in ours.h5" in said[1]
    assert "train_loss_stderr" in said[1]
    with h5py.File(tmp_path / "theirs.h5") as file:
        x, losses, accuracies = (file[n][:] for n in ("xcoordinates", "train_loss", "train_acc"))
        # A plot takes the axes as a mesh, and losses by [row of y, column of x].
        mesh = np.meshgrid(x, file["ycoordinates"][:]) if ny else [x]
    assert losses.shape == mesh[0].shape
    np.testing.assert_array_equal(losses, sum(k * m for k, m in zip((1, 10), mesh, strict=False)))
    np.testing.assert_array_equal(accuracies.ravel(), np.arange(surface.grid.size) * 7 % 100)


def test_a_plane_filled_by_their_script(tmp_path: Path) -> None:
    """It allocates an array (nx, ny) but fills it in flat order, x first, as a mesh (ny, nx)."""
    x, y = np.linspace(1, 2, 5), np.linspace(0, 2, 3)
    losses = -np.ones((5, 3))
    for index, (a, b) in enumerate((a, b) for b in y for a in x):
        losses.ravel()[index] = a + 10 * b
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["xcoordinates"], file["ycoordinates"], file["train_loss"] = x, y, losses
    convert(tmp_path / "theirs.h5", tmp_path / "ours.h5")
    np.testing.assert_array_equal(
        open_surface(tmp_path / "ours.h5")["train_loss"], slope()["train_loss"]
    )


def test_missing_and_non_finite_values_are_preserved(tmp_path: Path) -> None:
    surface = slope()
    surface.values["train_loss"].flat[:3] = [np.nan, np.inf, 0.0]
    surface.done[2, 4] = False
    save_surface(surface, tmp_path / "ours.h5")
    said = convert(tmp_path / "ours.h5", tmp_path / "theirs.h5")
    assert any("2 values are NaN or infinite" in line for line in said)
    with h5py.File(tmp_path / "theirs.h5") as file:
        assert [file[name][2, 4] for name in ("train_loss", "train_acc")] == [-1.0, -1.0]
    convert(tmp_path / "theirs.h5", tmp_path / "back.h5")
    back = open_surface(tmp_path / "back.h5")
    np.testing.assert_array_equal(back.done, surface.done)
    for name in ("train_loss", "train_accuracy"):
        np.testing.assert_array_equal(back[name][back.done], surface[name][surface.done])


def test_a_computed_value_equal_to_their_missing_value(tmp_path: Path) -> None:
    surface = slope()
    surface.values["train_loss"][0, 0] = -1.0
    save_surface(surface, tmp_path / "ours.h5")
    with pytest.raises(InputError, match=r"train_loss is exactly −1 at 1 computed points"):
        convert(tmp_path / "ours.h5", tmp_path / "theirs.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["ours.h5"]
    surface.done[0, 0] = False
    save_surface(surface, tmp_path / "ours.h5")
    convert(tmp_path / "ours.h5", tmp_path / "theirs.h5")


@pytest.mark.parametrize(
    ("names", "theirs"),
    [
        (["loss", "accuracy"], {"train_loss", "train_acc"}),
        (["loss", "train_loss"], {"train_loss"}),
        (["test_loss", "test_accuracy", "margin"], {"test_loss", "test_acc"}),
    ],
)
def test_which_quantities_are_converted(tmp_path: Path, names: list[str], theirs: set[str]) -> None:
    surface = slope(names=names)
    surface.values[names[-1]] += 0.5  # distinguishes train_loss from loss
    save_surface(surface, tmp_path / "ours.h5")
    convert(tmp_path / "ours.h5", tmp_path / "theirs.h5")
    with h5py.File(tmp_path / "theirs.h5") as file:
        assert set(file) == {"xcoordinates", "ycoordinates", *theirs}
        if names[-1] == "train_loss":
            np.testing.assert_array_equal(file["train_loss"][:], surface["train_loss"])


def test_a_surface_without_any_of_them(tmp_path: Path) -> None:
    save_surface(slope(names=["margin"]), tmp_path / "ours.h5")
    with pytest.raises(InputError, match=r"the surface has margin, but .* train_loss"):
        convert(tmp_path / "ours.h5", tmp_path / "theirs.h5")


def test_directions_keep_the_order_of_the_parameters(tmp_path: Path) -> None:
    params = {f"layer{k}.weight": torch.full((2, 1 + k % 3), float(k)) for k in range(12)}
    made = make_directions(params, seed=1)
    vectors, facts = [d.vector for d in made], [d.attributes for d in made]
    ours = save_directions(tmp_path / "ours.h5", vectors, facts)
    convert(ours, tmp_path / "theirs.h5")
    with h5py.File(tmp_path / "theirs.h5") as file:
        assert set(file) == {"xdirection", "ydirection"}
        for axis, vector in zip(("xdirection", "ydirection"), vectors, strict=True):
            read = [file[axis][str(k)][:] for k in range(len(file[axis]))]
            for a, b in zip(read, vector.values(), strict=True):
                np.testing.assert_array_equal(a, b.numpy())
    assert not [key for key in content(tmp_path / "theirs.h5") if "@" in key]
    again = make_directions(params, kind=str(tmp_path / "theirs.h5"))
    for a, b in zip(again, vectors, strict=True):
        assert all(torch.equal(a.vector[name], b[name]) for name in b)


def test_the_requested_layout_is_written(tmp_path: Path) -> None:
    save_surface(slope(), tmp_path / "ours.h5")
    convert(tmp_path / "ours.h5", tmp_path / "theirs.h5", to="legacy")
    shutil.copy(tmp_path / "theirs.h5", tmp_path / "same.h5")
    with pytest.raises(InputError, match="already in layout legacy"):
        convert(tmp_path / "theirs.h5", tmp_path / "same.h5", to="legacy")
    convert(tmp_path / "theirs.h5", tmp_path / "same.h5", to="landscape")
    assert open_surface(tmp_path / "same.h5").attributes["source"] == "tomgoldstein/loss-landscape"
