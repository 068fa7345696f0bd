"""Surfaces computed elsewhere are opened, drawn and compared like our own."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import landscape
import landscape.compare
import landscape.convert
import landscape.elsewhere
import landscape.render.__main__
from landscape.elsewhere import surface_of
from landscape.errors import InputError

X, Y = np.linspace(-1, 1, 5), np.linspace(0, 2, 3)
LOSS = 10 * Y[:, None] + X  # not symmetric: [j, i] is at y[j], x[i]
PERCENT = 50 + 10 * X + 0 * Y[:, None]


def _csv(path: Path) -> Path:
    rows = [f"{x},{y},{10 * y + x},{50 + 10 * x}" for x in X[::-1] for y in Y]
    path.write_text("\n".join(["x,y,test_loss,test_accuracy", *rows]) + "\n")
    return path


def _npz(path: Path) -> Path:
    np.savez(path, x=X, y=Y, test_loss=LOSS, test_accuracy=PERCENT / 100)
    return path


def _xarray(path: Path) -> Path:
    xarray = pytest.importorskip("xarray")
    given = {"test_loss": (("y", "x"), LOSS), "test_accuracy": (("x", "y"), PERCENT.T)}
    xarray.Dataset(given, coords={"x": X, "y": Y}).to_netcdf(path, engine="h5netcdf")
    return path


def _semicolons(path: Path) -> Path:
    rows = [f"{x};{y};{10 * y + x};{50 + 10 * x}" for y in Y for x in X]
    path.write_text("﻿" + "\n".join(["x;y;test_loss;test_accuracy", *rows]), encoding="utf-8")
    return path


FORMS = {"a.csv": _csv, "a.npz": _npz, "a.nc": _xarray, "b.csv": _semicolons}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_has_the_same_values_at_the_same_places(name: str, tmp_path: Path) -> None:
    surface = landscape.open_surface(FORMS[name](tmp_path / name))
    np.testing.assert_allclose(surface.x, X)
    assert surface.y is not None
    np.testing.assert_allclose(surface.y, Y)
    np.testing.assert_allclose(surface["test_loss"], LOSS)
    np.testing.assert_allclose(surface["test_accuracy"], PERCENT / 100)
    assert surface.quantities["test_loss"].units == "nats"
    assert surface.quantities["test_accuracy"].better == "higher"
    assert surface.complete
    assert surface.main_quantity == "test_loss"


def test_a_line_and_missing_points(tmp_path: Path) -> None:
    (tmp_path / "line.csv").write_text("x,loss\n0,1.5\n1,\n2,3\n")
    line = landscape.open_surface(tmp_path / "line.csv")
    assert line.y is None
    assert line.done.tolist() == [True, False, True]
    (tmp_path / "plane.tsv").write_text("x\ty\tloss\n0\t0\t1\n1\t0\t2\n0\t1\t3\n")
    plane = landscape.open_surface(tmp_path / "plane.tsv")
    assert plane.done.tolist() == [[True, True], [True, False]]


def test_the_unit_of_a_file_is_kept(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bits.h5", "w") as file:
        file["x"], file["loss"] = X, X**2
        file["loss"].attrs["units"] = "bits"
        file["names"] = ["a", "b"]
    assert landscape.open_surface(tmp_path / "bits.h5").quantities["loss"].units == "bits"


def test_they_are_drawn_compared_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, arrays = str(_csv(tmp_path / "a.csv")), str(_npz(tmp_path / "b.npz"))
    assert landscape.render.__main__.main([table, arrays, "-o", str(tmp_path / "a.svg")]) == 0
    assert landscape.compare.main([table, arrays]) == 0
    assert "a.csv and b.npz are comparable" in capsys.readouterr().out
    kept = landscape.save_surface(landscape.open_surface(table), tmp_path / "kept.h5")
    np.testing.assert_allclose(landscape.open_surface(kept)["test_loss"], LOSS)


BAD = {
    "no x": ("a.csv", "u,v\n1,2\n", "columns are u, v; expected x"),
    "a word": ("a.csv", "x,loss\n1,low\n", "could not convert string to float: 'low'"),
    "twice": ("a.csv", "x,loss\n1,2\n1,3\n", "1 points come more than once"),
    "two columns of one name": ("a.csv", "x,loss,loss\n1,2,3\n", "two columns are called 'loss'"),
    "nothing": ("a.csv", "", "cannot be read as .csv"),
    "no values": ("a.csv", "x,y\n1,2\n", "no values"),
    "ragged": ("a.csv", "x,loss\n1,2\n3\n", "cannot be read as .csv"),
    "no archive": ("a.npz", "text", "not a readable .npz"),
    "an empty archive": ("a.npz", "", "not a readable .npz"),
    "half an archive": ("a.npz", "PK\3\4 and no more", "not a readable .npz"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_surface_is_one_clear_error(name: str, tmp_path: Path) -> None:
    file, text, message = BAD[name]
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=message):
        landscape.open_surface(tmp_path / file)


@pytest.mark.parametrize("name", ["ours.csv", "ours.npz", "ours.npy"])
def test_a_surface_of_ours_is_opened_whatever_its_name_is(name: str, tmp_path: Path) -> None:
    surface = landscape.open_surface("example:digits_between")
    path = landscape.save_surface(surface, tmp_path / name)
    assert landscape.open_surface(path).attributes == surface.attributes
    assert landscape.convert.convert(path, tmp_path / "theirs.npz")
    assert landscape.open_surface(tmp_path / "theirs.npz").grid.same_as(surface.grid)


def test_arrays_must_fit_their_coordinates() -> None:
    with pytest.raises(InputError, match=r"loss has shape \(5, 3\), .* \(3, 5\) \(ny, nx\)"):
        surface_of({"loss": LOSS.T}, X, Y)


def test_arrays_without_axes_are_one_clear_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "scalar.npz", x=3.0, loss=2.0)
    with pytest.raises(InputError, match=r"axis x has shape \(\)"):
        landscape.open_surface(tmp_path / "scalar.npz")
    np.save(tmp_path / "single.npy", X)
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        landscape.open_surface(tmp_path / "single.npz")


def test_a_damaged_or_huge_archive_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _npz(tmp_path / "a.npz")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"\x93NUMPY") + 200] ^= 1  # a value of x
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"not a readable \.npz"):
        landscape.open_surface(path)
    zeros = tmp_path / "zeros.npz"
    np.savez_compressed(zeros, x=X, loss=np.zeros(10**6))
    monkeypatch.setattr(landscape.elsewhere, "_LARGEST", 10**6)
    assert zeros.stat().st_size < 10**5
    with pytest.raises(InputError, match="8000128 bytes, expected at most"):
        landscape.open_surface(zeros)


def test_points_that_are_on_no_grid_are_refused(tmp_path: Path) -> None:
    """Their coordinates would span a grid of their number squared."""
    places = np.random.default_rng(0).normal(size=(12_000, 2))
    rows = "\n".join(f"{x},{y},1" for x, y in places)
    (tmp_path / "scattered.csv").write_text(f"x,y,loss\n{rows}\n")
    with pytest.raises(InputError, match="144,000,000 points"):
        landscape.open_surface(tmp_path / "scattered.csv")
