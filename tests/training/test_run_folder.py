"""The files of a training run, and what it does not overwrite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from landscape.data import Examples
from landscape.errors import InputError
from landscape.models.named import Network, build_network
from landscape.training.history import read_history
from tests.training.runs import (
    SETTINGS,
    contents,
    resnet8,
    train,
)


@pytest.mark.parametrize(
    ("every", "epochs"), [(0, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (9, [])]
)
def test_files_of_a_run(
    digits: dict[str, Examples], tmp_path: Path, every: int, epochs: list[int]
) -> None:
    small = {name: examples.subset(8) for name, examples in digits.items()}
    train(small, tmp_path / "run", replace(SETTINGS, epochs=5, checkpoint_every=every))
    expected = {"epoch_0000.pt", "final.pt", "last.pt", "history.h5"}
    expected |= {f"epoch_{k:04d}.pt" for k in epochs}
    assert set(contents(tmp_path / "run")) == expected


def test_finished_run_is_not_modified(digits: dict[str, Examples], whole: Path) -> None:
    before = contents(whole)
    settings = replace(SETTINGS, checkpoint_every=1)
    history = train(digits, whole, settings, resume=True)
    assert history == read_history(whole / "history.h5")
    with pytest.raises(InputError, match=r"already contains a training run.*resume=True"):
        train(digits, whole, settings)
    assert contents(whole) == before


def test_trained_weights_are_not_overwritten(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, replace(SETTINGS, epochs=1))
    (tmp_path / "last.pt").unlink()
    before = contents(tmp_path)
    for resume, words in [
        (False, "already contains a training run"),
        (True, "no last.pt to resume from"),
    ]:
        with pytest.raises(InputError, match=words):
            train(digits, tmp_path, replace(SETTINGS, epochs=1), resume=resume)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 4}, ["epochs 3", "requested 4"]),
        ({"lr": 0.2}, ["lr 0.1", "requested 0.2"]),
        ({"momentum": 0.5}, ["momentum 0.9", "0.5"]),
        ({"weight_decay": 0.0}, ["weight_decay 0.0005", "0.0"]),
        ({"batch_size": 8}, ["batch_size 16", "8"]),
        ({"schedule": "step"}, ["schedule onecycle", "step"]),
        ({"seed": 0}, ["seed 3", "0"]),
        ({"checkpoint_every": 0}, ["checkpoint_every 1", "0"]),
    ],
    ids=str,
)
def test_resumed_with_another_setting(
    digits: dict[str, Examples], whole: Path, change: dict[str, Any], words: list[str]
) -> None:
    before = contents(whole)
    with pytest.raises(InputError) as caught:
        train(digits, whole, replace(SETTINGS, **{"checkpoint_every": 1, **change}), resume=True)
    for word in [str(whole / "last.pt"), *words]:
        assert word in str(caught.value)
    assert contents(whole) == before


def test_resumed_with_another_network_or_data(digits: dict[str, Examples], whole: Path) -> None:
    settings = replace(SETTINGS, checkpoint_every=1)

    def wide() -> Network:
        return build_network("resnet8", in_channels=1, width=2)

    def plain() -> Network:
        return build_network("resnet8", in_channels=1, shortcuts="none")

    fewer = {**digits, "train": digits["train"].subset(20)}
    other_test = {**digits, "test": digits["test"].subset(20)}
    moved = {name: replace(examples, source="elsewhere") for name, examples in digits.items()}
    for data, network, word in [
        (digits, wide, "width 1, requested 2"),
        (digits, plain, "shortcuts projection, requested none"),
        (fewer, resnet8, "data_sha256"),
        (other_test, resnet8, "test_data_sha256"),
    ]:
        with pytest.raises(InputError, match=word):
            train(data, whole, settings, network, resume=True)
    assert len(train(moved, whole, settings, resume=True)) == 3  # the same images elsewhere


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b""),
        lambda path: torch.save({"state_dict": {}}, path),
        lambda path: torch.save([1], path),
        lambda path: torch.save({"facts": 3}, path),
        lambda path: torch.save(
            {**torch.load(path), "state_dict": {"conv1.weight": torch.zeros(1)}}, path
        ),
        lambda path: torch.save({**torch.load(path), "optimizer": {}}, path),
        lambda path: torch.save(nn.Linear(1, 1), path),
    ],
    ids=["cut", "empty", "weights", "list", "no facts", "no weights", "no optimizer", "module"],
)
def test_damaged_last_checkpoint(
    digits: dict[str, Examples], whole: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name, content in contents(whole).items():
        (folder / name).write_bytes(content)
    damage(folder / "last.pt")
    before = contents(folder)
    with pytest.raises(InputError, match=r"last\.pt"):
        train(digits, folder, replace(SETTINGS, checkpoint_every=1), resume=True)
    assert contents(folder) == before
