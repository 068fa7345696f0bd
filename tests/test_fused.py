"""Fused convolutions: equal outputs, and no tensor in use is overwritten."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.evaluate import Settings, choose_settings, evaluate, fused
from landscape.evaluate.fold import fold_batch_norms
from landscape.evaluate.fused import convolve_onto_relu, convolve_relu, fuse_convolutions
from landscape.evaluate.tuner import tune
from landscape.grid import Grid
from landscape.models import CifarResNet
from tests.cases import resnet, settled
from tests.test_evaluate import POINTS, plane_of

pytestmark = pytest.mark.skipif(
    not fused.available(torch.float32), reason="this build of torch has no oneDNN"
)


class Made(nn.Module):
    """A given forward pass over convolutions and ReLU modules."""

    def __init__(self, forward: Callable[[Made, Tensor], Tensor]) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))
        self.odd = nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), groups=2, bias=False)
        self.same, self.round = (
            nn.Conv2d(4, 4, 3, padding="same"),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        )
        self.relu, self.over = nn.ReLU(), nn.ReLU(inplace=True)
        self.one = nn.AdaptiveAvgPool2d(1)
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


def _residual(m: Made, x: Tensor, add: Callable[..., Any] = operator.add) -> Tensor:
    y = m.c(x)
    return F.relu(add(m.b(F.relu(m.a(y))), y))


def _read_later(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    return F.relu(m.b(m.a(y)) + y) * y


def _seen_through_a_view(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    view = y[:, ::2]
    return F.relu(m.a(y) + y)[:, ::2] * view


def _input_written_over(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    z = m.a(y)
    y.mul_(2.0)
    return F.relu(z) + y


def _two_sums(m: Made, x: Tensor) -> Tensor:
    y = F.relu(m.c(x))
    y = F.relu(m.a(y) + y)
    return F.relu(y + m.b(y))


def _both_convolutions(m: Made, x: Tensor) -> Tensor:
    return F.relu(m.a(x) + m.b(x))


def _broadcast(m: Made, x: Tensor) -> Tensor:
    y = m.c(m.one(x))
    return F.relu(m.a(x) + y)


def _large_onto_small(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    return F.relu(m.a(m.one(x)) + y)


# name: (forward, convolutions fused with a ReLU, with a sum and a ReLU)
CASES: dict[str, tuple[Callable[[Made, Tensor], Tensor], int, int]] = {
    "relu of a convolution": (lambda m, x: F.relu(m.a(x)), 1, 0),
    "a module": (lambda m, x: m.relu(m.a(x)), 1, 0),
    "an in-place module": (lambda m, x: m.over(m.a(x)), 1, 0),
    "strides, groups, dilation, no bias": (lambda m, x: F.relu(m.odd(x)), 1, 0),
    "padding by name": (lambda m, x: F.relu(m.same(x)), 0, 0),
    "padding that is not zero": (lambda m, x: F.relu(m.round(x)), 0, 0),
    "no ReLU": (lambda m, x: m.a(m.b(x)), 0, 0),
    "read twice": (lambda m, x: _twice(m.a(x)), 0, 0),
    "one layer twice": (lambda m, x: F.relu(m.a(F.relu(m.a(x)))), 2, 0),
    "residual": (_residual, 1, 1),
    "residual written as +=": (lambda m, x: _residual(m, x, operator.iadd), 1, 1),
    "residual with the input": (lambda m, x: F.relu(m.a(F.relu(m.b(x))) + x), 1, 0),
    "the shortcut is read later": (_read_later, 0, 0),
    "a view of the shortcut": (_seen_through_a_view, 0, 0),
    "the input is overwritten": (_input_written_over, 0, 0),
    # y is the input of the second convolution: it cannot be overwritten while it is read
    "a sum with a convolution's own input": (_two_sums, 1, 0),
    "two convolutions": (_both_convolutions, 0, 1),
    "a sum that broadcasts": (_broadcast, 0, 1),
    "a small one onto a large one": (_large_onto_small, 0, 1),
}


def _twice(z: Tensor) -> Tensor:
    return F.relu(z) * z


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_equal_and_the_input_is_not_modified(
    name: str, layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    forward, rectified, summed = CASES[name]
    model = Made(forward).to(memory_format=layout)  # type: ignore[call-overload]
    x = torch.randn(3, 4, 6, 7).contiguous(memory_format=layout)
    kept = x.clone()
    traced = fx.symbolic_trace(copy.deepcopy(model))
    fuse_convolutions(traced)
    targets = [node.target for node in traced.graph.nodes]
    assert (targets.count(convolve_relu), targets.count(convolve_onto_relu)) == (rectified, summed)
    with torch.inference_mode():
        for _ in range(2):  # the second time shows whether a weight was overwritten
            assert torch.allclose(traced(x), model(x), rtol=1e-4, atol=1e-6)
        assert torch.equal(x, kept)


def folded_resnet(shortcuts: str) -> fx.GraphModule:
    """ResNet-14 as a graph with folded batch normalizations."""
    torch.manual_seed(0)
    model = settled(CifarResNet(14, shortcuts)).eval()
    traced = fx.symbolic_trace(copy.deepcopy(model))
    fold_batch_norms(traced, model)
    return traced


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shortcuts", ["projection", "identity", "none"])
def test_every_relu_of_a_resnet_is_fused(
    shortcuts: str, dtype: torch.dtype, layout: torch.memory_format
) -> None:
    if not fused.available(dtype):
        pytest.skip(f"no oneDNN for {dtype} on this processor")
    plain = folded_resnet(shortcuts)
    traced = copy.deepcopy(plain)
    fuse_convolutions(traced)
    targets = [node.target for node in traced.graph.nodes]
    expected = {"projection": (7, 6), "identity": (7, 6), "none": (13, 0)}[shortcuts]
    assert (targets.count(convolve_relu), targets.count(convolve_onto_relu)) == expected
    x = torch.randn(3, 3, 16, 16).to(dtype).contiguous(memory_format=layout)
    with torch.inference_mode():
        found, wanted = traced.to(dtype)(x), plain.to(dtype)(x)
    scale = float(wanted.abs().max())
    assert float((found - wanted).abs().max()) < scale * (1e-5 if dtype.itemsize == 4 else 0.05)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_bfloat16_sums_in_any_layout(layout: torch.memory_format) -> None:
    """Regression: oneDNN does not support bfloat16 sums unless channels are last."""
    if not fused.available(torch.bfloat16):
        pytest.skip("no oneDNN for bfloat16 on this processor")
    x, onto = torch.randn(2, 4, 5, 5), torch.randn(2, 4, 5, 5)
    weight, bias = torch.randn(4, 4, 3, 3), torch.randn(4)
    expected = F.relu(onto + F.conv2d(x, weight, bias, padding=1))
    narrow = [t.bfloat16().contiguous(memory_format=layout) for t in (onto, x, weight)]
    found = convolve_onto_relu(*narrow, bias.bfloat16(), [1, 1], [1, 1], [1, 1], 1)
    assert torch.allclose(found.float(), expected, atol=0.15)


def test_a_build_without_the_operations_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Tensor:
        raise AttributeError("no such operation")

    fused.available.cache_clear()
    monkeypatch.setattr(fused, "convolve_relu", missing)
    assert not fused.available(torch.float32)
    assert not fused.available(torch.float64)
    fused.available.cache_clear()


@pytest.fixture
def no_sums_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A CPU whose oneDNN has the operations in float32 only, as without AVX-512."""
    real = fused.convolve_onto_relu

    def onto(place: Tensor, *rest: Any) -> Tensor:
        if place.dtype == torch.bfloat16:
            raise RuntimeError("bf16 path needs the cpu support avx_ne_convert or avx512bw")
        return real(place, *rest)

    fused.available.cache_clear()
    monkeypatch.setattr(fused, "convolve_onto_relu", onto)
    yield
    fused.available.cache_clear()


@pytest.mark.usefixtures("no_sums_in_bfloat16")
def test_unsupported_operations_are_not_used() -> None:
    """Neither in a new run nor when resuming a file that was written on another CPU."""
    assert fused.available(torch.float32)
    assert not fused.available(torch.bfloat16)
    problem = resnet("projection")
    plane = plane_of(problem)
    asked = Settings(fold=True, fused=True, channels_last=True, reduced="bfloat16")
    found, expected = (
        dict(evaluate(problem, plane, POINTS, [0, 1], way))
        for way in (asked, replace(asked, fused=False))
    )
    assert found == expected
    tried = tune(problem, plane, POINTS, Settings(reduced="bfloat16"))
    assert not any(way.fused for way in tried)
    grid = Grid(np.linspace(-1, 1, 3), np.zeros(1))
    chosen, facts = choose_settings(problem, plane, grid, precision="bfloat16", tune=True)
    assert (chosen.fused, facts["convolutions_fused"]) == (False, 0)
    assert facts["precision"] == "bfloat16"
