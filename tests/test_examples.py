"""Surfaces that come with the package: they are read wherever a surface is, and never written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import landscape
import landscape.info
import landscape.render.__main__
from landscape import examples
from landscape.data import load_splits
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.store import save_surface
from landscape.surface import Quantity, Surface
from tests.training.runs import train

SHIPPED = examples.example_names()


def bowl() -> Surface:
    axis = np.linspace(-1, 1, 7)
    surface = Surface(Grid(axis, axis), {"train_loss": Quantity("loss", "nats")})
    surface.values["train_loss"][...] = 0.1 + axis**2 + axis[:, None] ** 2
    surface.done[...] = True
    return surface


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of examples with two small surfaces; the current folder is beside it."""
    folder = tmp_path / "stand-ins"
    folder.mkdir()
    for name in ("bowl", "pot"):
        save_surface(bowl(), folder / f"{name}.h5")
    monkeypatch.setattr(examples, "FOLDER", folder)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def test_an_example_is_the_surface_of_its_file(stand_ins: Path) -> None:
    found = landscape.open_surface("example:bowl")
    np.testing.assert_array_equal(found["train_loss"], bowl()["train_loss"])
    assert examples.example_names() == ["bowl", "pot"]


@pytest.mark.parametrize("name", ["bowll", "", "../stand-ins/bowl", "bowl.h5"])
def test_an_unknown_example_is_one_error_with_those_that_exist(stand_ins: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"expected one of example:bowl, example:pot") as error:
        landscape.open_surface(f"example:{name}")
    assert repr(f"example:{name}") in str(error.value)


def test_commands_read_examples(stand_ins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert landscape.info.main(["example:bowl"]) == 0
    assert "x=-1:1:7 y=-1:1:7" in capsys.readouterr().out
    drawn = ["example:bowl", "example:pot", "-o", "both.html"]
    assert landscape.render.__main__.main(drawn) == 0
    assert "example:pot" in Path("both.html").read_text()  # two panels can be told apart
    capsys.readouterr()
    for main, rest in [
        (landscape.info.main, []),
        (landscape.render.__main__.main, ["-o", "x.png"]),
    ]:
        assert main(["example:bolw", *rest]) == 2
        assert "did you mean 'example:bowl'?" in capsys.readouterr().err
    assert landscape.render.__main__.main(["example:pot", "-o", "example:pot.png"]) == 2
    assert "cannot write example:pot.png" in capsys.readouterr().err


WRITERS: dict[str, Callable[[str], object]] = {
    "surface": lambda path: save_surface(bowl(), path),
    "page": lambda path: bowl().to_html(path),
    "figure": lambda path: landscape.render.save([bowl()], f"{path}.png"),
    "in a folder": lambda path: save_surface(bowl(), f"{path}/s.h5"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_nothing_writes_an_example(stand_ins: Path, kind: str) -> None:
    before = {path: path.read_bytes() for path in stand_ins.iterdir()}
    with pytest.raises(InputError, match=r"cannot write example:bowl.*read-only"):
        WRITERS[kind]("example:bowl")
    assert not list(Path.cwd().iterdir())
    assert {path: path.read_bytes() for path in stand_ins.iterdir()} == before


def test_nothing_is_trained_into_an_example(stand_ins: Path) -> None:
    with pytest.raises(InputError, match="cannot write example:run"):
        train(load_splits("digits", "both", limit=8), Path("example:run"))
    assert not list(Path.cwd().iterdir())


# What is shipped


def absolute_paths(text: str) -> list[str]:
    """What looks like a path of some machine: /srv/…, ~/…, C:\\…"""
    return re.findall(r"(?:^|(?<=[\s:=,\"'(]))(?:~?/\w|[A-Za-z]:\\)\S*", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cifar10:/data/me/subset.npz", 1),
        ("/srv/me/weights.t7", 1),
        ("~/weights.t7", 1),
        ("C:\\me\\weights.t7", 1),
        ("cifar10:cifar10_subset.npz", 0),
        ("given: (x/255 - [0.5])/[0.2]", 0),
        ("https://arxiv.org/abs/1712.09913", 0),
    ],
)
def test_paths_are_found(text: str, found: int) -> None:
    assert len(absolute_paths(text)) == found


@pytest.mark.skipif(not SHIPPED, reason="no surface is in landscape/examples")
def test_both_networks_come_with_the_package(wheel: Path) -> None:
    assert {"resnet56", "resnet56_noshort"} <= set(SHIPPED)
    code = "import landscape; print(landscape.open_surface('example:resnet56_noshort'))"
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=wheel.parent,
        check=True,
    )
    assert result.stdout.startswith("<Surface x=-1:1:51 y=-1:1:51: train_loss")


def facts_of(surface: Surface) -> dict[str, Any]:
    """All that a surface says of itself, by name."""
    axes = {f"{n} {k}": v for n, facts in surface.axes.items() for k, v in facts.items()}
    return {**surface.attributes, **axes}


@pytest.mark.parametrize("name", ["resnet56", "resnet56_noshort"])
def test_the_surfaces_of_li_et_al_are_whole(name: str) -> None:
    surface = landscape.open_surface(f"example:{name}")
    assert surface.grid.shape == (51, 51)
    assert np.isfinite(surface["train_loss"]).all()
    assert surface.minimum()[1] == {"x": 0.0, "y": 0.0}
    with xarray.open_dataset(examples.FOLDER / f"{name}.h5", engine="h5netcdf") as data:
        assert float(data.train_loss.sel(x=0, y=0)) == surface.minimum()[0]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_surface_says_what_it_is(name: str) -> None:
    assert (examples.FOLDER / f"{name}.h5").stat().st_size < 300 * 1024
    surface = landscape.open_surface(f"example:{name}")
    assert surface.complete
    facts = facts_of(surface)
    known = ["model", "weights_sha256", "versions", "x kind"]
    if surface.axes["x"]["kind"] != "eigenvalue":
        known += ["shortcuts", "classes", "checkpoint_sha256", "data", "precision", "preprocess"]
        known += ["train_data_sha256", "train_examples", "train_population", "bn_statistics"]
        known += ["x normalization", "x norm"]
    assert [key for key in known if key not in facts] == []
    assert [p for value in facts.values() for p in absolute_paths(str(value))] == []


# What each of those on digits was made to show


@pytest.mark.parametrize("run", ["seed0", "adam"])
def test_the_paths_of_training_say_where_the_plane_is_true(run: str) -> None:
    surface = landscape.open_surface("example:digits_path")
    path = surface.trajectories[run]
    assert path.loss is not None
    assert path.plane_loss is not None
    assert path.distance is not None
    assert path.step is not None
    assert path.step.tolist() == list(range(11))
    assert path.loss[-1] < 0.01 < path.loss[0]
    assert path.distance[-1] < path.distance.max()


def test_alignment_and_new_statistics_lower_the_barrier() -> None:
    names = ["digits_between_stored", "digits_between", "digits_aligned"]
    barriers = [landscape.open_surface(f"example:{n}").attributes["barrier"] for n in names]
    assert barriers == sorted(barriers, reverse=True)
    assert float(barriers[-1]) < 0.75 * float(barriers[1])


def test_the_curve_has_no_barrier() -> None:
    path = landscape.open_surface("example:digits_curve").trajectories["Bézier curve"]
    assert path.plane_loss is not None
    straight = float(landscape.open_surface("example:digits_aligned").attributes["barrier"])
    assert path.plane_loss.max() < 0.1 * straight


def test_the_eigenvalue_ratio_is_that_of_its_eigenvalues() -> None:
    for name in ("digits_eigen_ratio", "digits_eigen_ratio_noshort"):
        surface = landscape.open_surface(f"example:{name}")
        assert surface.grid.shape == (11, 11)
        expected = np.abs(surface["train_lambda_min"] / surface["train_lambda_max"])
        np.testing.assert_allclose(surface["train_eigen_ratio"], expected)


def test_the_draws_lie_within_their_quantiles() -> None:
    surface = landscape.open_surface("example:digits_draws")
    draws = np.array([surface[f"train_loss_draw{k}"] for k in range(1, 21)])
    np.testing.assert_allclose(surface["train_loss"], draws.mean(axis=0))
    inside = (surface["train_loss_q05"] <= draws) & (draws <= surface["train_loss_q95"])
    assert 0.85 < inside.mean() < 0.95


@pytest.mark.parametrize("name", ["add", "gate", "concatenate", "long_skip"])
def test_a_variant_and_itself_without_shortcuts_have_the_same_size(name: str) -> None:
    with_, without = (
        landscape.open_surface(f"example:variant_{name}{end}") for end in ("", "_none")
    )
    assert with_.attributes["shortcuts"] != without.attributes["shortcuts"] == "none"
    for fact in ("model", "parameters", "train_data_sha256"):
        assert with_.attributes[fact] == without.attributes[fact]
    assert with_.grid.shape == (21, 21)


def test_they_are_there_in_a_package_that_is_imported_from_a_zip_archive(tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in Path(landscape.__file__).parent.rglob("*"):
            large = path.name.startswith(("plotly", "variant_"))
            if path.is_file() and path.suffix != ".pyc" and not large:
                file.write(path, path.relative_to(Path(landscape.__file__).parent.parent))
    code = (
        "import landscape; from landscape.examples import example_of, located;"
        "assert '.zip' in landscape.__file__; found = located('example:digits_path');"
        "print(len(landscape.open_surface(found).x), example_of(found), found)"
    )
    environment = {**os.environ, "PYTHONPATH": str(archive)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    count, name, place = done.stdout.split()
    assert (count, name) == ("25", "example:digits_path")
    assert not Path(place).exists()
