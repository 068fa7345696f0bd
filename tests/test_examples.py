"""Surfaces that come with the package: they are read wherever a surface is, and never written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray

import landscape
import landscape.info
import landscape.render.__main__
from landscape import examples
from landscape.build import load_splits
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
    with pytest.raises(InputError, match=r"cannot write example:bowl.* only read"):
        WRITERS[kind]("example:bowl")
    assert not list(Path.cwd().iterdir())
    assert {path: path.read_bytes() for path in stand_ins.iterdir()} == before


def test_nothing_is_trained_into_an_example(stand_ins: Path) -> None:
    with pytest.raises(InputError, match="cannot write example:run"):
        train(load_splits("digits", "both", limit=8), Path("example:run"))
    assert not list(Path.cwd().iterdir())


# What is shipped


def absolute_paths(text: str) -> list[str]:
    """What looks like a path of some machine: /home/…, ~/…, C:\\…"""
    return re.findall(r"(?:^|(?<=[\s:=,\"'(]))(?:~?/\w|[A-Za-z]:\\)\S*", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cifar10:/data/me/subset.npz", 1),
        ("/home/me/weights.t7", 1),
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
    assert SHIPPED == ["resnet56", "resnet56_noshort"]
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


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_surface_is_whole_and_says_what_it_is(name: str) -> None:
    path = examples.FOLDER / f"{name}.h5"
    assert path.stat().st_size < 300 * 1024
    surface = landscape.open_surface(f"example:{name}")
    assert surface.complete
    assert surface.grid.shape == (51, 51)
    assert np.isfinite(surface["train_loss"]).all()
    assert surface.minimum()[1] == {"x": 0.0, "y": 0.0}
    facts = {**surface.attributes, **{f"x {k}": v for k, v in surface.axes["x"].items()}}
    known = ["model", "shortcuts", "classes", "checkpoint_sha256", "weights_sha256", "data"]
    known += ["train_data_sha256", "train_examples", "train_population", "preprocess", "versions"]
    known += ["precision", "x kind", "x normalization", "x norm"]
    assert [key for key in known if key not in facts] == []
    everything = [*surface.attributes.values(), *surface.axes["x"].values()]
    everything += surface.axes["y"].values()
    assert [p for value in everything for p in absolute_paths(str(value))] == []
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        assert float(data.train_loss.sel(x=0, y=0)) == surface.minimum()[0]
