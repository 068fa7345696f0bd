"""Non-deterministic losses and metrics are found when the problem is created."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.metrics import PerExample
from landscape.problem import Problem
from tests.cases import CASES, Case, case_id

TWO = r"(-?[0-9.e+-]+) and (-?[0-9.e+-]+) for the same"


class Hidden(nn.Module):
    """A perceptron with an operation on its hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(6, 16), nn.Linear(16, 3)
        self.norm = nn.BatchNorm1d(16)

    def between(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.between(self.first(x)))
        return out


class DropoutOn(Hidden):
    def between(self, x: Tensor) -> Tensor:
        return F.dropout(x)  # training=True is its default


class Noise(Hidden):
    def between(self, x: Tensor) -> Tensor:
        return x + 0.01 * torch.randn_like(x)


class TrainingNorm(Hidden):
    def between(self, x: Tensor) -> Tensor:
        norm = self.norm
        return F.batch_norm(x, norm.running_mean, norm.running_var, training=True)


class NormWithoutStatistics(Hidden):
    """Normalizes by batch statistics even in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(16, track_running_stats=False)

    def between(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(x)
        return out


class NeverEvaluates(Hidden):
    """A network whose batch normalization cannot leave training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm.train = lambda mode=True: self.norm  # type: ignore[method-assign]

    def between(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(x)
        return out


class Centred(Hidden):
    def forward(self, x: Tensor) -> Tensor:
        out = super().forward(x)
        return out - out.mean(dim=0)


def random_metric(output: Tensor, target: Tensor) -> Tensor:
    return torch.rand(len(output))


def slightly_random(output: Tensor, target: Tensor) -> Tensor:
    return output[:, 0] * (1 + 0.001 * torch.rand(len(output)))


def mixing(output: Tensor, target: Tensor) -> Tensor:
    return (output[:, 0] - output[:, 0].mean()) ** 2


def mean_for_each(output: Tensor, target: Tensor) -> Tensor:
    """A loss with reduction='mean', expanded to one value per example."""
    return F.cross_entropy(output, target).expand(len(output))


def problem_of(network: nn.Module, metric: PerExample | None = None) -> Problem:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(20, 6, generator=generator)
    labels = torch.randint(0, 3, (20,), generator=generator)
    metrics = [metric] if metric else []
    return Problem(network, (inputs, labels), metrics=metrics, device="cpu")


@pytest.mark.parametrize("network", [DropoutOn, Noise])
def test_random_forward(network: type[nn.Module]) -> None:
    with pytest.raises(InputError, match=f"the loss is not deterministic: {TWO}") as caught:
        problem_of(network())
    first, second = re.findall(TWO, str(caught.value))[0]
    assert first != second
    assert "does forward use random numbers" in str(caught.value)


@pytest.mark.parametrize("network", [TrainingNorm, NormWithoutStatistics, NeverEvaluates, Centred])
def test_network_that_mixes_examples(network: type[nn.Module]) -> None:
    with pytest.raises(InputError, match="the loss of an example depends on the others") as caught:
        problem_of(network())
    first, second = re.findall(TWO, str(caught.value))[0]
    assert first != second


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        (random_metric, "metric 'random_metric' is not deterministic"),
        (slightly_random, "metric 'slightly_random' is not deterministic"),
        (mixing, "metric 'mixing' of an example depends on the others in its batch"),
        (mean_for_each, "metric 'mean_for_each' of an example depends on the others"),
    ],
)
def test_bad_metric(metric: PerExample, says: str) -> None:
    with pytest.raises(InputError, match=f"{says}.*{TWO}"):
        problem_of(Hidden(), metric)


def test_random_loss() -> None:
    data = (torch.randn(5, 6), torch.zeros(5))
    with pytest.raises(InputError, match="metric 'loss' is not deterministic"):
        Problem(Hidden(), data, loss=random_metric, device="cpu")


@pytest.mark.parametrize("examples", [1, 2, 3, 5])
def test_a_few_examples_suffice(examples: int) -> None:
    data = (torch.randn(examples, 6), torch.zeros(examples, dtype=torch.long))
    Problem(Hidden(), data, device="cpu")
    with pytest.raises(InputError, match="the loss is not deterministic"):
        Problem(DropoutOn(), data, device="cpu")


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_deterministic_networks_pass(case: Case) -> None:
    assert case.make().attributes["loss"]


class Scaled(nn.Linear):
    """Results depend on the batch size by a small relative amount, like rounding."""

    def __init__(self, error: float) -> None:
        super().__init__(6, 3)
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (1 + self.error * (len(x) % 4))


@pytest.mark.parametrize(("error", "passes"), [(1e-3, True), (0.02, False)])
def test_rounding_that_depends_on_the_batch_is_not_mixing(error: float, passes: bool) -> None:
    if passes:
        problem_of(Scaled(error))
        return
    with pytest.raises(InputError, match="depends on the others"):
        problem_of(Scaled(error))


def test_model_and_random_state_are_unchanged() -> None:
    model = Hidden()
    before = torch.random.get_rng_state()
    problem_of(model)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert model.training
    assert not model._forward_hooks
