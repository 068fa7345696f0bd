"""Which files of a folder are the path of a training, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.params import norm
from landscape.planes import read_runs
from landscape.planes.choose import span, weights_of
from landscape.planes.run_files import checkpoints_in
from tests.planes.material import moved, noise, problem

STATE = {"weight": torch.zeros(2)}


def make(folder: Path, names: Sequence[str], content: object = STATE) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, folder / name)
    return folder


# The files in the order of training, the steps, and what is left out.
ORDERS: dict[str, tuple[list[str], list[float], list[str]]] = {
    "Lightning, with losses": (
        [
            "epoch=0-val_loss=0.95.ckpt",
            "epoch=1-val_loss=0.50.ckpt",
            "epoch=2-val_loss=0.71.ckpt",
            "epoch=9-val_loss=0.33.ckpt",
            "epoch=14-val_loss=0.34.ckpt",
        ],
        [0, 1, 2, 9, 14],
        ["best.ckpt", "last.ckpt"],
    ),
    "Lightning, versions": (
        ["step=100-v1.ckpt", "step=200.ckpt", "step=1000-v3.ckpt"],
        [100, 200, 1000],
        ["last-v1.ckpt"],
    ),
    "Lightning, its default": (
        ["epoch=0-step=50.ckpt", "epoch=1-step=100.ckpt", "epoch=10-step=550.ckpt"],
        [0, 1, 10],
        [],
    ),
    "several an epoch": (
        ["epoch=0-step=50.ckpt", "epoch=0-step=100.ckpt", "epoch=1-step=150.ckpt"],
        [50, 100, 150],
        [],
    ),
    "steps that begin again": (
        ["epoch=0-step=5.ckpt", "epoch=0-step=10.ckpt", "epoch=1-step=5.ckpt"],
        [0, 1, 2],
        [],
    ),
    "a loss of an epoch": (
        ["val_loss_epoch=2-epoch=3.ckpt", "val_loss_epoch=1-epoch=4.ckpt"],
        [3, 4],
        [],
    ),
    "a loss of a step": (
        ["epoch=3-train_loss_step=0.9.ckpt", "epoch=4-train_loss_step=0.1.ckpt"],
        [3, 4],
        [],
    ),
    "accuracies": (["epoch=1-acc=93.ckpt", "epoch=2-acc=91.ckpt"], [1, 2], []),
    "seeds": (["epoch1_seed0.pt", "epoch2_seed0.pt", "epoch10_seed0.pt"], [1, 2, 10], []),
    "names of networks": (["resnet20_9.pth", "resnet20_10.pth"], [9, 10], ["resnet20_best.pth"]),
    "losses without a name": (["model_2_0.93.pt", "model_10_0.21.pt"], [2, 10], []),
    "only numbers": (["0001.pt", "0010.pt", "0100.pt"], [1, 10, 100], []),
    "iterations": (["iter_9000.pth", "iter_10000.pth"], [9000, 10000], ["latest.pth"]),
    "Detectron": (
        ["model_0000499.pth", "model_0000999.pth", "model_final.pth"],
        [499, 999, 1000],
        ["model_best.pth.tar"],
    ),
    "tar": (
        ["checkpoint_9.pth.tar", "checkpoint_10.pth.tar"],
        [9, 10],
        ["model_best.pth.tar"],
    ),
    "optimizers": (
        ["epoch_1.pt", "epoch_2.pt"],
        [1, 2],
        ["optimizer.pt", "optimizer_2.pt", "rng_state.pth", "scheduler_1.pt", "training_args.bin"],
    ),
    "before training": (["epoch_1.pt", "epoch_2.pt"], [1, 2], ["init.pt"]),
    "a folder each": (
        ["epoch_1/model.pth", "epoch_2/model.pth", "epoch_10/model.pth"],
        [1, 2, 10],
        ["best/model.pth"],
    ),
    "a folder each, with optimizers": (
        ["step_20/weights.pt", "step_100/weights.pt"],
        [20, 100],
        [],
    ),
}


@pytest.mark.parametrize("case", ORDERS)
def test_orders(tmp_path: Path, case: str) -> None:
    names, steps, left_out = ORDERS[case]
    run = make(tmp_path / "run", [*reversed(names), *left_out])
    if case.endswith("optimizers"):
        make(run, [f"{Path(name).parent}/optimizer.pt" for name in names if "/" in name])
    found = checkpoints_in(run)
    inner = [str(Path(name).parent) if "/" in name else name for name in names]
    assert [str(file.relative_to(run)) for file in found.files] == inner
    assert found.steps == steps
    outer = [str(Path(name).parent) if "/" in name else name for name in left_out]
    assert sorted(found.left_out) == outer


def test_the_folder_of_lightning_around_them(tmp_path: Path) -> None:
    make(tmp_path / "version_0" / "checkpoints", ["epoch=0.ckpt", "epoch=1.ckpt"])
    assert checkpoints_in(tmp_path / "version_0").steps == [0, 1]


PATTERNS: dict[str, tuple[list[str], str, list[float]]] = {
    "files": (["a_1.pt", "a_2.pt", "b_1.pt", "notes.txt"], "a_*.pt", [1, 2]),
    "folders": (["epoch_1/x.pt", "epoch_3/x.pt", "other/x.pt"], "epoch_*", [1, 3]),
    "files in folders": (["3/net.pt", "20/net.pt", "20/ema.pt"], "*/net.pt", [3, 20]),
    "deep": (["a/epoch_1/w.pt", "b/epoch_2/w.pt"], "**/w.pt", [1, 2]),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_patterns(tmp_path: Path, case: str) -> None:
    names, pattern, steps = PATTERNS[case]
    make(tmp_path / "seed0", names)
    (run,) = read_runs([tmp_path / "seed0" / pattern])
    assert list(run.steps) == steps
    assert run.name == "seed0"


def test_two_patterns_of_one_folder_have_two_names(tmp_path: Path) -> None:
    make(tmp_path, ["a_1.pt", "a_2.pt", "b_1.pt", "b_2.pt"])
    runs = read_runs([tmp_path / "a_*.pt", tmp_path / "b_*.pt"])
    assert [run.name for run in runs] == ["a_*.pt", "b_*.pt"]
    assert [list(run.steps) for run in runs] == [[1, 2], [1, 2]]


def test_the_network_of_a_run_is_its_last_checkpoint(tmp_path: Path) -> None:
    make(tmp_path, ["epoch=9-loss=0.1.ckpt", "epoch=10-loss=0.9.ckpt", "best.ckpt"])
    assert weights_of(f"pca:{tmp_path}") == tmp_path / "epoch=10-loss=0.9.ckpt"
    assert weights_of(f"pca:{tmp_path}/*.ckpt") == tmp_path / "epoch=10-loss=0.9.ckpt"


def test_where_names_tell_nothing_the_files_do(tmp_path: Path) -> None:
    for name, epoch in (("zebra.pt", 1), ("apple.pt", 2), ("maple.pt", 3)):
        make(tmp_path, [name], {"epoch": epoch, "global_step": 10 - epoch, "model": STATE})
    found = checkpoints_in(tmp_path)
    assert [file.stem for file in found.files] == ["zebra", "apple", "maple"]
    assert found.steps == [1, 2, 3]


def test_the_epoch_of_the_last_is_none_of_steps(tmp_path: Path) -> None:
    make(tmp_path, ["step_500.pt", "step_1000.pt"])
    make(tmp_path, ["final.pt"], {"epoch": 12, "model": STATE})
    assert checkpoints_in(tmp_path).steps == [500, 1000, 1001]


REFUSED: dict[str, tuple[list[str], str]] = {
    "no order": (["apple.pt", "maple.pt"], "do not tell their order"),
    "seeds only": (["seed0.pt", "seed1.pt"], "do not tell their order"),
    "dates": (["2026-01-02.pt", "2026-02-01.pt"], "do not tell their order"),
    "twice": (
        ["epoch_1.pt", "epoch_1_ema.pt", "epoch_2.pt", "epoch_2_ema.pt"],
        "two checkpoints of step 1: epoch_1.pt and epoch_1_ema.pt; leave one out by a pattern",
    ),
    "one": (["epoch_1.pt", "best.pt"], r"contains 1 checkpoint besides best\.pt"),
    "none": (["optimizer.pt"], r"contains 0 checkpoints besides optimizer\.pt"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_path(tmp_path: Path, case: str) -> None:
    names, message = REFUSED[case]
    make(tmp_path, names)
    with pytest.raises(InputError, match=message):
        checkpoints_in(tmp_path)


def test_a_pattern_that_matches_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contains 0 checkpoints"):
        checkpoints_in(tmp_path / "none_*.pt")


def test_the_run_of_another_network(tmp_path: Path) -> None:
    make(tmp_path / "run", ["epoch_1.pt", "epoch_2.pt"], {"conv.weight": torch.ones(3)})
    origin: dict[str, Tensor] = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.ones(2)}
    (run,) = read_runs([tmp_path / "run"])
    with pytest.raises(InputError) as refused:
        list(run.parameters(origin))
    for words in (
        "epoch_1.pt: no entry for parameter 'fc.weight', shape (2, 3)",
        "2 of 2 are missing: it is of another network, with 'conv.weight'",
    ):
        assert words in str(refused.value)


def test_a_key_for_all_checkpoints_of_a_run(tmp_path: Path) -> None:
    for k in (1, 2):
        content = {"model": STATE, "ema": {"weight": torch.full((2,), float(k))}}
        make(tmp_path / "run", [f"epoch_{k}.pt"], content)
    (run,) = read_runs([tmp_path / "run"], key="ema")
    assert [float(state["weight"][0]) for _, state in run.states()] == [1, 2]


def test_the_key_of_the_weights_is_that_of_the_run(tmp_path: Path) -> None:
    """Other weights stand beside them, which would be found first."""
    final = problem()
    state = final.model.state_dict()
    steps = [{n: s * noise(final.origin, k)[n] for n in final.origin} for k, s in enumerate((2, 1))]
    for k, step in enumerate([*steps, {n: 0 * p for n, p in final.origin.items()}]):
        content = {"model": state, "ema": moved(state, step)}
        make(tmp_path, [f"epoch_{k}.pt"], content)
    final.attributes["checkpoint_key"] = "ema"
    plane = span(final, f"pca:{tmp_path}")
    (run,) = plane.runs
    lengths = [
        norm({n: p - final.origin[n] for n, p in one.items()})
        for one in run.parameters(final.origin)
    ]
    assert lengths[0] == pytest.approx(norm(steps[0]), rel=1e-5)
    assert lengths[2] == 0
    final.attributes.pop("checkpoint_key")
    with pytest.raises(InputError, match="span 0 directions only"):
        span(final, f"pca:{tmp_path}")
