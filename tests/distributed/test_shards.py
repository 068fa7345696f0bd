"""Separately sampled shards merge into the whole surface; mismatches are named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import landscape.merge
import landscape.sample
from landscape.errors import InputError
from landscape.grid import CoarserCells, Grid, coarse_to_fine
from landscape.merge import merge
from landscape.run import sample_surface
from landscape.run.agreement import disagreements
from landscape.run.shard import Shard
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface
from tests.distributed.small import check_same, problem

RANGES = {"x": "-1:1:5", "y": "-1:1:4"}
GRIDS = [Grid(np.arange(7.0), np.arange(6.0)), Grid(np.arange(9.0)), Grid(np.arange(1.0))]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("of", [1, 2, 3, 50])
def test_every_point_is_in_one_shard_in_its_order(grid: Grid, of: int) -> None:
    shards = [Shard(k, of).points(grid, with_coarser=False).tolist() for k in range(1, of + 1)]
    assert sorted(index for shard in shards for index in shard) == list(range(grid.size))
    rank = {index: k for k, index in enumerate(coarse_to_fine(grid.shape).tolist())}
    for shard in shards:
        assert [rank[index] for index in shard] == sorted(rank[index] for index in shard)
        assert abs(len(shard) - grid.size / of) < 1


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("of", [1, 2, 3, 50])
def test_with_coarser_points_dependencies_come_first(grid: Grid, of: int) -> None:
    cells, found = CoarserCells(grid.shape), set()
    for number in range(1, of + 1):
        before: set[int] = set()
        for index in Shard(number, of).points(grid, with_coarser=True).tolist():
            assert before.issuperset(cells.around(index))
            before.add(index)
        found |= before
    assert found == set(range(grid.size))


def test_blocks_of_a_large_grid_overlap_little() -> None:
    grid = Grid(np.arange(65.0), np.arange(65.0))
    sizes = [Shard(k, 8).points(grid, with_coarser=True).size for k in range(1, 9)]
    assert max(sizes) < 0.26 * grid.size  # all coarser points alone are a quarter


@pytest.mark.parametrize(
    "text", ["0/2", "3/2", "2", "1/0", "-1/2", "1/2/3", "a/b", "", "1/1000000"]
)
def test_invalid_shards(text: str) -> None:
    with pytest.raises(InputError, match="expected i/n with i from 1 to n, as in shard='2/8'"):
        Shard.parse(text)


@pytest.mark.parametrize("options", [{}, {"tolerance": "10%,0.05"}, {"repeats": 2}], ids=str)
def test_shards_merged_are_the_whole(tmp_path: Path, options: dict[str, object]) -> None:
    more = {**RANGES, **options, "tune": False, "progress": False}
    whole = sample_surface(problem(), path=tmp_path / "whole.h5", **more)  # type: ignore[arg-type]
    parts = []
    for number in (3, 1, 2):
        parts.append(tmp_path / f"part-{number}")
        part = sample_surface(problem(), path=parts[-1], shard=Shard(number, 3), **more)  # type: ignore[arg-type]
        assert not part.complete
    if "tolerance" in options:
        assert whole["train_count"].min() < 64  # predicted from other points
    check_same(merge(parts, tmp_path / "merged.h5"), whole)
    check_same(open_surface(tmp_path / "merged.h5"), whole)
    with pytest.raises(InputError, match=r"of 20 points are missing \(x="):
        merge(parts[:2], tmp_path / "two.h5")
    assert not (tmp_path / "two.h5").exists()


def made(seed: int = 0, done: slice = slice(None)) -> Surface:
    grid = Grid(np.array([-1.0, 0.0, 1.0]), np.array([0.0, 0.5]))
    surface = Surface(grid, {"loss": Quantity("loss", "nats")}, attributes={"seed": seed})
    for k in range(6)[done]:
        surface.record(k, {"loss": [2.0, np.nan, np.inf, -0.0, 1e-300, 7.5][k]})
    return surface


def change(surface: Surface, index: int, value: float) -> None:
    surface["loss"].flat[index] = value


def test_overlaps_agree_to_rounding_and_the_first_is_kept(tmp_path: Path) -> None:
    one, other = made(done=slice(0, 4)), made(done=slice(2, 6))
    change(other, 3, 1e-7)
    paths = [save_surface(s, tmp_path / str(k)) for k, s in enumerate((one, other))]
    assert merge(paths, tmp_path / "out.h5")["loss"].tobytes() == made()["loss"].tobytes()


@pytest.mark.parametrize(
    ("index", "value", "said"),
    [
        (0, 2.00001, r"loss at x=-1, y=0: 2\.0 and 2\.00001"),
        (1, 3.0, "loss at x=0, y=0: nan and 3.0"),
        (2, -np.inf, "loss at x=1, y=0: inf and -inf"),
        (5, np.nan, r"loss at x=1, y=0\.5: 7\.5 and nan"),
    ],
)
def test_a_difference_is_reported_with_point_and_values(
    tmp_path: Path, index: int, value: float, said: str
) -> None:
    other = made()
    change(other, index, value)
    paths = [save_surface(s, tmp_path / name) for s, name in ((made(), "a"), (other, "b"))]
    with pytest.raises(InputError, match=said):
        merge(paths, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    ("name", "values", "agree"),
    [
        ("loss", (1.0, 1.000001), True),
        ("loss", (1.0, 1.00001), False),
        ("lambda_min", (-0.5, -0.6), True),  # with a largest eigenvalue of 10
        ("lambda_min", (-0.5, -0.8), False),
        ("eigen_ratio", (0.05, 0.06), True),
        ("eigen_ratio", (0.05, 0.08), False),
        ("eigen_ratio", (0.05, math.nan), False),
    ],
)
def test_tolerances_of_eigenvalues(name: str, values: tuple[float, float], agree: bool) -> None:
    one, other = ({"lambda_max": np.array([10.0]), name: np.array([value])} for value in values)
    assert (disagreements(one, other, np.array([0])) == []) == agree


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda s: s.attributes.update(seed=1), "seed: {b} has 1, {a} has 0"),
        (lambda s: s.attributes.pop("seed"), "seed: {b} has None, {a} has 0"),
        (lambda s: s.axes["x"].update(kind="pca"), "x axis kind: {b} has pca"),
        (lambda s: s.quantities.update(more=Quantity("more")) or s.__post_init__(), "quantities"),
    ],
)
def test_parts_of_other_surfaces(
    tmp_path: Path, alter: Callable[[Surface], object], said: str
) -> None:
    other = made()
    alter(other)
    paths = [save_surface(s, tmp_path / name) for s, name in ((made(), "a"), (other, "b"))]
    with pytest.raises(InputError) as error:
        merge(paths, tmp_path / "out.h5")
    assert said.format(a=paths[0], b=paths[1]) in str(error.value)
    assert f"{paths[1]} is not a part of the same surface as {paths[0]}" in str(error.value)


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets.py").write_text(
        "import torch\ndef net():\n    torch.manual_seed(0)\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    out = str(tmp_path / "out.h5")
    run = ["--model", "nets:net", "--limit", "9", "--x=-1:1:3", "--device", "cpu", "-o", out]
    assert landscape.sample.main([*run, "--shard", "1/2"]) == 0
    assert f"\n{out}.part-1of2: " in capsys.readouterr().out
    assert landscape.merge.main([f"{out}.part-1of2", "-o", out]) == 2
    assert "1 of 3 points are missing (x=1)" in capsys.readouterr().err
    assert landscape.sample.main([*run, "--shard", "2/2"]) == 0
    assert landscape.merge.main([f"{out}.part-1of2", f"{out}.part-2of2", "-o", out]) == 0
    merged = open_surface(out)
    Path(out).unlink()
    assert landscape.sample.main([*run, "--tune", "off"]) == 0
    whole = open_surface(out)
    asked, of_parts = (json.loads(str(s.attributes.pop("request"))) for s in (whole, merged))
    assert asked == {**of_parts, "tune": False}
    check_same(whole, merged)
    assert landscape.merge.main([f"{out}.part-1of2"]) == 2
    assert "no output file: give one, as in -o out.h5" in capsys.readouterr().err


UNDER_TORCHRUN = {
    **{"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "TORCHELASTIC_RUN_ID": "none"},
    **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"},
}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "a:b", "--shard", "1/2"], "--shard is for machines without a common network"),
        ([], "the default job runs in one process: leave torchrun out"),
    ],
)
def test_options_that_do_not_work_with_torchrun(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in UNDER_TORCHRUN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert landscape.sample.main(words) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert list(tmp_path.iterdir()) == []
