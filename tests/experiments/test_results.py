"""Results: round trips, reading by xarray, and invalid files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from landscape.errors import InputError
from landscape.experiments.results import Results, read_results


def made() -> Results:
    """Two dimensions of unequal length, labels of both kinds, and a missing value."""
    results = Results(
        {"network": ["plain", "résumé"], "depth": [20, 56, 110]},
        attributes={"data": "digits", "epochs": 20, "lr": 0.1, "augmented": False},
    )
    errors = [[0.0, 0.25, np.nan], [0.5, np.inf, 1.0]]
    results.add("train_error", ("network", "depth"), errors, "fraction answered wrongly")
    results.add("loss", ("depth",), [1.0, 2.0, 3.0], "cross-entropy", "nats")
    results.add("seconds", (), 2.5, "time of all", "s")
    return results


def test_round_trip(tmp_path: Path) -> None:
    results = made()
    results.save(tmp_path / "results.h5")
    read = read_results(tmp_path / "results.h5")
    assert {k: list(v) for k, v in read.coordinates.items()} == results.coordinates
    assert read.attributes == results.attributes
    assert set(read.measured) == set(results.measured)
    for name, stored in results.measured.items():
        found = read.measured[name]
        assert (found.dims, found.long_name, found.units) == (
            stored.dims,
            stored.long_name,
            stored.units,
        )
        np.testing.assert_array_equal(found.values, stored.values)
    assert [path.name for path in tmp_path.iterdir()] == ["results.h5"]


def test_xarray_shows_named_dimensions_and_labels(tmp_path: Path) -> None:
    made().save(tmp_path / "results.h5")
    with xarray.open_dataset(tmp_path / "results.h5", engine="h5netcdf") as data:
        assert dict(data.sizes) == {"network": 2, "depth": 3}
        assert data["network"].values.tolist() == ["plain", "résumé"]
        assert data["depth"].values.tolist() == [20, 56, 110]
        assert data["train_error"].dims == ("network", "depth")
        assert data["train_error"].sel(network="résumé", depth=20).item() == 0.5
        assert np.isnan(data["train_error"].sel(network="plain", depth=110).item())
        assert data["loss"].attrs["long_name"] == "cross-entropy"
        assert data["loss"].attrs["units"] == "nats"
        assert data["seconds"].item() == 2.5
        assert data.attrs["data"] == "digits"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"network": "plain"}, [0.0, 0.25, np.nan]),
        ({"depth": 56}, [0.25, np.inf]),
        ({"network": "résumé", "depth": 110}, 1.0),
        ({}, [[0.0, 0.25, np.nan], [0.5, np.inf, 1.0]]),
    ],
)
def test_select_by_labels(tmp_path: Path, labels: dict[str, str | float], expected: object) -> None:
    made().save(tmp_path / "results.h5")
    for results in (made(), read_results(tmp_path / "results.h5")):
        np.testing.assert_array_equal(results.select("train_error", **labels), expected)


def test_an_array_must_have_the_shape_of_its_dimensions() -> None:
    with pytest.raises(ValueError, match=r"other: shape \(3, 2\).*\(2, 3\).*'network', 'depth'"):
        made().add("other", ("network", "depth"), np.zeros((3, 2)), "")


def test_an_unfinished_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    made().save(tmp_path / "results.h5")
    before = (tmp_path / "results.h5").read_bytes()
    spoilt = made()
    spoilt.attributes["cannot be stored"] = object()  # type: ignore[assignment]
    with pytest.raises(TypeError):
        spoilt.save(tmp_path / "results.h5")
    assert (tmp_path / "results.h5").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["results.h5"]


def no_file(path: Path) -> None:
    pass


def text(path: Path) -> None:
    path.write_text("epoch,error\n1,0.5\n")


def cut(path: Path) -> None:
    made().save(path)
    path.write_bytes(path.read_bytes()[:600])


def undimensioned(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["loss"] = [1.0, 2.0]


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_file, ["is not a file", "results.h5"]),
        (folder, ["is not a file", "results.h5"]),
        (text, ["contains no results of an experiment", "landscape.experiments"]),
        (cut, ["contains no results of an experiment", "landscape.experiments"]),
        (undimensioned, ["contains no results of an experiment", "landscape.experiments"]),
    ],
)
def test_invalid_files(tmp_path: Path, make: object, words: list[str]) -> None:
    path = tmp_path / "given.h5"
    make(path)  # type: ignore[operator]
    with pytest.raises(InputError) as refused:
        read_results(path)
    assert "given.h5" in str(refused.value)
    for word in words:
        assert word in str(refused.value)
