"""Requests: the same from keywords and from a command line, and stored in the file."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import landscape.sample
from landscape.directions import make_directions, read_directions
from landscape.errors import InputError
from landscape.evaluate import Tolerance, choose_settings
from landscape.grid import Grid, parse_range
from landscape.hessian import HessianOperator
from landscape.hessian.curvature import WholeNetwork
from landscape.info import report
from landscape.options import request_in
from landscape.plane import Plane
from landscape.planes import span
from landscape.planes.ascent import ascent_directions
from landscape.planes.hessian import hessian_directions
from landscape.problem import Problem
from landscape.run import Request, sample_surface
from landscape.run.option import option_of
from landscape.run.shard import Shard
from landscape.store import open_surface
from landscape.surface import Surface
from tests.conftest import ROOT

GRID: dict[str, Any] = {"x": "-1:1:5", "y": "-0.5:1:3", "progress": False}


def problem(**more: Any) -> Problem:
    torch.manual_seed(0)
    data = torch.randn(30, 4), torch.randint(3, (30,))
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
    return Problem(model, data, device="cpu", **more)


def asked_by(line: str) -> Request:
    given = vars(landscape.sample._parser().parse_args(line.split()))
    return request_in({name: value for name, value in given.items() if value is not None})


LINES: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("--x=-1:1:5", {"x": "-1:1:5", "y": None}),
    ("--x=-1:1:5 --y=0:1:2", {"x": np.linspace(-1, 1, 5), "y": [0, 1]}),
    ("--x=auto:7", {"x": "auto:7"}),
    ("--x=0.5", {"x": [0.5], "y": None}),
    ("--directions pca:a,b", {"directions": "pca:a,b"}),
    ("--directions d.h5", {"directions": Path("d.h5")}),
    ("--norm layer --ignore none --seed 3", {"norm": "layer", "ignore": "none", "seed": 3}),
    ("--filters *.c_attn.weight=-1,a=whole", {"filters": {"*.c_attn.weight": -1, "a": "whole"}}),
    ("--repeats 5 --bn reestimate", {"repeats": 5, "bn": "reestimate"}),
    ("--trajectories a --trajectories b", {"trajectories": ["a", Path("b")]}),
    ("--trajectory a", {"trajectories": "a"}),
    ("-o s.h5 --title text", {"path": "s.h5", "title": "text"}),
    ("--path s.h5", {"path": "s.h5"}),
    ("--output s.h5", {"path": "s.h5"}),
    ("--save-directions d.h5", {"save_directions": "d.h5"}),
    ("--shard 2/3", {"shard": Shard(2, 3)}),
    ("--verify 2%", {"verify": 0.02}),
    ("--tolerance 2%,0.01", {"tolerance": "2%,0.01"}),
    ("--precision auto --batch-size 64", {"precision": "auto", "batch_size": 64}),
    ("--tune on", {"tune": True}),
    ("--tune off", {"tune": False}),
]


@pytest.mark.parametrize(("line", "keywords"), LINES, ids=[line for line, _ in LINES])
def test_command_line_and_keywords_give_the_same_request(
    line: str, keywords: dict[str, Any]
) -> None:
    assert asked_by(line) == Request(**keywords)


def test_the_lines_above_cover_every_option() -> None:
    named = {name for _, keywords in LINES for name in keywords}
    assert named == {one.name for one in fields(Request)} - {"progress"}


def test_options_have_the_same_names_on_the_command_line_and_in_python() -> None:
    spelled = landscape.sample._parser().format_help()
    written = inspect.getdoc(sample_surface) or ""
    for one in fields(Request):
        assert f"\n{one.name}\n" in written
        assert one.name in inspect.signature(sample_surface).parameters
        if option_of(one).metavar is not None:
            assert f"--{one.name.replace('_', '-')} " in spelled


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("--x=auto:5 --y=0:1:2", {"x": "auto:5", "y": "0:1:2"}, "sets both axes"),
    ("--x=1:0:5", {"x": "1:0:5"}, "start is not below stop"),
    ("--repeats 0", {"repeats": 0}, "from 1 to 1000"),
    (
        "--repeats 2 --trajectories a",
        {"repeats": 2, "trajectories": ["a"]},
        "different coordinates in each draw",
    ),
    (
        "--repeats 2 --save-directions d",
        {"repeats": 2, "save_directions": "d"},
        "only the directions of a single draw",
    ),
    ("--repeats 2 --directions pca:a", {"repeats": 2, "directions": "pca:a"}, "not random"),
    ("--verify 200%", {"verify": "200%"}, "above 0 and at most 100"),
    ("--shard 3/2", {"shard": "3/2"}, "expected i/n"),
    ("--tune maybe", {"tune": "maybe"}, "expected one of on, off"),
    ("--tolerance 2", {"tolerance": "2"}, "expected a percentage"),
]


@pytest.mark.parametrize(("line", "keywords", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_invalid_requests(line: str, keywords: dict[str, Any], words: str) -> None:
    for ask in (lambda: asked_by(line), lambda: sample_surface(problem(), **keywords)):
        with pytest.raises(InputError, match=words):
            ask()


def test_an_unknown_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TypeError, match=r"sample_surface\(\) got an unexpected .* 'colour'"):
        sample_surface(problem(), colour="red")  # type: ignore[call-arg]
    with pytest.raises(SystemExit):
        asked_by("--colour red")
    assert "--colour" in capsys.readouterr().err


def test_the_earlier_spelling_of_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    given = vars(landscape.sample._parser().parse_args(["--set", "width=2", "--trajectory=a"]))
    assert (given["settings"], given["trajectories"]) == ({"width": "2"}, ["a"])
    said = capsys.readouterr().err.splitlines()
    assert [line.split("; use ")[1] for line in said] == ["--settings", "--trajectories"]


KEPT: list[dict[str, Any]] = [
    {},
    {"seed": 3, "norm": "layer", "ignore": "none", "title": "résumé <b>", "tune": False},
    {"x": np.array([-1.0, 0.1, 0.7]), "y": None, "batch_size": 8},
    {"directions": "hessian:top", "y": None, "x": "default"},
    {"repeats": 3, "tune": "off", "seed": 2**63},
    {"tolerance": Tolerance(0.07, 1e-3)},
]


@pytest.mark.parametrize("asked", KEPT, ids=str)
def test_the_stored_request_reproduces_the_surface(tmp_path: Path, asked: dict[str, Any]) -> None:
    first = sample_surface(problem(), **{**GRID, **asked}, path=tmp_path / "s.h5")
    kept = json.loads(str(open_surface(tmp_path / "s.h5").attributes["request"]))
    again = sample_surface(problem(), **kept, progress=False)
    check_same(again, first)
    assert again.attributes["request"] == first.attributes["request"]
    assert Request(**kept).as_json() == first.attributes["request"]


def check_same(one: Surface, other: Surface) -> None:
    assert one.grid.same_as(other.grid)
    for name, values in one.values.items():
        np.testing.assert_allclose(values, other[name], rtol=1e-5, atol=1e-7)
    assert one.axes == other.axes
    assert one.attributes.get("title") == other.attributes.get("title")


def test_only_given_options_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    sample_surface(problem(), "-1:1:3", path=path, seed=4, verify=1.0, progress=False)
    assert open_surface(path).attributes["request"] == '{"x": "-1:1:3", "seed": 4}'
    assert "  request                  x -1:1:3, seed 4" in report(open_surface(path))


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"directions": lambda params, generator: params}, "<lambda>"),
        ({"x": np.sort(np.random.default_rng(0).normal(size=500))}, "500 values"),
        ({"title": "x" * 5000}, "a long text"),
    ],
)
def test_values_that_json_cannot_represent_are_rejected(asked: dict[str, Any], what: str) -> None:
    kept = json.loads(Request(**asked).as_json())
    (name,) = asked
    assert what in str(kept[name])
    with pytest.raises(InputError, match=f"{name}: the file records only what it was .*{what}"):
        Request(**kept)


def test_a_file_of_the_previous_version_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    whole = sample_surface(problem(), **GRID, path=path)
    with h5py.File(path, "r+") as file:
        del file.attrs["request"]
        file["done"][1, 2] = 0
        del file.attrs["values_sha256"]
    again = sample_surface(problem(), **GRID, path=path)
    check_same(again, whole)
    assert again.attributes["request"] == whole.attributes["request"]


def test_a_resumed_run_adds_to_the_stored_request(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    sample_surface(problem(), **GRID, path=path, batch_size=8, title="mine")
    with h5py.File(path, "r+") as file:
        file["done"][0, 0] = 0
        del file.attrs["values_sha256"]
    again = sample_surface(problem(), **GRID, path=path, precision="float32")
    asked = {"x": "-1:1:5", "y": "-0.5:1:3", "batch_size": 8, "title": "mine"}
    assert json.loads(str(again.attributes["request"])) == asked


def test_directions_are_saved_from_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "d.h5"
    first = sample_surface(problem(), **GRID, seed=5, save_directions=file)
    made = make_directions(problem().origin, 2, seed=5)
    for one, other in zip(read_directions(file, problem().origin, 2), made, strict=True):
        assert all(torch.equal(one[name], other.vector[name]) for name in one)
    check_values = sample_surface(problem(), **GRID, directions=file)
    np.testing.assert_allclose(check_values["loss"], first["loss"], rtol=1e-6)


def test_metrics_of_the_whole_network_are_metrics_of_the_problem() -> None:
    asked = problem(metrics=["top2", "gradient_norm", "gradient_norm"])
    assert list(asked.metrics) == ["loss", "accuracy", "top2"]
    surface = sample_surface(asked, **GRID)
    assert surface.attributes["metrics"] == "loss, accuracy, top2"
    with pytest.warns(DeprecationWarning, match=r"Problem\(metrics=…\)"):
        before = sample_surface(problem(), **GRID, whole_network=["gradient_norm"])  # type: ignore[call-arg]
    np.testing.assert_array_equal(surface["gradient_norm"], before["gradient_norm"])
    with pytest.raises(InputError, match="did you mean 'eigen_ratio'"):
        problem(metrics=["eigenratio"])


def plane() -> Plane:
    return Plane(problem().origin, [make_directions(problem().origin, 1)[0].vector])


def sampled(**options: Any) -> Surface:
    return sample_surface(problem(), **GRID, **options)


NORM = {"normalization": "layer"}, {"norm": "layer"}
IGNORE = {"ignored": "none"}, {"ignore": "none"}
BOTH = {**NORM[0], **IGNORE[0]}, {**NORM[1], **IGNORE[1]}
TUNE = {"tuned": False}, {"tune": False}

OLD_NAMES: list[tuple[Callable[..., Any], tuple[dict[str, Any], dict[str, Any]]]] = [
    (lambda **k: sampled(**k).axes, BOTH),
    (lambda **k: sampled(**k).attributes["channels_last"], TUNE),
    (lambda **k: span(problem(), **k).directions[0].attributes, BOTH),
    (lambda **k: make_directions(problem().origin, **k)[0].attributes, BOTH),
    (lambda **k: HessianOperator(problem(), **k).size, IGNORE),
    (lambda **k: WholeNetwork(problem(), ["gradient_norm"], **k).quantities, IGNORE),
    (lambda **k: ascent_directions(problem(), 1, adaptive=False, **k)[0].attributes, BOTH),
    (lambda **k: hessian_directions(problem(), "top", progress=False, **k)[0].attributes, BOTH),
    (lambda **k: choose_settings(problem(), plane(), Grid(parse_range("0:1:2")), **k)[0], TUNE),
]


@pytest.mark.parametrize(("call", "names"), OLD_NAMES)
def test_earlier_names_work_and_warn(
    call: Callable[..., Any], names: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    old, new = names
    with pytest.warns(DeprecationWarning, match="is now called") as warned:
        before = call(**old)
    assert {str(w.message).split()[-1] for w in warned} == {f"{name}=" for name in new}
    assert all(w.filename == __file__ for w in warned)
    assert before == call(**new)
    (first, *_), (other, *_) = old.items(), new.items()
    both = dict([first, other])
    with pytest.raises(TypeError, match="former name"), pytest.warns(match="is now called"):
        call(**both)


def test_no_other_function_lists_the_options() -> None:
    names = {one.name for one in fields(Request)}
    lists = {}
    for path in (ROOT / "landscape").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                lists[f"{path.name}:{node.name}"] = names & {one.arg for one in arguments}
    assert len(lists) > 500
    assert {where: common for where, common in lists.items() if len(common) > 6} == {}
