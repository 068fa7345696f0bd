"""Folded batch normalization: equal outputs up to rounding, at any point of a plane."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.directions import make_directions
from landscape.evaluate.fold import fold_batch_norms
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.settings import Settings
from landscape.models import CifarResNet, ImageNetResNet
from landscape.plane import Plane
from landscape.problem import Problem
from tests.cases import settled

IMAGE, VECTOR = (3, 8, 8), (6,)


class Untraceable(nn.Module):
    """Control flow that depends on the data: torch.fx cannot follow it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3)
        )
        self.norm = nn.BatchNorm2d(5)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.body(x)).mean(dim=(2, 3))
        return out if out.sum() > 1e9 else out * 2


class ReadTwice(nn.Module):
    """The output of the convolution is also used without its normalization: must not be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5)

    def forward(self, x: Tensor) -> Tensor:
        z = self.conv(x)
        out: Tensor = (self.norm(z) + z).mean(dim=(2, 3))
        return out


class CalledTwice(nn.Module):
    """One normalization after two layers, one layer before two normalizations: not foldable."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.conv(self.norm(self.conv(x)))).mean(dim=(2, 3))
        return out


class Reordered(nn.Sequential):
    """A subclass of Sequential whose forward is not that of a sequence."""

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self[1](x) + self[0](x)
        return out.mean(dim=(2, 3)) if out.sum() < 1e9 else out


def shared_weights() -> nn.Module:
    a, b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
    b.weight = a.weight
    return nn.Sequential(a, nn.BatchNorm2d(3), b, nn.BatchNorm2d(3), nn.Flatten())


class Activated(nn.BatchNorm2d):
    """A subclass that does more than its base, as several libraries have it."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x))


class Doubled(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def subclasses() -> nn.Module:
    """In sequences inside a network that cannot be traced."""
    model = Untraceable()
    model.body = nn.Sequential(
        nn.Conv2d(3, 4, 3), Activated(4), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)
    )
    return model


def weight_norm() -> nn.Module:
    """The class of the layer is made for it, and its weight is not a parameter."""
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    return nn.Sequential(layer, nn.BatchNorm2d(4), nn.Flatten())


def perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 5),
        nn.BatchNorm1d(5, affine=False),
        nn.Tanh(),
        nn.Linear(5, 4, bias=False),
        nn.BatchNorm1d(4),
    )


def batch_statistics() -> nn.Module:
    """A normalization without running statistics depends on the batch: not an affine map."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten()
    )


def norm_first() -> nn.Module:
    return nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3, groups=1), nn.Flatten())


NETWORKS: list[tuple[str, Callable[[], nn.Module], tuple[int, ...], int]] = [
    ("resnet-projection", lambda: CifarResNet(8, "projection"), IMAGE, 9),
    ("resnet-identity", lambda: CifarResNet(14, "identity"), IMAGE, 13),
    ("resnet-none", lambda: CifarResNet(8, "none"), IMAGE, 7),
    ("imagenet-resnet", lambda: ImageNetResNet(18, "identity", channels=4), IMAGE, 17),
    ("imagenet-bottlenecks", lambda: ImageNetResNet(50, channels=4), IMAGE, 53),
    ("perceptron", perceptron, VECTOR, 2),
    ("untraceable", Untraceable, IMAGE, 1),
    (
        "grouped",
        lambda: nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6), nn.Flatten()),
        IMAGE,
        1,
    ),
    ("read-twice", ReadTwice, IMAGE, 0),
    ("called-twice", CalledTwice, IMAGE, 0),
    ("reordered", lambda: Reordered(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)), IMAGE, 0),
    ("shared-weights", shared_weights, IMAGE, 0),
    ("batch-statistics", batch_statistics, IMAGE, 0),
    ("norm-first", norm_first, IMAGE, 0),
    ("subclasses", subclasses, IMAGE, 1),
    ("doubled", lambda: nn.Sequential(Doubled(6, 4), nn.BatchNorm1d(4)), VECTOR, 0),
    ("weight-norm", weight_norm, IMAGE, 0),
    ("no-norm", lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), IMAGE, 0),
]


@pytest.mark.parametrize(("name", "make", "shape", "pairs"), NETWORKS, ids=[n[0] for n in NETWORKS])
def test_outputs_are_equal_to_rounding(
    name: str, make: Callable[[], nn.Module], shape: tuple[int, ...], pairs: int
) -> None:
    torch.manual_seed(0)
    model = settled(make()).double()
    inputs = torch.randn(7, *shape, dtype=torch.float64)
    data = (inputs[:1], torch.zeros(1))  # batch statistics depend on the other examples
    problem = Problem(model, data, loss=lambda o, t: o.flatten(1).sum(1), device="cpu")
    rewritten = copy.deepcopy(problem.model)
    with contextlib.suppress(Exception):
        rewritten = fx.symbolic_trace(rewritten)
    assert len(fold_batch_norms(rewritten, problem.model)) == pairs

    directions = make_directions(problem.origin, 2, ignore="none", seed=1)
    plane = Plane(problem.origin, [d.vector for d in directions])  # γ and β are displaced too
    plain = PointNetwork(problem, plane, Settings())
    folded = PointNetwork(problem, plane, Settings(fold=True, in_place=True, channels_last=True))
    for point in [(0.0, 0.0), (0.7, -1.3), (-1.0, 1.0), (0.0, 0.0)]:
        for network in (plain, folded):
            network.move_to(point)
        with torch.inference_mode():
            expected = plain(inputs)
            # Of the largest output: small ones are differences of numbers as large.
            rounding = 1e-11 * max(1.0, float(expected.abs().max()))
            torch.testing.assert_close(folded(inputs), expected, rtol=0, atol=rounding)


def test_the_original_network_is_not_modified() -> None:
    torch.manual_seed(0)
    model = settled(CifarResNet(8))
    data = (torch.randn(4, 3, 8, 8), torch.zeros(4).long())
    problem = Problem(model, data, device="cpu")
    before = {name: tensor.clone() for name, tensor in problem.model.state_dict().items()}
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    PointNetwork(problem, plane, Settings(fold=True, in_place=True)).move_to((1.0, 1.0))
    for name, tensor in problem.model.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_one_layer_by_hand(biased: bool, affine: bool) -> None:
    layer, norm = nn.Conv2d(2, 3, 1, bias=biased), nn.BatchNorm2d(3, affine=affine)
    model = settled(nn.Sequential(layer, norm)).double().eval()
    data = (torch.randn(4, 2, 1, 1, dtype=torch.float64), torch.zeros(4))
    problem = Problem(model, data, loss=lambda o, t: o.flatten(1).sum(1), device="cpu")
    plane = Plane(problem.origin, [problem.origin])
    network = PointNetwork(problem, plane, Settings(fold=True))
    network.move_to((1.0,))  # twice the weights, biases, γ and β
    found = {name: p.detach().numpy() for name, p in network._model.named_parameters()}
    w = 2 * layer.weight.detach().numpy()
    b = 2 * layer.bias.detach().numpy() if biased else 0.0
    gamma = 2 * norm.weight.detach().numpy() if affine else 1.0
    beta = 2 * norm.bias.detach().numpy() if affine else 0.0
    mean, variance = norm.running_mean.numpy(), norm.running_var.numpy()  # type: ignore[union-attr]
    scale = gamma / np.sqrt(variance + 1e-5)
    assert set(found) == {"0.weight", "0.bias"}
    np.testing.assert_allclose(found["0.weight"], w * scale[:, None, None, None], rtol=1e-14)
    np.testing.assert_allclose(found["0.bias"], beta + scale * (b - mean), rtol=1e-13)


def test_bfloat16_outputs_come_back_in_the_problems_precision() -> None:
    model = nn.Sequential(nn.Linear(6, 50), nn.Linear(50, 3))
    data = (torch.randn(7, 6), torch.zeros(7, dtype=torch.long))
    problem = Problem(model, data, device="cpu")
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    network = PointNetwork(problem, plane, Settings(reduced="bfloat16"))
    network.move_to((0.5, 0.5))
    exact = F.linear(F.linear(data[0], *_layer(plane, "0")), *_layer(plane, "1"))
    with torch.inference_mode():
        found = network(data[0])
    assert found.dtype == torch.float32
    error = (found - exact).abs().max() / exact.abs().max()
    assert 1e-5 < error < 3e-2  # bfloat16 was used, with its own error


def _layer(plane: Plane, name: str) -> tuple[Tensor, Tensor]:
    point = plane.at((0.5, 0.5))
    return point[f"{name}.weight"], point[f"{name}.bias"]
