"""Surface files: round trips, other readers, damage, and the authors' layout."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.legacy import save_legacy
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface, Trajectory


def tilted(nx: int = 4, ny: int = 3) -> Surface:
    """x + 10 y on unequal axes: no symmetry can hide a swapped index."""
    grid = Grid(np.linspace(-1, 1, nx), np.linspace(0, 2, ny) if ny else None)
    y = grid.y[:, None] if grid.y is not None else 0.0
    surface = Surface(
        grid,
        {"train_loss": Quantity("mean cross-entropy", "nats"), "train_accuracy": Quantity("acc")},
        attributes={"model": "résumé <b>", "classes": 10, "train_examples": 7, "rate": 0.5},
        axes={"x": {"seed": 3, "norm": 1.5}},
    )
    surface.values["train_loss"][...] = grid.x + 10 * y
    surface.values["train_accuracy"][...] = 0.5
    surface.done[...] = True
    return surface


def assert_same(a: Surface, b: Surface) -> None:
    assert a.grid.same_as(b.grid)
    assert list(a.quantities.items()) == list(b.quantities.items())
    for name in a.quantities:
        np.testing.assert_array_equal(a[name], b[name])
    np.testing.assert_array_equal(a.done, b.done)
    assert a.attributes == b.attributes
    assert a.axes == b.axes
    assert list(a.trajectories) == list(b.trajectories)
    for name, path in a.trajectories.items():
        for one, two in zip(
            path.arrays().items(), b.trajectories[name].arrays().items(), strict=True
        ):
            assert one[0] == two[0]
            np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize(("nx", "ny"), [(4, 3), (3, 4), (1, 1), (5, 1), (1, 5), (5, 0), (1, 0)])
def test_round_trip(tmp_path: Path, nx: int, ny: int) -> None:
    surface = tilted(nx, ny)
    assert_same(open_surface(save_surface(surface, tmp_path / "s.h5")), surface)
    assert [p.name for p in tmp_path.iterdir()] == ["s.h5"]


def test_computed_nan_and_infinity_are_not_missing(tmp_path: Path) -> None:
    surface = tilted()
    surface.values["train_loss"].flat[:4] = [np.nan, np.inf, -np.inf, 0.0]
    surface.done.flat[[0, 5]] = [True, False]
    read = open_surface(save_surface(surface, tmp_path / "s.h5"))
    assert_same(read, surface)
    assert read.missing().tolist() == [5]


def test_xarray_shows_labelled_coordinates(tmp_path: Path) -> None:
    surface = tilted()
    save_surface(surface, tmp_path / "s.h5")
    with xarray.open_dataset(tmp_path / "s.h5", engine="h5netcdf") as data:
        assert data.train_loss.dims == ("y", "x")
        assert data.train_loss.attrs["units"] == "nats"
        assert float(data.train_loss.sel(x=-1.0, y=2.0)) == -1.0 + 10 * 2.0
        assert data.attrs["model"] == "résumé <b>"
        assert data.x.attrs["seed"] == 3
        np.testing.assert_array_equal(data.done, np.ones((3, 4)))


def test_failed_write_keeps_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_surface(tilted(), tmp_path / "s.h5")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("landscape.atomic.os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        save_surface(tilted(nx=9), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["s.h5"]


def _foreign(path: Path) -> None:
    path.write_text("not a surface")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["weights"] = np.zeros(3)


def _later(path: Path) -> None:
    save_surface(tilted(), path)
    with h5py.File(path, "a") as file:
        file.attrs["schema"] = 99


def _truncated(path: Path) -> None:
    save_surface(tilted(), path)
    path.write_bytes(path.read_bytes()[:2000])


def _wrong_shape(path: Path) -> None:
    save_surface(tilted(), path)
    with h5py.File(path, "a") as file:
        del file["train_loss"]
        file["train_loss"] = np.zeros((4, 3))


def _lost_quantity(path: Path) -> None:
    save_surface(tilted(), path)
    with h5py.File(path, "a") as file:
        del file["train_loss"]


def _lost_mask_shape(path: Path) -> None:
    save_surface(tilted(), path)
    with h5py.File(path, "a") as file:
        del file["done"]
        file["done"] = np.zeros(2, dtype=np.uint8)


def _text_axis(path: Path) -> None:
    save_surface(tilted(), path)
    with h5py.File(path, "a") as file:
        file.move("x", "old")
        file["x"] = "nonsense"


def _legacy_wrong_shape(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["xcoordinates"], file["ycoordinates"] = np.arange(3.0), np.arange(4.0)
        file["train_loss"] = np.zeros((2, 6))


def _legacy_empty(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["xcoordinates"] = np.arange(3.0)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_foreign, "not a readable HDF5"),
        (_empty, "not a readable HDF5"),
        (_other_hdf5, "contains weights"),
        (_later, "schema 99"),
        (_truncated, "not a readable HDF5"),
        (_wrong_shape, "ny, nx"),
        (_lost_quantity, "damaged"),
        (_lost_mask_shape, "done"),
        (_text_axis, "x"),
        (_legacy_wrong_shape, "ny, nx"),
        (_legacy_empty, "no values"),
    ],
)
def test_bad_surface_files(tmp_path: Path, damage, says: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "s.h5"
    damage(path)
    with pytest.raises(InputError, match=says) as error:
        open_surface(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["missing.h5", "."])
def test_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="expected an HDF5 file"):
        open_surface(tmp_path / name)


def test_plane_of_a_curve_by_its_earlier_name(tmp_path: Path) -> None:
    path = save_surface(tilted(), tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        file["x"].attrs["kind"] = "bezier"
    assert open_surface(path).axes["x"]["kind"] == "curve"
    assert open_surface("example:digits_curve").axes["y"]["kind"] == "curve"


def test_authors_surfaces_are_read_with_their_axes(shared: Path) -> None:
    path = shared / "reference" / "resnet56_7x7.h5"
    surface = open_surface(path)
    with h5py.File(path) as file:
        for j, i in [(0, 6), (6, 0), (2, 4)]:
            assert surface["train_loss"][j, i] == file["train_loss"][j, i]
            assert surface["train_accuracy"][j, i] == file["train_acc"][j, i] / 100
    assert surface.complete
    assert surface.minimum() == (surface["train_loss"][3, 3], {"x": 0.0, "y": 0.0})


def test_to_the_authors_layout_and_back(tmp_path: Path) -> None:
    surface = tilted()
    surface.values["train_loss"][0, 0] = 0.0  # a loss of zero is done, not missing
    surface.done[1, 2] = False
    path = save_legacy(surface, tmp_path / "theirs.h5")
    with h5py.File(path) as file:
        assert file["train_loss"][1, 2] == -1.0
        assert file["train_acc"][0, 0] == 50.0
        assert file["train_loss"].shape == (3, 4)
    read = open_surface(path)
    np.testing.assert_array_equal(read.done, surface.done)
    for name in ("train_loss", "train_accuracy"):
        np.testing.assert_array_equal(read[name][read.done], surface[name][surface.done])


def with_trajectories() -> Surface:
    surface = tilted()
    surface.trajectories["SGD"] = Trajectory(
        np.array([1, 2]), np.array([3, 4]), distance=np.array([5, 6]), step=np.array([0, 300])
    )
    surface.trajectories["Adam, rate 0.1"] = Trajectory(
        np.array([0.9, 0.5, 0.0]), np.array([0.1, 1.5, 2.5]), loss=np.array([2.0, np.nan, 0.1])
    )
    return surface


def test_trajectories_are_written_and_read_in_order(tmp_path: Path) -> None:
    surface = with_trajectories()
    path = save_surface(surface, tmp_path / "s.h5")
    assert_same(open_surface(path), surface)
    with h5py.File(path) as file:
        assert file.attrs["schema"] == 1  # earlier versions can still read all but the trajectories
        assert file["trajectories/SGD/distance"][()].tolist() == [5, 6]
    with xarray.open_dataset(path, engine="h5netcdf") as dataset:
        assert set(dataset.data_vars) == {"train_loss", "train_accuracy", "done"}
        assert dataset["train_loss"].sel(x=1.0, y=2.0, method="nearest") == 21.0


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": [0.0, 1.0], "y": [0.0]}, r"y has shape \(1,\), but x has shape \(2,\)"),
        ({"x": [], "y": []}, "at least one step"),
        ({"x": [[0.0]], "y": [[0.0]]}, r"shape \(1, 1\)"),
        ({"x": [0.0], "y": [np.nan]}, "y must be finite"),
        ({"x": [0.0], "y": [0.0], "step": [1, 2]}, "step has shape"),
    ],
)
def test_bad_trajectories(arrays, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says):
        Trajectory(**arrays)


@pytest.mark.parametrize("name", ["", ".", "a/b"])
def test_trajectory_name_that_cannot_be_stored(tmp_path: Path, name: str) -> None:
    surface = tilted()
    surface.trajectories[name] = Trajectory(np.zeros(1), np.zeros(1))
    with pytest.raises(InputError, match="cannot be stored"):
        save_surface(surface, tmp_path / "s.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["SGD/x", "SGD"])
def test_damaged_trajectory(tmp_path: Path, broken: str) -> None:
    path = save_surface(with_trajectories(), tmp_path / "s.h5")
    with h5py.File(path, "a") as file:
        del file["trajectories"][broken]
        file["trajectories"][broken] = "text"
    with pytest.raises(InputError, match=r"s\.h5: trajectories/SGD .*damaged"):
        open_surface(path)


@pytest.mark.parametrize(("nx", "ny"), [(4, 3), (5, 0), (5, 1)])
def test_surface_in_a_notebook(nx: int, ny: int) -> None:
    surface = tilted(nx, ny)
    surface.values["train_loss"] += 2.0
    picture = surface._repr_png_()
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    assert "train_loss" in repr(surface)
    surface.done[...] = False
    assert surface._repr_png_() is None
    assert tilted(1, 1)._repr_png_() is None
    assert f"0/{surface.grid.size} points" in repr(surface)
