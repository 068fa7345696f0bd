"""The page on the file format says what files hold: nothing else, nothing less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.examples import example_names, located
from landscape.store import SCHEMA, save_surface
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "file-format.md").read_text()
OF_HDF5 = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS"}
ALWAYS = {"always", "sampled"}

Row = tuple[str, str]


def table(heading: str) -> dict[str, Row]:
    """Type and condition of each name in the first table below a heading."""
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, flags=re.MULTILINE)
    assert rows, heading
    found = {}
    for name, rest in rows:
        cells = rest.split(" | ")
        found[name] = (cells[0], cells[-2])
    return found


def kind(value: Any) -> str:
    return "str" if isinstance(value, str) else np.asarray(value).dtype.name


def general(name: str) -> str:
    """``train_examples`` as the page has it: ``<split>_examples``."""
    return re.sub(r"^(?:(?:train|test)_)?(examples|population|data_sha256)$", r"<split>_\1", name)


def check(held: dict[str, str], documented: dict[str, Row], where: str) -> None:
    """All that is held is documented with its type, all that is always there is held."""
    unknown = {name: said for name, said in held.items() if name not in documented}
    assert unknown == {}, f"{where}: not on the page"
    wrong = {n: said for n, said in held.items() if documented[n][0] != said}
    assert wrong == {}, f"{where}: of another type on the page"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    data = {"train": (torch.randn(20, 4), torch.randint(0, 3, (20,)))}
    problem = landscape.Problem(nn.Linear(4, 3), data, device="cpu")
    path = tmp_path_factory.mktemp("format") / "written.h5"
    landscape.sample_surface(problem, x="-1:1:3", y="-1:1:4", path=path, title="t", progress=False)
    return path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    data = {"train": (torch.randn(20, 4), torch.randint(0, 3, (20,)))}
    problem = landscape.Problem(nn.Linear(4, 3), data, device="cpu")
    path = tmp_path_factory.mktemp("format") / "drawn.h5"
    return save_surface(
        landscape.sample_surface(problem, "-1:1:3", None, repeats=4, progress=False), path
    )


def held_by(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    with h5py.File(path) as file:
        attributes = {general(name): kind(value) for name, value in file.attrs.items()}
        axes = {
            name: kind(value)
            for axis in ("x", "y")
            if axis in file
            for name, value in file[axis].attrs.items()
            if name not in OF_HDF5
        }
    return attributes, axes


def test_a_new_file_is_as_the_page_says(written: Path) -> None:
    attributes, axes = held_by(written)
    for held, heading in ((attributes, "Attributes of the file"), (axes, "Attributes of the axes")):
        documented = table(heading)
        check(held, documented, written.name)
        wanted = {name for name, (_, when) in documented.items() if when in ALWAYS}
        assert wanted - set(held) == set()


@pytest.mark.parametrize("name", example_names())
def test_a_shipped_file_is_as_the_page_says(name: str) -> None:
    attributes, axes = held_by(located(f"example:{name}"))
    check(attributes, table("Attributes of the file"), name)
    check(axes, table("Attributes of the axes"), name)


def test_quantities_of_a_new_file_are_as_the_page_says(written: Path) -> None:
    documented = table("Attributes of quantities")
    wanted = {name for name, (_, when) in documented.items() if when in ALWAYS}
    with h5py.File(written) as file:
        for name in str(file.attrs["quantities"]).split():
            held = {k: kind(v) for k, v in file[name].attrs.items() if k not in OF_HDF5}
            check(held, documented, name)
            assert wanted - set(held) == set()


@pytest.mark.parametrize("name", ["digits_path", "digits_curve", "digits_draws", "written"])
def test_datasets_are_as_the_page_says(name: str, written: Path) -> None:
    documented, of_paths = table("Datasets"), table("Trajectories")
    quantity = re.compile(r"^(?:(?:train|test)_)?[a-z]+(?:_draw\d+|_q\d\d)?(?:_stderr)?$")
    with h5py.File(written if name == "written" else located(f"example:{name}")) as file:
        grid = file["done"].shape
        assert grid == tuple(len(file[axis]) for axis in ("y", "x") if axis in file)
        listed = str(file.attrs["quantities"]).split()
        assert set(file) - {"trajectories"} == {*listed, "done", *(a for a in "xy" if a in file)}
        for own, (said, _) in documented.items():
            if own in file:
                earlier = {"done": "uint8"} if name != "written" else {}
                assert file[own].dtype.name == earlier.get(own, said)
        for own in listed:
            assert quantity.match(own)
            assert (file[own].dtype.name, file[own].shape) == ("float64", grid)
            assert {"long_name", "units"} <= set(file[own].attrs)
        for path in file.get("trajectories", {}).values():
            check({key: array.dtype.name for key, array in path.items()}, of_paths, path.name)
            assert {len(array) for array in path.values()} == {len(path["x"])}


def test_draws_are_as_the_page_says(drawn: Path) -> None:
    documented = table("Datasets")
    attributes, axes = held_by(drawn)
    check(attributes, table("Attributes of the file"), drawn.name)
    check(axes, table("Attributes of the axes"), drawn.name)
    with h5py.File(drawn) as file:
        assert file.attrs["schema"] == SCHEMA
        assert file["draw"].dtype.name == documented["draw"][0]
        listed = str(file.attrs["quantities"]).split()
        assert set(file) == {*listed, "x", "draw", "done"}
        stacks = [name for name in listed if "_draws" in name]
        assert stacks == [f"train_{name}" for name in STACKS]
        for name in listed:
            assert file[name].shape == ((4, 3) if name in stacks else (3,))
            facts = {k: kind(v) for k, v in file[name].attrs.items() if k not in OF_HDF5}
            check(facts, table("Attributes of quantities"), name)


STACKS = ["loss_draws", "loss_draws_stderr", "accuracy_draws", "accuracy_draws_stderr"]
STACKS += ["count_draws"]


def test_the_page_describes_this_schema() -> None:
    assert f"**schema {SCHEMA}**" in PAGE
