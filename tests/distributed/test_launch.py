"""Several ranks give the same surface as one; differences between ranks are errors."""

from __future__ import annotations

import copy
import json
import math
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from landscape.data import load_splits
from landscape.distributed.launch import sample_distributed
from landscape.distributed.parts import part_of_rank, read_parts, remove_parts_of_ranks
from landscape.distributed.pool import Disputed
from landscape.errors import InputError
from landscape.lock import only_writer
from landscape.problem import Problem
from landscape.problem.objective import OutputObjective
from landscape.run import Request, sample_surface
from landscape.run.plan import make_plan
from landscape.run.recheck import chosen, parse_share, rounding_of
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.distributed.ranks import at_once, by_ranks, launch
from tests.distributed.small import check_same, problem

RANGES: dict[str, Any] = {"x": "-1:1:5", "y": "-1:1:4", "tune": False}


def plain(path: Path, **options: Any) -> Surface:
    return sample_surface(problem(), path=path, progress=False, **RANGES, **options)


TOLERANCE = {"tolerance": "10%,0.05"}
CASES: list[tuple[int, dict[str, Any]]] = [
    *[(world, options) for world in (1, 2, 4) for options in ({}, TOLERANCE)],
    *[(2, {"repeats": 2}), (2, {"repeats": 2, **TOLERANCE}), (1, {"verify": 0.3})],
    (3, {"verify": 0.3}),
]


@pytest.mark.parametrize(("world", "options"), CASES, ids=str)
def test_the_file_is_the_same(tmp_path: Path, world: int, options: dict[str, Any]) -> None:
    found = by_ranks([problem()] * world, tmp_path / "out.h5", **RANGES, **options)
    assert [one for one in found if isinstance(one, Exception)] == []
    check_same(open_surface(tmp_path / "out.h5"), plain(tmp_path / "plain.h5", **options))
    assert {file.name for file in tmp_path.iterdir()} == {"out.h5", "plain.h5"}
    assert isinstance(found[0], Surface)
    assert found[1:] == [None] * (world - 1)


def test_settings_range_and_statistics_are_chosen_once(tmp_path: Path) -> None:
    more = {"x": "auto:3", "bn": "stored", "title": "together"}
    found = by_ranks([problem()] * 2, tmp_path / "out.h5", **more)
    assert isinstance(found[0], Surface)
    assert found[0].attributes["title"] == "together"
    alone = sample_surface(problem(), path=tmp_path / "out.h5", progress=False, **more)  # type: ignore[arg-type]
    check_same(alone, found[0])


@pytest.mark.parametrize("options", [{}, {"tolerance": "10%,0.05"}], ids=str)
def test_a_run_resumes_from_the_parts(tmp_path: Path, options: dict[str, Any]) -> None:
    whole = plain(tmp_path / "plain.h5", **options)
    order = np.argsort(np.random.default_rng(0).random(20))
    for rank, some in enumerate(
        (order[:5], order[3:9], order[9:11])
    ):  # points 3 and 4 in two parts
        part = open_surface(tmp_path / "plain.h5")
        part.done[:] = False
        part.done.flat[some] = True
        save_surface(part, part_of_rank(tmp_path / "out.h5", rank))
    found = by_ranks([problem()] * 2, tmp_path / "out.h5", **RANGES, **options)
    assert isinstance(found[0], Surface), found
    check_same(found[0], whole)
    (session,) = json.loads(str(found[0].attributes["sessions"]))[1:]
    assert session["points"] == 20 - 11  # no point of a part was recomputed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.h5", "plain.h5"]


def test_points_of_removed_parts_are_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.h5"
    whole = plain(tmp_path / "plain.h5")
    part = save_surface(whole, part_of_rank(path, 0))

    def opened(which: Path) -> Surface:
        if which == part:  # rank 0 removes it at this moment
            part.rename(path)
        return open_surface(which)

    monkeypatch.setattr("landscape.distributed.parts.open_surface", opened)
    assert list(read_parts(path)) == [str(path)]
    monkeypatch.undo()
    part.write_bytes(b"damaged")
    with pytest.raises(InputError, match="not a readable HDF5 file"):
        read_parts(path)


def test_parts_that_disagree_stop_all_ranks(tmp_path: Path) -> None:
    for rank, shift in enumerate((0.0, 1e-3)):
        part = plain(tmp_path / f"{rank}.h5")
        part.values["train_loss"].flat[7] += shift
        save_surface(part, part_of_rank(tmp_path / "out.h5", rank))
    for error in by_ranks([problem()] * 2, tmp_path / "out.h5", **RANGES):
        assert isinstance(error, InputError)
        assert "out.h5.part-rank1 differs from other parts" in str(error)
        assert "train_loss at x=0, y=-0.333333" in str(error)


def altered(change: Callable[[Tensor], Tensor]) -> Problem:
    """The same problem on a device that computes different losses."""
    other = copy.copy(problem())
    metric = other.metrics["loss"]
    wrong = replace(metric, function=lambda output, target: change(metric.function(output, target)))
    other.objective = OutputObjective({**other.metrics, "loss": wrong})
    return other


def working_and_broken(change: Callable[[Tensor], Tensor]) -> tuple[Problem, Problem]:
    """Problems of working ranks, which wait for the broken one to start, and of that one."""
    begun = threading.Event()

    def patiently(losses: Tensor) -> Tensor:
        assert begun.wait(30)
        return losses

    def wrongly(losses: Tensor) -> Tensor:
        begun.set()
        return change(losses)

    return altered(patiently), altered(wrongly)


DISPUTE = re.compile(
    r"values of rank (\d) differ from those recomputed by rank (\d) \(rank \1's come first\):\n"
    r"  train_loss at x=(\S+), y=(\S+): (\S+) and (\S+)\n"
)


@pytest.mark.parametrize("factor", [1.01, math.nan])
@pytest.mark.parametrize(("world", "wrong"), [(2, 1), (3, 0), (3, 2)])
def test_the_first_dispute_is_named_and_ends_the_run(
    tmp_path: Path, world: int, wrong: int, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rank 0 looks at the origin before the others begin, for whom its losses would wait.
    monkeypatch.setattr("landscape.distributed.launch.warn_about_origin", lambda *_: None)
    breaks_later(monkeypatch)
    sound, unsound = working_and_broken(lambda losses: losses * factor)
    problems = [sound] * world
    problems[wrong] = unsound
    path = tmp_path / "out.h5"
    errors = by_ranks(problems, path, verify=1.0, **RANGES)
    assert {type(error) for error in errors} == {Disputed}
    (text,) = {str(error) for error in errors}
    found = DISPUTE.match(text)
    assert found is not None, text
    ranks = [int(rank) for rank in found.groups()[:2]]
    assert wrong in ranks
    whole = plain(tmp_path / "plain.h5")
    point = np.array([float(number) for number in found.groups()[2:4]])
    index = int(np.abs(whole.grid.points() - point).sum(axis=1).argmin())
    true = whole.values["train_loss"].flat[index]
    for rank, value in zip(ranks, found.groups()[4:], strict=True):
        expected = true * factor if rank == wrong else true
        assert float(value) == pytest.approx(expected, rel=1e-5, nan_ok=True)
    # Values of either rank are not used later.
    assert not path.exists()
    assert not any(part_of_rank(path, rank).exists() for rank in ranks)
    doubted = {file.name for file in tmp_path.glob("*.doubted-*")}
    assert f"out.h5.doubted-rank{wrong}" in doubted
    assert doubted <= {f"out.h5.doubted-rank{rank}" for rank in ranks}
    again = by_ranks([problem()] * world, path, verify=1.0, **RANGES)
    assert isinstance(again[0], Surface)
    check_same(open_surface(path), whole)


def breaks_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a rank break only after the ranks have compared the losses of one point."""
    monkeypatch.setattr("landscape.distributed.launch.compare_values", lambda *_: None)


def test_a_rank_that_is_broken_from_the_beginning_takes_no_part(tmp_path: Path) -> None:
    sound, unsound = working_and_broken(lambda losses: losses * 1.01)
    found = by_ranks([sound, unsound], tmp_path / "out.h5", **RANGES)
    assert isinstance(found[1], InputError)
    assert "differ from those of rank 0" in str(found[1])
    check_same(open_surface(tmp_path / "out.h5"), plain(tmp_path / "plain.h5"))


def test_without_verification_a_rank_that_breaks_later_is_not_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_later(monkeypatch)
    wrong = altered(lambda losses: losses * 1.01)
    found = by_ranks([problem(), wrong], tmp_path / "out.h5", **RANGES)
    assert isinstance(found[0], Surface)


def test_a_device_that_is_not_reproducible(tmp_path: Path) -> None:
    calls = iter(range(10**6))
    wrong = altered(lambda losses: losses * (1.0 if next(calls) < 80 else 1.01))
    with pytest.raises(InputError, match="recomputed points differ at"):
        sample_surface(wrong, path=tmp_path / "a.h5", verify=0.5, progress=False, **RANGES)
    assert not open_surface(tmp_path / "a.h5").complete
    found = by_ranks([altered(lambda losses: losses)], tmp_path / "b.h5", verify=1.0, **RANGES)
    assert isinstance(found[0], Surface)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (lambda: problem(1), "weights_sha256: "),
        (lambda: Problem(problem().model, load_splits("digits", "train", limit=399)), "examples: "),
    ],
)
def test_ranks_with_different_weights_or_data(
    tmp_path: Path, others: Callable[[], Problem], said: str
) -> None:
    request = Request(path=tmp_path / "0", progress=False, **RANGES)
    with launch(2) as (zero, one):
        calls = [
            lambda: sample_distributed(zero, problem(), request),
            lambda: sample_distributed(one, others(), request),
        ]
        _, error = at_once(calls)
    assert isinstance(error, InputError)
    assert str(error).startswith("rank 1 (process ")
    assert " would compute a different surface from rank 0 (process " in str(error)
    assert said in str(error)
    assert "use the same weights, data and versions on every machine" in str(error)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"tolerance": "5%"}, "tolerance: 5% here, not given there"),
        ({"x": "-1:1:7"}, "x: -1:1:7 here, -1:1:5 there"),
        ({"seed": 3}, "seed: 3 here, not given there"),
        ({"precision": "bfloat16"}, "precision: bfloat16 here, not given there"),
        ({"tune": True}, "tune: True here, False there"),
        ({"verify": 0.5}, "verify: 0.5 here, 0.0 there"),
    ],
    ids=str,
)
def test_ranks_with_different_options(tmp_path: Path, others: dict[str, Any], said: str) -> None:
    path, same = tmp_path / "out.h5", {**RANGES, "progress": False}
    with launch(2) as (zero, one):
        calls = [
            lambda: sample_distributed(zero, problem(), Request(path=path, **same)),
            lambda: sample_distributed(one, problem(), Request(path=path, **{**same, **others})),
        ]
        _, error = at_once(calls)
    assert isinstance(error, InputError)
    assert f"  {said}\n" in str(error)
    assert "use the same options on every machine" in str(error)


def test_a_file_of_a_different_run(tmp_path: Path) -> None:
    plain(tmp_path / "out.h5", seed=1)
    before = (tmp_path / "out.h5").read_bytes()
    for error in by_ranks([problem()] * 2, tmp_path / "out.h5", **RANGES):
        assert isinstance(error, InputError)
        assert "was written by a different run" in str(error)
    assert (tmp_path / "out.h5").read_bytes() == before


def test_losses_are_compared_more_strictly_than_accuracies() -> None:
    def own_loss(output: Tensor, target: Tensor) -> Tensor:
        return output[:, 0].abs()  # its unit is unknown

    data = load_splits("digits", "train", limit=20)
    asked = Problem(problem().model, data, loss=own_loss, metrics=["accuracy"], device="cpu")
    plan = make_plan(asked, Request("0:1:2", None, tune=False, repeats=2))
    rounding = rounding_of(*plan.begin(None))
    for name, allowed in rounding.items():
        assert allowed == (2e-2 if "accuracy" in name else 1e-4), name
    assert len(rounding) > 10


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_verified_points(size: int) -> None:
    for share in (0.02, 0.5, 1.0):
        points = chosen(size, share)
        assert len(set(points)) == len(points) == max(1, math.ceil(share * size))
        assert points == chosen(size, share)
        assert set(points) <= set(range(size))
    assert chosen(size, 0.0) == []


def test_a_share() -> None:
    assert [parse_share(text) for text in ("2%", " 0.5 %", "100%")] == [0.02, 0.005, 1.0]
    for text in ("2", "0%", "101%", "-1%", "x%", "nan%", ""):
        with pytest.raises(InputError, match="as in verify='2%'"):
            parse_share(text)


def test_what_killed_ranks_left_is_removed_with_the_parts(tmp_path: Path) -> None:
    """Also of ranks that are no more; other outputs and locks stay."""
    gone = ["a.h5.part-rank0", "a.h5.part-rank7", ".a.h5.part-rank7.tmp"]
    kept = ["a.h5", ".a.h5.tmp", ".a.h5.part-rank1.tmp", "a.h5.part-1of2", "b.h5.part-rank7"]
    for name in [*gone, *kept]:
        (tmp_path / name).touch()
    with only_writer(tmp_path / "a.h5.part-rank1"):  # a rank that still saves
        remove_parts_of_ranks(tmp_path / "a.h5")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(kept)
