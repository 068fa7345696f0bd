"""The same seed gives bitwise identical results, resumed or not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from landscape.data import Examples
from landscape.models.named import Network
from landscape.training.history import read_history
from landscape.training.schedules import SCHEDULES
from tests.training.runs import (
    SETTINGS,
    assert_same,
    linear,
    resnet8,
    train,
    weights,
)


def test_same_seed_gives_identical_weights(
    digits: dict[str, Examples], whole: Path, tmp_path: Path
) -> None:
    torch.manual_seed(99)  # the global generator's state must not matter
    train(digits, tmp_path / "a", replace(SETTINGS, checkpoint_every=1))
    for name in ("epoch_0000.pt", "epoch_0001.pt", "final.pt"):
        assert_same(weights(tmp_path / "a" / name), weights(whole / name))
    assert read_history(tmp_path / "a/history.h5") == read_history(whole / "history.h5")


def test_another_seed_gives_another_network(
    digits: dict[str, Examples], whole: Path, tmp_path: Path
) -> None:
    train(digits, tmp_path / "a", replace(SETTINGS, epochs=1, seed=4))
    for name in ("epoch_0000.pt", "final.pt"):
        a, b = weights(tmp_path / "a" / name), weights(whole / name)
        assert not torch.equal(a["conv1.weight"], b["conv1.weight"])


def test_another_seed_gives_another_order(digits: dict[str, Examples], tmp_path: Path) -> None:
    def from_zero() -> Network:
        network = linear()
        for p in network.model.parameters():
            nn.init.zeros_(p)
        return network

    for seed in (0, 1):
        train(digits, tmp_path / str(seed), replace(SETTINGS, epochs=1, seed=seed), from_zero)
    a, b = (weights(tmp_path / seed / "final.pt")["1.weight"] for seed in "01")
    assert not torch.allclose(a, b, rtol=1e-6)


def test_global_random_state_is_unchanged(digits: dict[str, Examples], tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    train(digits, tmp_path / "a", replace(SETTINGS, epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)


class Interrupting:
    """A network interrupted once, as by Ctrl-C, in the k-th training step."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self) -> Network:
        network = resnet8()
        network.model.register_forward_pre_hook(self.hook)
        return network

    def hook(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if module.training and torch.is_grad_enabled():
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize(
    "choice", [*({"schedule": name} for name in SCHEDULES), {"optimizer": "adam", "lr": 0.01}]
)
@pytest.mark.parametrize("step", [1, 3, 5, 9])  # of 3 steps per epoch
def test_resumed_run_equals_an_uninterrupted_one(
    digits: dict[str, Examples], tmp_path: Path, step: int, choice: dict[str, Any]
) -> None:
    settings = replace(SETTINGS, **choice)
    expected = train(digits, tmp_path / "whole", settings)
    folder = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt) as interrupt:
        train(digits, folder, settings, Interrupting(step))
    complete = (step - 1) // 3
    said = f"{complete} of {settings.epochs} epochs are saved in {folder}" if complete else ""
    assert str(interrupt.value) == said
    assert (folder / "last.pt").exists() == (complete > 0)
    assert not (folder / "final.pt").exists()
    if complete:
        assert len(read_history(folder / "history.h5")) == complete
    history = train(digits, folder, settings, resume=True)
    assert history.columns == expected.columns
    assert_same(weights(folder / "final.pt"), weights(tmp_path / "whole/final.pt"))


def test_interrupted_twice_with_dropout(digits: dict[str, Examples], tmp_path: Path) -> None:
    def perceptron() -> Network:
        layers = [nn.Flatten(), nn.Linear(64, 16), nn.Dropout(0.5), nn.Linear(16, 10)]
        return Network(nn.Sequential(*layers), "perceptron", {})

    def interrupting(step: int) -> Callable[[], Network]:
        def make() -> Network:
            network = perceptron()
            network.model.register_forward_pre_hook(Interrupting(step).hook)
            return network

        return make

    train(digits, tmp_path / "whole", make_network=perceptron)
    for step in (5, 2):
        with pytest.raises(KeyboardInterrupt):
            train(digits, tmp_path / "parts", make_network=interrupting(step), resume=True)
    train(digits, tmp_path / "parts", make_network=perceptron, resume=True)
    assert_same(weights(tmp_path / "parts/final.pt"), weights(tmp_path / "whole/final.pt"))


@pytest.mark.parametrize("name", ["last.pt", "final.pt", "history.h5"])
def test_interrupted_before_a_file_is_written(
    digits: dict[str, Examples], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file was written last, the resumed run has the same result."""
    settings = replace(SETTINGS, epochs=1)
    train(digits, tmp_path / "whole", settings)

    def replacing(source: Any, target: Any) -> None:
        if Path(target).name == name:
            raise KeyboardInterrupt
        move(source, target)

    move = os.replace
    monkeypatch.setattr(os, "replace", replacing)
    with pytest.raises(KeyboardInterrupt):
        train(digits, tmp_path / "parts", settings)
    monkeypatch.undo()
    assert not (tmp_path / "parts" / name).exists()
    train(digits, tmp_path / "parts", settings, resume=True)
    assert_same(weights(tmp_path / "parts/final.pt"), weights(tmp_path / "whole/final.pt"))
    assert len(read_history(tmp_path / "parts/history.h5")) == 1
