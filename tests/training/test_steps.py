"""Schedules and steps against formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.data import Examples, load_splits
from landscape.models.named import Network
from landscape.training import TrainingSettings
from landscape.training.schedules import SCHEDULES
from tests.training.runs import (
    SETTINGS,
    assert_same,
    linear,
    train,
    weights,
)

Step = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def one_cycle(step: int, lr: float, epochs: int, steps: int) -> float:
    """Smith and Topin's cycle: from lr/25 up to lr, then down to lr/250,000, both along a
    cosine."""
    total = epochs * steps
    if total == 1:
        return lr
    top, end = 0.3 * total - 1, total - 1
    if step <= top:
        return cosine(lr / 25, lr, step / top)
    return cosine(lr, lr / 25e4, (step - top) / (end - top))


def tenths(step: int, lr: float, epochs: int, steps: int) -> float:
    complete = step // steps
    return lr * 0.1 ** ((complete >= epochs / 2) + (complete >= epochs * 3 / 4))


FORMULAS: dict[str, Callable[[int, float, int, int], float]] = {
    "onecycle": one_cycle,
    "step": tenths,
    "constant": lambda step, lr, epochs, steps: lr,
}


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [(1, 1), (2, 1), (1, 2), (3, 1), (1, 4), (5, 1), (10, 1), (4, 3), (7, 2), (25, 12), (1, 100)],
)
@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rates(name: str, epochs: int, steps: int) -> None:
    lr = 0.3
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
    schedule = SCHEDULES[name](optimizer, epochs, steps)
    found = []
    for _ in range(epochs * steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    expected = [FORMULAS[name](k, lr, epochs, steps) for k in range(epochs * steps)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert max(found) > 0.5 * lr


def test_every_schedule_has_a_formula() -> None:
    assert set(FORMULAS) == set(SCHEDULES)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_in_the_history(digits: dict[str, Examples], tmp_path: Path, schedule: str) -> None:
    history = train(digits, tmp_path, replace(SETTINGS, epochs=4, schedule=schedule))
    expected = [FORMULAS[schedule](3 * epoch, 0.1, 4, 3) for epoch in range(4)]
    assert history.columns["lr"] == pytest.approx(expected, rel=1e-9)


def test_single_step(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, replace(SETTINGS, epochs=1, batch_size=64))
    a, b = (weights(tmp_path / name)["linear.weight"] for name in ("epoch_0000.pt", "final.pt"))
    assert (a - b).norm() > 0.01 * a.norm()


def nesterov(w: np.ndarray, momentum: float, decay: float) -> Step:
    """The step for a gradient, with Nesterov momentum."""
    velocity = np.zeros_like(w)

    def step(w: np.ndarray, gradient: np.ndarray, k: int) -> np.ndarray:
        g = gradient + decay * w
        velocity[:] = momentum * velocity + g
        return w - 0.05 * (g + momentum * velocity)

    return step


def adamw(w: np.ndarray, momentum: float, decay: float) -> Step:
    """Loshchilov and Hutter, arXiv 1711.05101, algorithm 2."""
    first, second = np.zeros_like(w), np.zeros_like(w)

    def step(w: np.ndarray, gradient: np.ndarray, k: int) -> np.ndarray:
        first[:] = momentum * first + (1 - momentum) * gradient
        second[:] = 0.999 * second + 0.001 * gradient**2
        m, v = first / (1 - momentum**k), second / (1 - 0.999**k)
        return w - 0.05 * (m / (np.sqrt(v) + 1e-8) + decay * w)

    return step


@pytest.mark.parametrize(("optimizer", "rule"), [("sgd", nesterov), ("adam", adamw)])
@pytest.mark.parametrize("momentum", [0.9, 0.5])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_steps_by_hand(
    digits: dict[str, Examples],
    tmp_path: Path,
    momentum: float,
    weight_decay: float,
    optimizer: str,
    rule: Callable[[np.ndarray, float, float], Step],
) -> None:
    """Three full-batch steps of a linear classifier in numpy, with the gradient in closed form."""
    settings = TrainingSettings(
        epochs=3,
        lr=0.05,
        momentum=momentum,
        weight_decay=weight_decay,
        batch_size=40,
        schedule="constant",
        optimizer=optimizer,
    )
    train(digits, tmp_path, settings, linear)
    start = weights(tmp_path / "epoch_0000.pt")
    w, b = start["1.weight"].numpy(), start["1.bias"].numpy()
    x = (digits["train"].inputs.numpy().reshape(40, 64) / 16 - 0.3053) / 0.3760
    hot = np.eye(10)[digits["train"].targets.numpy()]
    steps = [rule(parameter, momentum, weight_decay) for parameter in (w, b)]
    for k in (1, 2, 3):
        logits = x @ w.T + b
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        w, b = steps[0](w, (p - hot).T @ x / 40, k), steps[1](b, (p - hot).mean(0), k)
    final = weights(tmp_path / "final.pt")
    np.testing.assert_allclose(final["1.weight"].numpy(), w, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(final["1.bias"].numpy(), b, rtol=1e-10, atol=1e-11)


def test_batch_larger_than_the_data(digits: dict[str, Examples], tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=1, schedule="constant")
    for name, size in [("just", 40), ("more", 2**32 - 1)]:
        train(digits, tmp_path / name, replace(settings, batch_size=size), linear)
    assert_same(*[weights(tmp_path / name / "final.pt") for name in ("just", "more")])


def test_every_example_once_per_epoch(digits: dict[str, Examples], tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def watched() -> Network:
        network = linear()

        def watch(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if module.training and torch.is_grad_enabled():
                seen.append(inputs[0].detach())

        network.model.register_forward_pre_hook(watch)
        return network

    train(digits, tmp_path, replace(SETTINGS, epochs=2), watched)
    assert [len(batch) for batch in seen] == [16, 16, 8] * 2
    epochs = [torch.cat(seen[:3]), torch.cat(seen[3:])]
    assert not torch.equal(*epochs)
    expected = sorted(digits["train"].preprocess(digits["train"].inputs, torch.float64).tolist())
    for order in epochs:
        assert sorted(order.tolist()) == expected


def test_trial_batch_has_no_effect(digits: dict[str, Examples], tmp_path: Path) -> None:
    """The trial batch before training changes neither running statistics nor their counts."""
    train(digits, tmp_path, replace(SETTINGS, epochs=1))
    first = weights(tmp_path / "epoch_0000.pt")
    assert int(first["bn1.num_batches_tracked"]) == 0
    assert not first["bn1.running_mean"].any()
    assert int(weights(tmp_path / "final.pt")["bn1.num_batches_tracked"]) == 3


def test_training_beats_guessing(tmp_path: Path) -> None:
    """After three epochs on 400 digits the network is far better than guessing."""
    data = load_splits("digits", "both", limit=400)
    history = train(data, tmp_path, replace(SETTINGS, batch_size=32))
    assert history.columns["test_error"][-1] < 0.25
    assert history.columns["train_loss"][-1] < 0.6
