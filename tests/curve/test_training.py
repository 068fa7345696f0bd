"""Training of the control point: single steps by hand, and whole runs."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from landscape.checkpoint import read_checkpoint
from landscape.curve import (
    Curve,
    curve_point,
    line_point,
    losses_along,
    read_curve,
    train_curve,
)
from landscape.curve import training as module
from landscape.data import in_memory
from landscape.errors import InputError
from landscape.evaluate.statistics_of_norms import reestimate_statistics
from landscape.measures.barrier import barrier
from landscape.training import TrainingSettings, seeded
from tests.curve.pairs import pair, two_moons

SETTINGS = TrainingSettings(epochs=4, lr=0.05, batch_size=32, seed=3)


def train(path: Path, settings: TrainingSettings = SETTINGS) -> Curve:
    problem, a, b = pair()
    return train_curve(problem, a, b, path, settings, progress=False)


def test_one_step_by_hand(tmp_path: Path) -> None:
    """∂/∂C of L(φ(t)) + ½ w ‖φ(t)‖² is 2 t (1 − t) (∇L(φ(t)) + w φ(t))."""
    settings = TrainingSettings(1, 0.2, 0.9, 0.01, 96, "constant", 7)
    problem, a, b = pair()
    inputs, targets = two_moons()
    with seeded(7 * 100_003 + 1, torch.device("cpu")):
        order, t = torch.randperm(96), float(torch.rand(()))
    assert 0.05 < t < 0.95
    middle = line_point(a, b, 0.5)
    model = copy.deepcopy(problem.model).train().requires_grad_(True)
    model.load_state_dict(curve_point(a, middle, b, t))
    F.cross_entropy(model(inputs[order]), targets[order]).backward()
    expected = {}
    for name, p in model.named_parameters():
        assert p.grad is not None
        gradient = 2 * t * (1 - t) * (p.grad + 0.01 * p.detach())
        expected[name] = middle[name] - 0.2 * 1.9 * gradient  # Nesterov's first step: 1 + 0.9
    found = train_curve(problem, a, b, tmp_path / "curve.pt", settings, progress=False).control
    torch.testing.assert_close({n: found[n] for n in expected}, expected, rtol=1e-10, atol=1e-12)


def test_the_barrier_sinks_and_the_ends_stay(tmp_path: Path) -> None:
    problem, a, b = pair()
    curve = train(tmp_path / "curve.pt", replace(SETTINGS, epochs=30))
    for end, given in ((curve.a, a), (curve.b, b), (curve.at(0), a), (curve.at(1), b)):
        torch.testing.assert_close(end, given, rtol=0, atol=0)
    t = np.linspace(0, 1, 11)
    line, bent = (
        barrier(t, losses_along(problem, path, t, "re-estimated")).height
        for path in (lambda t: line_point(a, b, t), curve.at)
    )
    assert line > 0.1
    assert bent < line / 3
    torch.testing.assert_close(dict(problem.model.state_dict()), a, rtol=0, atol=0)


def test_the_file_is_a_checkpoint_of_the_control_point(tmp_path: Path) -> None:
    problem, a, b = pair()
    path = tmp_path / "curve.pt"
    said = {"name": "users:net"}
    curve = train_curve(
        problem, a, b, path, SETTINGS, names=("a.pt", "b.pt"), network=said, progress=False
    )
    read = read_curve(path)
    assert read.names == ("a.pt", "b.pt")
    assert read.facts["seed"] == 3
    for one, other in ((read.a, a), (read.control, curve.control), (read.b, b)):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    checkpoint = read_checkpoint(path)
    torch.testing.assert_close(checkpoint.state, curve.control, rtol=0, atol=0)
    assert checkpoint.settings == said
    model = copy.deepcopy(problem.model)
    model.load_state_dict(checkpoint.state)
    examples = in_memory(problem.splits[""])
    inputs = [batch.content[0] for batch in examples.even_batches(problem.dtype, 32)]
    reestimate_statistics(model, inputs)
    torch.testing.assert_close(dict(model.state_dict()), checkpoint.state)


def test_a_resumed_curve_equals_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tmp_path / "whole.pt")
    epoch = module._Trainer._epoch

    def interrupted(self: module._Trainer, number: int) -> float:
        if number == 3:
            raise KeyboardInterrupt
        return epoch(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(module._Trainer, "_epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "part.pt")
    with pytest.raises(InputError) as error:
        read_curve(tmp_path / "part.pt")
    assert "after 2 of 4 epochs; run the same command again" in str(error.value)
    part = train(tmp_path / "part.pt")
    torch.testing.assert_close(part.control, whole.control, rtol=0, atol=0)
    read = read_curve(tmp_path / "part.pt")
    torch.testing.assert_close(read.control, whole.control, rtol=0, atol=0)


def test_a_finished_curve_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train(tmp_path / "curve.pt")
    written = (tmp_path / "curve.pt").read_bytes()
    monkeypatch.delattr(module._Trainer, "_epoch")
    second = train(tmp_path / "curve.pt")
    torch.testing.assert_close(second.control, first.control, rtol=0, atol=0)
    assert (tmp_path / "curve.pt").read_bytes() == written


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (replace(SETTINGS, seed=4), "its seed is 3, expected 4"),
        (replace(SETTINGS, epochs=5), "its epochs is 4, expected 5"),
        (replace(SETTINGS, lr=1e30, schedule="constant", momentum=0.5), "its lr is 0.05"),
    ],
)
def test_a_file_of_a_different_curve(
    settings: TrainingSettings, words: str, tmp_path: Path
) -> None:
    train(tmp_path / "curve.pt")
    with pytest.raises(InputError) as error:
        train(tmp_path / "curve.pt", settings)
    assert words in str(error.value)


def test_the_same_ends_only(tmp_path: Path) -> None:
    problem, a, b = pair()
    train(tmp_path / "curve.pt")
    with pytest.raises(InputError) as error:
        train_curve(problem, b, a, tmp_path / "curve.pt", SETTINGS, progress=False)
    assert "its a_sha256 is" in str(error.value)


def test_a_loss_that_diverges(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        train(tmp_path / "curve.pt", replace(SETTINGS, lr=1e200, schedule="constant"))
    assert "the loss along the curve became" in str(error.value)
    assert not (tmp_path / "curve.pt").exists()


def test_an_end_of_another_network(tmp_path: Path) -> None:
    problem, a, b = pair()
    b["3.weight"] = torch.zeros(3)
    with pytest.raises(InputError) as error:
        train_curve(problem, a, b, tmp_path / "curve.pt", SETTINGS, progress=False)
    assert "end of a curve: parameter '3.weight' has shape (3,)" in str(error.value)
