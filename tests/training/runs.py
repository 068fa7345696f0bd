"""A small training run, shared by the tests of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples
from landscape.models.named import Network, build_network
from landscape.training import TrainingSettings, train_network
from landscape.training.history import History

SETTINGS = TrainingSettings(epochs=3, lr=0.1, batch_size=16, seed=3)
COLUMNS = ["train_loss", "train_error", "test_loss", "test_error", "lr"]


def resnet8() -> Network:
    return build_network("resnet8", in_channels=1, classes=10)


def train(
    data: dict[str, Examples],
    folder: Path,
    settings: TrainingSettings = SETTINGS,
    make_network: Callable[[], Network] = resnet8,
    **options: Any,
) -> History:
    return train_network(
        make_network, data, folder, settings, device="cpu", progress=False, **options
    )


def weights(path: Path) -> dict[str, Tensor]:
    return read_checkpoint(path).state


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert list(a) == list(b)
    for name in a:
        assert torch.equal(a[name], b[name]), name


def linear() -> Network:
    return Network(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).double(), "linear", {})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
