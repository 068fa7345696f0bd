"""Networks and losses that work in place do not change the user's tensors, nor the values."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import landscape
from landscape import Problem, sample_surface


class InPlace(nn.Module):
    """A first layer that writes into its input."""

    def __init__(self, how: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.how, self.last = how, nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        changed = self.how(x)
        return self.last(x if changed is None else changed)


def halved(x: Tensor) -> None:
    x[:, 0] = 0.5 * x[:, 0]


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 3)),
    "leaky relu": lambda: nn.Sequential(nn.LeakyReLU(0.5, inplace=True), nn.Linear(4, 3)),
    "a method": lambda: InPlace(lambda x: x.mul_(2.0)),
    "an item": lambda: InPlace(halved),
    "a view": lambda: InPlace(lambda x: x.view(-1).add_(1.0).view(-1, 4)),
}


def ignored(output: Tensor, target: Tensor) -> Tensor:
    target[target == 2] = 0
    return F.cross_entropy(output, target, reduction="none")


def squashed(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.div_(2.0), target, reduction="none")


def doubled(output: Tensor, target: Tensor) -> Tensor:
    return output.mul_(2.0).square().sum(1)


LOSSES: dict[str, dict[str, Any]] = {
    "targets": {"loss": ignored},
    "outputs": {"loss": squashed},
    "outputs of a metric before": {"metrics": {"a": doubled, "b": doubled}},
}


def plain() -> nn.Module:
    return nn.Linear(4, 3)


CASES = {**{k: (v, {}) for k, v in NETWORKS.items()}, **{k: (plain, v) for k, v in LOSSES.items()}}


def written(batch: Any) -> Any:
    batch["x"].mul_(2.0)
    return batch


def own(model: nn.Module, batch: Any) -> Tensor:
    written(batch)
    return F.cross_entropy(model(batch["x"]), batch["y"], reduction="none")


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(9, 4), torch.arange(9) % 3


def naive(model: nn.Module, case: str, x: float, plane: Any) -> float:
    """The mean loss at a point, of tensors that nothing else sees."""
    moved = copy.deepcopy(model).double()
    with torch.no_grad():
        for name, p in moved.named_parameters():
            p.add_(x * plane[name].double())
    inputs, targets = (t.clone() for t in data())
    loss = CASES[case][1].get("loss") or (lambda o, t: F.cross_entropy(o, t, reduction="none"))
    with torch.inference_mode():
        found = loss(moved(inputs.double()), targets)
    return float(found.mean())


@pytest.mark.parametrize("tune", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_tensors_stay_and_values_are_right(tmp_path: Path, case: str, tune: bool) -> None:
    torch.manual_seed(1)
    model = CASES[case][0]()
    (inputs, targets), (x, y) = data(), data()
    direction = {name: torch.randn_like(p) for name, p in model.named_parameters()}
    options: dict[str, Any] = {"tune": tune, "progress": False, "directions": [direction]}
    options |= {"x": "-1:1:5", "y": None}

    def made() -> Problem:
        return Problem(model, {"train": (inputs, targets)}, device="cpu", **CASES[case][1])

    problem = made()
    assert torch.equal(inputs, x)
    assert torch.equal(targets, y)
    surface = sample_surface(problem, path=tmp_path / "s.h5", **options)
    assert torch.equal(inputs, x)
    assert torch.equal(targets, y)
    expected = [naive(model, case, at, direction) for at in surface.x]
    np.testing.assert_allclose(surface["train_loss"], expected, rtol=2e-5)
    if case == "outputs of a metric before":
        np.testing.assert_array_equal(surface["train_a"], surface["train_b"])
    again = sample_surface(made(), path=tmp_path / "s.h5", **options)
    assert again["train_loss"].tobytes() == surface["train_loss"].tobytes()


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize("loader", [False, True])
def test_batches_of_any_form_stay(numpy: bool, loader: bool) -> None:
    inputs, targets = data()
    given: Any = {"x": inputs.numpy() if numpy else inputs, "y": targets}
    batches = [given] if loader else given
    torch.manual_seed(1)
    problem = Problem(nn.Linear(4, 3), batches, objective=own, device="cpu")
    surface = sample_surface(problem, "-1:1:3", None, tune=False, progress=False)
    assert torch.equal(inputs, data()[0])
    model = copy.deepcopy(problem.model)
    assert surface["loss"][1] == pytest.approx(
        float(own(model, {"x": data()[0], "y": targets}).mean().detach()), rel=1e-5
    )


def test_in_a_training(tmp_path: Path) -> None:
    from landscape.data import Examples
    from landscape.models.named import Network

    images, labels = torch.randn(12, 1, 2, 2), torch.arange(12) % 3
    kept = images.clone()
    examples = Examples(images, labels, source="mine")

    def network() -> Network:
        made = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 3))
        return Network(made, "mine", {})

    landscape.train_network(
        network,
        {"train": examples, "test": examples},
        tmp_path / "run",
        landscape.training.TrainingSettings(epochs=1, batch_size=6),
        device="cpu",
        progress=False,
    )
    assert torch.equal(images, kept)
