"""Sampling into a file: interrupted, resumed, rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.run.resume import resumed
from landscape.store import open_surface
from landscape.surface import Quantity, Surface

GRID = {"x": "-1:1:5", "y": "-1:1:4"}


def problem(scale: float = 1.0, **options: Any) -> Problem:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(12, 3, generator=generator) * scale
    targets = torch.randint(0, 4, (12,), generator=generator)
    torch.manual_seed(0)
    return Problem(nn.Linear(3, 4), (inputs, targets), device="cpu", **options)


def assert_equal(a: Surface, b: Surface) -> None:
    assert a.grid.same_as(b.grid)
    assert a.complete == b.complete
    for name in b.quantities:
        np.testing.assert_array_equal(a[name], b[name])


def test_a_repeatedly_interrupted_run_equals_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sample_surface(problem(), **GRID, path=tmp_path / "whole.h5", progress=False)
    import landscape.evaluate

    real, stop_after, measured = landscape.evaluate.evaluate, [0, 1, 7, 3], []

    def stopping(*args: Any, **options: Any) -> Any:
        left = stop_after.pop(0) if stop_after else 10**6
        for index, values in real(*args, **options):
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            measured.append(index)
            yield index, values

    monkeypatch.setattr("landscape.run.job.evaluation_for", lambda problem, settings: stopping)
    path = tmp_path / "parts.h5"
    for done in (0, 1, 8, 11):
        with pytest.raises(KeyboardInterrupt) as interrupt:
            sample_surface(problem(), **GRID, path=path, progress=False)
        assert int(open_surface(path).done.sum()) == done
        said = f"{done} of 20 points are saved in {path}" if done else ""
        assert str(interrupt.value) == said
    sample_surface(problem(), **GRID, path=path, progress=False)
    assert_equal(open_surface(path), whole)
    assert sorted(measured) == list(range(20))  # nothing twice


def test_without_a_file_an_interrupt_says_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopping(*args: Any, **options: Any) -> Any:
        yield 0, dict.fromkeys(problem().quantities, 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr("landscape.run.job.evaluation_for", lambda problem, settings: stopping)
    with pytest.raises(KeyboardInterrupt, match="1 of 20 points were computed, but are lost: no"):
        sample_surface(problem(), **GRID, progress=False)


def test_a_complete_file_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.h5"
    first = sample_surface(problem(), **GRID, path=path, progress=False)
    before = path.read_bytes()
    monkeypatch.setattr("landscape.run.job.evaluation_for", None)  # calling it would fail
    assert_equal(sample_surface(problem(), **GRID, path=path, progress=False), first)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "problem_options", "names"),
    [
        ({"seed": 1}, {}, ["x axis seed: the file has 0, this run has 1"]),
        ({"norm": "layer"}, {}, ["normalization: the file has filter, this run has layer"]),
        ({"ignore": "none"}, {}, ["ignore: the file has biasbn, this run has none"]),
        ({"x": "-1:1:6"}, {}, ["the file has x=-1:1:5", "this run has x=-1:1:6"]),
        ({"y": None}, {}, ["grid", "y=-1:1:4"]),
        ({"batch_size": 3}, {}, ["batch_size: the file has", "this run has 3"]),
        ({}, {"scale": 2.0}, ["data_sha256"]),
        ({}, {"metrics": {"norm": lambda o, t: o.norm(dim=1)}}, ["quantities", "norm"]),
    ],
)
def test_a_file_of_a_different_run_is_rejected_with_the_differences(
    tmp_path: Path, changed: dict[str, Any], problem_options: dict[str, Any], names: list[str]
) -> None:
    path = tmp_path / "s.h5"
    sample_surface(problem(), **GRID, path=path, progress=False)
    before = path.read_bytes()
    with pytest.raises(InputError, match="was written by a different run") as error:
        sample_surface(problem(**problem_options), **{**GRID, **changed}, path=path, progress=False)
    for name in names:
        assert name in str(error.value)
    assert path.read_bytes() == before


def test_retrained_weights_are_another_run(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    sample_surface(problem(), **GRID, path=path, progress=False)
    retrained = Problem(nn.Linear(3, 4), problem().splits[""], device="cpu")
    with pytest.raises(InputError) as error:
        sample_surface(retrained, **GRID, path=path, progress=False)
    _, difference, remedy = str(error.value).splitlines()
    own, new = (p.attributes["weights_sha256"][:8] for p in (problem(), retrained))  # type: ignore[index]
    assert difference == (
        f"  other weights: the file those of SHA-256 {own}…, this run those of SHA-256 {new}…"
    )
    assert remedy.startswith("give another output file")
    named = Problem(
        nn.Linear(3, 4), problem().splits[""], device="cpu", attributes={"checkpoint": "b/final.pt"}
    )
    with pytest.raises(InputError, match=r"other weights: .*, this run has those of b/final\.pt"):
        sample_surface(named, **GRID, path=path, progress=False)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n and then nothing"])
def test_an_output_that_is_no_surface_is_not_modified(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.h5"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable HDF5"):
        sample_surface(problem(), **GRID, path=path, progress=False)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_writable_is_detected_before_any_work(tmp_path: Path) -> None:
    def never(output: Tensor, target: Tensor) -> Tensor:
        assert len(output) < 5, "the run began"
        return output[:, 0]

    tried = Problem(nn.Linear(3, 4), (torch.ones(5, 3), torch.ones(5)), loss=never, device="cpu")
    with pytest.raises(InputError, match="cannot write"):
        sample_surface(tried, **GRID, path=tmp_path / "no" / "s.h5", progress=False)


def test_the_file_records_how_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    surface = sample_surface(problem(), **GRID, path=path, seed=7, title="mine", progress=False)
    with h5py.File(path) as file:
        for key in ("weights_sha256", "data_sha256", "loss", "device", "dtype", "versions", "date"):
            assert file.attrs[key], key
        assert file.attrs["examples"] == 12
        assert file.attrs["classes"] == 4
        assert file.attrs["title"] == "mine"
        assert abs(file.attrs["axes_cosine"]) <= 1
        assert dict(file["y"].attrs)["seed"] == 7
        assert file["x"].attrs["norm"] == pytest.approx(surface.axes["x"]["norm"])
    assert open_surface(path).attributes == surface.attributes


def test_a_line_and_a_single_point(tmp_path: Path) -> None:
    line = sample_surface(problem(), "0:1:4", None, path=tmp_path / "l.h5", progress=False)
    assert line["loss"].shape == (4,)
    assert "axes_cosine" not in line.attributes
    point = sample_surface(problem(), "0", "0", progress=False)
    assert point["loss"].shape == (1, 1)
    assert point["loss"][0, 0] == line["loss"][0]
    assert_equal(open_surface(tmp_path / "l.h5"), line)


@pytest.mark.parametrize(
    ("key", "value", "near", "far"),
    [
        ("eigenvalue", 2.0, 2.0001, 2.1),  # computed to a tolerance
        ("axes_cosine", 1e-9, -2e-9, 0.01),
        ("seed", 3, 3, 4),
        ("norm", 5.0, 5.0 + 1e-12, 5.001),
        ("range_level", 0.3, 0.3 + 1e-6, 0.31),  # a loss, which another CPU rounds otherwise
    ],
)
def test_values_computed_to_a_tolerance_may_differ_by_it(
    tmp_path: Path, key: str, value: float, near: float, far: float
) -> None:
    def surface(fact: float) -> Surface:
        found = Surface(Grid(np.arange(3.0)), {"loss": Quantity("loss")})
        (found.attributes if key in ("axes_cosine", "range_level") else found.axes["x"])[key] = fact
        return found

    assert resumed(surface(value), surface(near), tmp_path)
    with pytest.raises(InputError, match=f"{key}: the file has {value}, this run has {far}"):
        resumed(surface(value), surface(far), tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("precision_error", {**GRID, "precision": "bfloat16", "tune": False}),
        ("range_level", {"x": "auto:5", "tune": False}),
    ],
)
def test_a_file_begun_on_another_kind_of_cpu_is_gone_on_with(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    made = Problem(nn.Linear(3, 2), (torch.randn(9, 3), torch.randn(9, 2)), loss="mse")
    path = tmp_path / "a.h5"
    begun = sample_surface(made, path=path, progress=False, **options)
    with h5py.File(path, "r+") as file:
        file.attrs[name] = float(file.attrs[name]) * (1 + 1e-6)
        del file.attrs["values_sha256"]
        file["done"][-1] = False
    assert_equal(sample_surface(made, path=path, progress=False, **options), begun)
