"""Surfaces computed elsewhere, in memory or as arrays without coordinates."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import landscape
import landscape.compare
import landscape.convert
import landscape.elsewhere
import landscape.render.__main__
from landscape.errors import InputError

xarray = pytest.importorskip("xarray")
pandas = pytest.importorskip("pandas")

X, Y = np.linspace(-1, 1, 5), np.linspace(0, 2, 3)
LOSS = 10 * Y[:, None] + X  # not symmetric: [j, i] is at y[j], x[i]


def same(surface: landscape.Surface, name: str = "test_loss") -> None:
    np.testing.assert_allclose(surface.x, X)
    assert surface.y is not None
    np.testing.assert_allclose(surface.y, Y)
    np.testing.assert_allclose(surface[name], LOSS)
    assert surface.main_quantity == name
    assert surface.complete
    assert surface.quantities[name].units == "nats"


def test_a_dataset_of_xarray_in_any_order() -> None:
    data = xarray.Dataset(
        {"test_loss": (("a", "b"), LOSS.T[::-1]), "seed": ((), 3), "row": (("b",), Y)},
        coords={"a": X[::-1], "b": Y},
    )
    same(landscape.from_xarray(data, x="a", y="b"))


def test_an_array_of_xarray() -> None:
    array = xarray.DataArray(LOSS, dims=("y", "x"), coords={"x": X, "y": Y})
    same(landscape.from_xarray(array), "loss")
    same(landscape.from_xarray(array.rename("test_loss")))
    bits = array.assign_attrs(units="bits")
    assert landscape.from_xarray(bits).quantities["loss"].units == "bits"
    same(landscape.from_xarray(array.rename("x")), "loss")
    line = landscape.from_xarray(array.isel(y=0, drop=True))
    assert line.y is None
    np.testing.assert_allclose(line["loss"], X)


@pytest.mark.parametrize("columns", [("x", "y"), ("alpha", "beta")])
def test_a_table_of_pandas_in_any_order(columns: tuple[str, str]) -> None:
    first, second = columns
    rows = [(x, y, 10 * y + x, "a note") for x in X[::-1] for y in Y]
    table = pandas.DataFrame(rows, columns=[first, second, "test_loss", "note"])
    same(landscape.from_dataframe(table, x=first, y=second))


@pytest.mark.parametrize("name", ["example:digits_path", "example:digits_between"])
def test_our_own_come_back(name: str) -> None:
    surface = landscape.open_surface(name)
    surface.done.flat[3] = False
    for back in (
        landscape.from_xarray(surface.to_xarray()),
        landscape.from_dataframe(surface.to_dataframe()),
    ):
        assert back.grid.same_as(surface.grid)
        assert list(back.quantities) == list(surface.quantities)
        np.testing.assert_array_equal(back.done, surface.done)
        for quantity in surface.quantities:
            np.testing.assert_array_equal(
                back[quantity][surface.done], surface[quantity][surface.done]
            )
    labelled = landscape.from_xarray(surface.to_xarray())
    assert labelled.attributes["data"] == surface.attributes["data"]
    assert labelled.axes == surface.axes
    assert labelled.quantities["train_loss"].long_name == surface.quantities["train_loss"].long_name


def _netcdf(surface: landscape.Surface, path: Path) -> landscape.Surface:
    surface.to_xarray().to_netcdf(path, engine="h5netcdf")
    return landscape.open_surface(path)


def _by_xarray(surface: landscape.Surface, path: Path) -> landscape.Surface:
    landscape.save_surface(surface, path)
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        return landscape.from_xarray(data.load())


def _csv(surface: landscape.Surface, path: Path) -> landscape.Surface:
    surface.to_dataframe().to_csv(path)
    return landscape.open_surface(path)


@pytest.mark.parametrize(
    ("name", "way"), [("a.nc", _netcdf), ("a.h5", _by_xarray), ("a.csv", _csv)]
)
def test_our_own_come_back_by_a_file_and_can_be_kept(name: str, way: Any, tmp_path: Path) -> None:
    surface = landscape.open_surface("example:digits_path")
    surface.done.flat[3] = False
    surface["train_loss"].flat[4] = np.nan  # diverged
    back = way(surface, tmp_path / name)
    again = landscape.open_surface(landscape.save_surface(back, tmp_path / "again.h5"))
    assert again.grid.same_as(surface.grid)
    assert set(again.quantities) == set(surface.quantities)
    np.testing.assert_array_equal(again.done, surface.done)
    for quantity in surface.quantities:
        found, true = again[quantity][surface.done], surface[quantity][surface.done]
        np.testing.assert_allclose(found, true, rtol=1e-15)


def test_they_are_drawn_compared_and_kept(tmp_path: Path) -> None:
    array = xarray.DataArray(LOSS + 1, dims=("y", "x"), coords={"x": X, "y": Y})
    surface = landscape.from_xarray(array)
    landscape.save_surface(surface, tmp_path / "kept.h5")
    np.testing.assert_allclose(landscape.open_surface(tmp_path / "kept.h5")["loss"], LOSS + 1)
    surface.plot.contour()
    assert landscape.compare_surfaces([surface, surface], names=["a", "b"])


def _at(x: Any) -> Any:
    array = xarray.DataArray(LOSS, dims=("y", "x"), coords={"x": x, "y": Y})
    return landscape.from_xarray(array) if array.x.dtype.kind != "f" or array.x.ndim > 1 else array


BAD = {
    "no x": (lambda: landscape.from_xarray(xarray.DataArray(LOSS, dims=("a", "b"))), "'x'"),
    "no coordinates": (
        lambda: landscape.from_xarray(xarray.DataArray(LOSS, dims=("y", "x"), coords={"x": X})),
        "no coordinate 'y', the dimensions are",
    ),
    "a name that is not there": (
        lambda: landscape.from_xarray(xarray.DataArray(X, dims=("x",), coords={"x": X}), y="beta"),
        "no coordinate 'beta'",
    ),
    "no values": (
        lambda: landscape.from_xarray(xarray.Dataset(coords={"x": X, "y": Y})),
        "no values",
    ),
    "an array of NumPy": (lambda: landscape.from_xarray(LOSS), "ndarray: expected a Dataset"),
    "no table": (lambda: landscape.from_dataframe(LOSS), "ndarray: expected a DataFrame"),
    "no column x": (
        lambda: landscape.from_dataframe(pandas.DataFrame({"a": X, "loss": X})),
        "no column 'x', they are a, loss",
    ),
    "no column beta": (
        lambda: landscape.from_dataframe(pandas.DataFrame({"x": X, "loss": X}), y="beta"),
        "no column 'beta'",
    ),
    "two columns of one name": (
        lambda: landscape.from_dataframe(
            pandas.DataFrame([[1, 2, 3]], columns=["x", "loss", "loss"])
        ),
        "two columns are called 'loss'",
    ),
    "dates": (lambda: _at(pandas.date_range("2026", periods=5)), "'x' is of type datetime64"),
    "words": (lambda: _at(list("abcde")), "'x' is of type .*; expected numbers"),
    "places of each point": (lambda: _at((("y", "x"), LOSS)), "'x' has several dimensions"),
    "a tree of xarray": (
        lambda: landscape.from_xarray(xarray.DataTree(_at(X).to_dataset(name="loss"))),
        "DataTree: expected a Dataset",
    ),
    "a column of words": (
        lambda: landscape.from_dataframe(pandas.DataFrame({"x": ["a", "b"], "loss": [2, 3]})),
        "'x' is of type .*; expected numbers",
    ),
    "a column of dates": (
        lambda: landscape.from_dataframe(
            pandas.DataFrame({"x": pandas.date_range("2026", periods=2), "loss": [2, 3]})
        ),
        "'x' is of type datetime64",
    ),
    "done in words": (
        lambda: landscape.from_dataframe(
            pandas.DataFrame({"x": [1, 2], "loss": [2, 3], "done": ["yes", "no"]})
        ),
        "'done' is of type .*; expected numbers",
    ),
    "levels of columns": (
        lambda: landscape.from_dataframe(
            pandas.DataFrame(
                [[1, 2]], columns=pandas.MultiIndex.from_tuples([("x", ""), ("a", "b")])
            )
        ),
        "2 levels of names; expected one",
    ),
    "a table of another library": (
        lambda: landscape.from_dataframe(SimpleNamespace(columns=["x", "loss"], dtypes=[])),
        "SimpleNamespace: expected a DataFrame of pandas",
    ),
    "twice": (
        lambda: landscape.from_dataframe(pandas.DataFrame({"x": [1, 1], "loss": [2, 3]})),
        "1 points come more than once",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_surface_is_one_clear_error(name: str) -> None:
    make, message = BAD[name]
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("ranges", [("-1:1", "0:2"), ("-1:1:5", "0:2:3")])
def test_an_array_with_ranges(
    ranges: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "test_loss.npy", LOSS.astype(np.float32))
    files = [str(tmp_path / name) for name in ("test_loss.npy", "ours.h5")]
    given = [f"--{axis}={text}" for axis, text in zip("xy", ranges, strict=True)]
    assert landscape.convert.main([*files, *given]) == 0
    same(landscape.open_surface(files[1]))
    assert landscape.render.__main__.main([files[1], "-o", str(tmp_path / "a.svg")]) == 0
    np.savez(tmp_path / "other.npz", x=X, y=Y, test_loss=LOSS + 1)
    assert landscape.compare.main([files[1], str(tmp_path / "other.npz")]) == 0
    assert " are comparable" in capsys.readouterr().out


def test_a_line_and_a_name_that_says_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", X**2)
    files = [str(tmp_path / name) for name in ("mine.npy", "ours.h5")]
    assert landscape.convert.main([*files, "--x=-1:1"]) == 0
    line = landscape.open_surface(files[1])
    assert line.y is None
    np.testing.assert_allclose(line["loss"], X**2)


def test_a_table_is_converted_to_either_layout(tmp_path: Path) -> None:
    rows = [f"{x},{y},{10 * y + x + 2}" for x in X for y in Y]
    (tmp_path / "a.csv").write_text("\n".join(["x,y,test_loss", *rows]))
    for name, options in (("ours.h5", []), ("theirs.h5", ["--to", "legacy"])):
        files = [str(tmp_path / "a.csv"), str(tmp_path / name)]
        assert landscape.convert.main([*files, *options]) == 0
        np.testing.assert_allclose(landscape.open_surface(files[1])["test_loss"], LOSS + 2)


WRONG = {
    "no ranges": ([], "without coordinates: give --x and, for a plane, --y"),
    "only y": (["--y=0:2"], "without coordinates: give --x"),
    "a line": (["--x=-1:1"], r"float64 \(3, 5\); expected numbers of shape \(nx,\), or"),
    "another number": (["--x=-1:1:6", "--y=0:2"], r"shape \(3, 5\), but .* \(3, 6\)"),
    "a word": (["--x=left", "--y=0:2"], "left"),
}


@pytest.mark.parametrize("name", WRONG)
def test_ranges_that_do_not_fit(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, message = WRONG[name]
    np.save(tmp_path / "a.npy", LOSS)
    files = [str(tmp_path / "a.npy"), str(tmp_path / "a.h5")]
    assert landscape.convert.main([*files, *options]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "a.h5").exists()


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}"
DAMAGED = [b"", b"text", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'"]
DAMAGED += [b"\x93NUMPY\x01\x00v\x00" + HUGE.ljust(117) + b"\n" + bytes(80)]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_array_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.npy cannot be read as \.npy"):
        landscape.convert.convert(tmp_path / "a.npy", tmp_path / "a.h5", x="-1:1")


def test_a_huge_array_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", np.zeros(10_000))
    monkeypatch.setattr(landscape.elsewhere, "_LARGEST", 10_000)
    with pytest.raises(InputError, match=r"a\.npy has 80,000 bytes; expected at most 10,000"):
        landscape.convert.convert(tmp_path / "a.npy", tmp_path / "a.h5", x="-1:1")


def test_an_array_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.npy cannot be read: No such file"):
        landscape.convert.convert(tmp_path / "a.npy", tmp_path / "a.h5", x="-1:1")


def test_ranges_are_for_arrays_alone_and_arrays_need_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, loss=X)
    with pytest.raises(InputError, match="those of the file; leave x and y out"):
        landscape.convert.convert(tmp_path / "a.npz", tmp_path / "a.h5", x="-1:1")
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(InputError, match=r"without coordinates: .* landscape\.convert"):
        landscape.open_surface(tmp_path / "a.npy")
