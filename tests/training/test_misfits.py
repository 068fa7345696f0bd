"""Errors before training starts."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

from landscape.data import Examples
from landscape.errors import InputError
from landscape.models.named import Network, build_network
from landscape.training import TrainingSettings
from tests.training.runs import (
    SETTINGS,
    linear,
    train,
)


@pytest.mark.parametrize("lr", [1e6, 1e30])
def test_diverging_run(digits: dict[str, Examples], tmp_path: Path, lr: float) -> None:
    settings = replace(SETTINGS, lr=lr, schedule="constant")
    with pytest.raises(InputError) as caught:
        train(digits, tmp_path, settings)
    for word in ["training loss became", "in epoch", f"below {lr:g} (lr)"]:
        assert word in str(caught.value)
    assert not (tmp_path / "final.pt").exists()


WRONG_SETTINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"epochs": 0}, ["epochs=0", "at least 1"]),
    ({"batch_size": 0}, ["batch_size=0", "at least 1"]),
    ({"checkpoint_every": -1}, ["checkpoint_every=-1", "at least 0"]),
    ({"seed": -1}, ["seed=-1", "at least 0"]),
    ({"seed": 2**32}, ["seed=4294967296", "at most 4294967295"]),
    ({"epochs": 2**32}, ["epochs=4294967296", "at most 4294967295"]),
    ({"batch_size": 10**25}, ["batch_size=1", "at most 4294967295"]),
    ({"lr": 0.0}, ["lr=0.0", "positive"]),
    ({"lr": math.nan}, ["lr=nan", "positive"]),
    ({"lr": math.inf}, ["lr=inf", "positive"]),
    ({"momentum": 0.0}, ["momentum=0.0", "between 0 and 1"]),
    ({"momentum": 1.0}, ["momentum=1.0"]),
    ({"momentum": math.nan}, ["momentum=nan"]),
    ({"weight_decay": -1.0}, ["weight_decay=-1.0", "at least 0"]),
    ({"weight_decay": math.nan}, ["weight_decay=nan"]),
    ({"weight_decay": math.inf}, ["weight_decay=inf"]),
    ({"schedule": "cosine"}, ["'cosine'", "onecycle, step, constant"]),
    ({"optimizer": "adagrad"}, ["'adagrad'", "sgd, adam"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG_SETTINGS, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        TrainingSettings(**settings)
    for word in words:
        assert word in str(caught.value)


def test_largest_seed(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, TrainingSettings(epochs=1, seed=2**32 - 1), linear)


def network_of(model: nn.Module) -> Callable[[], Network]:
    return lambda: Network(copy.deepcopy(model), "mine", {})


class Tuple(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(x.flatten(1)), x


class Silent(Tuple):
    def forward(self, x: Tensor) -> Any:
        assert x.ndim == 2
        return self.layer(x)


def frozen() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).requires_grad_(False)


NORMALIZED = [nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10)]

MISFITS: dict[str, tuple[Callable[[], Network], dict[str, Any], list[str]]] = {
    "fewer classes": (
        lambda: build_network("resnet8", in_channels=1, classes=5),
        {},
        ["labels run from 0 to 9", "5 outputs", "digits"],
    ),
    "other channels": (
        lambda: build_network("resnet8", in_channels=3),
        {},
        ["resnet8", "(8, 1, 8, 8)", "digits"],
    ),
    "no logits": (network_of(nn.Flatten(0)), {}, ["no trainable parameters"]),
    "several outputs": (network_of(Tuple()), {}, ["logits of shape (n, classes)", "a tuple"]),
    "a bare assert": (network_of(Silent()), {}, ["mine", "AssertionError"]),
    "nothing to train": (network_of(frozen()), {}, ["mine", "no trainable parameters"]),
    "one example in the last batch": (
        network_of(nn.Sequential(*NORMALIZED)),
        {"batch_size": 13},
        ["a batch of 1 examples", "another batch_size", "more than 1 value"],
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_mismatched_network_or_data(digits: dict[str, Examples], tmp_path: Path, case: str) -> None:
    make_network, change, words = MISFITS[case]
    with pytest.raises(InputError) as caught:
        train(digits, tmp_path / "run", replace(SETTINGS, **change), make_network)
    for word in words:
        assert word in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_both_splits_are_needed(digits: dict[str, Examples], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected train and test"):
        train({"train": digits["train"]}, tmp_path)


def test_folder_that_cannot_be_created(digits: dict[str, Examples], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match=r"cannot create the folder .*Not a directory"):
        train(digits, tmp_path / "file" / "run")
