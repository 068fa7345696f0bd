"""Overflow inside a network gives a loss that is not finite, with every method."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.data import Examples
from landscape.evaluate import Settings, evaluate, fused, network
from landscape.evaluate.network import PointNetwork
from landscape.models import CifarResNet
from landscape.plane import Plane
from landscape.problem import Problem
from tests.cases import images, settled
from tests.test_evaluate import plane_of

WAYS = {
    "folded": Settings(fold=True, in_place=True),
    "fused": Settings(fold=True, in_place=True, fused=True),
    "fused, channels last": Settings(fold=True, fused=True, channels_last=True),
    "fused in bfloat16": Settings(fold=True, fused=True, channels_last=True, reduced="bfloat16"),
}


def _possible(settings: Settings) -> bool:
    dtype = settings.stored_as or torch.float32
    return not settings.fused or fused.available(dtype)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shortcuts", ["projection", "identity", "none"])
def test_far_away_a_loss_is_correct_or_not_finite(shortcuts: str, way: str) -> None:
    """Regression: oneDNN's ReLU maps NaN to 0, and 3·10⁵³ came out as 4·10⁶."""
    settings = WAYS[way]
    if not _possible(settings):
        pytest.skip("not supported by this CPU")
    torch.manual_seed(0)
    problem = Problem(settled(CifarResNet(14, shortcuts)), images(8, 3, 8), device="cpu")
    plane = plane_of(problem)
    points = np.array([[10.0**k, 0.0] for k in (0, 1, 2, 3, 4, 6, 9)])
    expected = dict(evaluate(problem, plane, points, range(7), Settings()))
    found = dict(evaluate(problem, plane, points, range(7), settings))
    finite = [math.isfinite(expected[i]["loss"]) for i in range(7)]
    assert finite == [True] * 2 + [False] * 5
    for i in range(7):
        if finite[i]:
            near = 0.1 if settings.reduced else 1e-3
            assert found[i]["loss"] == pytest.approx(expected[i]["loss"], rel=near)
        else:
            assert repr(found[i]["loss"]) == repr(expected[i]["loss"])


def test_after_an_overflow_the_plain_network_is_used_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = WAYS["fused, channels last"]
    if not _possible(settings):
        pytest.skip("not supported by this CPU")
    problem = Problem(settled(CifarResNet(8)), images(12, 3, 8), device="cpu")
    forwards: list[bool] = []
    real = PointNetwork._forward

    def counted(self: PointNetwork, inputs: Tensor, *rest: Any) -> Tensor:
        forwards.append(self._settings.fused)
        return real(self, inputs, *rest)

    monkeypatch.setattr(PointNetwork, "_forward", counted)
    monkeypatch.setattr(network, "LARGEST_WEIGHT", math.inf)
    points = np.array([[0.0, 0.0], [1e9, 0.0], [0.0, 0.0]])
    ways = replace(settings, batch_size=4)
    dict(evaluate(problem, plane_of(problem), points, range(3), ways))
    assert forwards == [True] * 3 + [True, False, False, False] + [True] * 3


ODD = [math.nan, math.inf]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("odd", ODD)
def test_each_operation_propagates_values_that_are_not_finite(
    odd: float, dtype: torch.dtype
) -> None:
    if not fused.available(dtype):
        pytest.skip(f"no oneDNN for {dtype} on this CPU")
    x = torch.ones(2, 16, 5, 5, dtype=dtype).contiguous(memory_format=torch.channels_last)
    x[0, 3, 0, 0] = odd
    fine = torch.ones_like(x)
    weight, bias = torch.ones(16, 16, 3, 3, dtype=dtype), torch.zeros(16, dtype=dtype)
    shape = ([1, 1], [1, 1], [1, 1], 1)
    found: dict[str, Tensor] = {
        "a convolution": fused.convolve_relu(x, weight, bias, *shape),
        "a convolution's input in a sum": fused.convolve_onto_relu(
            fine.clone(), x, weight, bias, *shape
        ),
    }
    for name, output in found.items():
        expected = F.relu(F.conv2d(x, weight, bias, padding=1))
        assert torch.equal(output.isfinite(), expected.isfinite()), name
    added_to = fused.convolve_onto_relu(x.clone(), fine, weight, bias, *shape)
    assert torch.equal(added_to.isfinite(), x.isfinite())


class Cut(nn.Module):
    """Minus infinity inside the network, which a ReLU maps to 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
        with torch.no_grad():
            for layer, value in ((self.first, -3e38), (self.second, 1.0)):
                layer.weight.fill_(value)
                layer.bias.fill_(0.5)  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.relu(self.first(x))).flatten(1)


@pytest.mark.parametrize("way", [way for way, settings in WAYS.items() if not settings.reduced])
def test_minus_infinity_removed_by_a_relu_stays_removed(way: str) -> None:
    settings = WAYS[way]
    if not _possible(settings):
        pytest.skip("not supported by this CPU")
    some = images(2, 1, 2)
    some = Examples(some.inputs, torch.zeros(2, dtype=torch.int64), some.preprocess, some.source)
    problem = Problem(Cut(), some, device="cpu")
    axis = {name: torch.zeros_like(p) for name, p in problem.origin.items()}
    network = PointNetwork(problem, Plane(problem.origin, [axis]), settings)
    network.move_to([0.0])
    x = torch.tensor([[[[3.0, 0.0]]], [[[-0.0, 2.0]]]])
    with torch.inference_mode():
        assert torch.equal(network(x), torch.full((2, 2), 0.5) + F.relu(0.5 - 3e38 * x).flatten(1))


def test_operations_that_lose_nan_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_onednns_own(x: Tensor, *rest: object) -> Tensor:
        found: Tensor = torch.ops.mkldnn._convolution_pointwise(x, *rest, "relu", [], "")
        return found

    if not fused.available(torch.float32):
        pytest.skip("this build of torch has no oneDNN")
    fused.available.cache_clear()
    monkeypatch.setattr(fused, "convolve_relu", with_onednns_own)
    assert not fused.available(torch.float32)
    fused.available.cache_clear()
