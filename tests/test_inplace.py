"""In-place operations: only where nothing else reads the input."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.evaluate.inplace import reuse_memory
from landscape.evaluate.patterns import add_into
from landscape.models import CifarResNet
from tests.cases import settled


class Made(nn.Module):
    """A given forward pass over convolutions and ReLU modules."""

    def __init__(self, forward: Callable[[Made, Tensor], Tensor]) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.pool, self.relu = nn.AdaptiveAvgPool2d(1), nn.ReLU()
        self.same = nn.Identity()
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


CASES: dict[str, tuple[Callable[[Made, Tensor], Tensor], int]] = {
    # name: (forward, how many nodes may be rewritten)
    "relu of a convolution": (lambda m, x: F.relu(m.a(x)), 1),
    "relu of the input": (lambda m, x: F.relu(x) + m.a(x), 1),
    "relu of a value read twice": (lambda m, x: _both(m.a(x)), 0),
    "relu through an identity": (lambda m, x: F.relu(m.same(x)) * x, 0),
    "one ReLU twice": (lambda m, x: m.relu(m.b(m.relu(m.a(x)))), 2),
    "sum with the input": (lambda m, x: m.a(x) + x, 1),
    "sum the other way round": (lambda m, x: x + m.a(x), 1),
    "sum that broadcasts": (lambda m, x: m.pool(m.a(x)) + x, 0),
    "a small convolution plus a large input": (lambda m, x: m.a(m.pool(x)) + x, 1),
    "sum with itself": (lambda m, x: _twice(m.a(x)), 0),
    "sum with a number": (lambda m, x: m.a(x) + 1.0, 0),
    "sum with a factor": (lambda m, x: torch.add(m.a(x), x, alpha=2), 0),
    "residual": (lambda m, x: F.relu(m.b(F.relu(m.a(x))) + x), 3),
    "a chain of sums": (lambda m, x: m.a(x) + x + x, 2),
    "a slice that is kept": (lambda m, x: _sliced(m.a(x)), 0),
}


def _both(z: Tensor) -> Tensor:
    return F.relu(z) * z


def _twice(z: Tensor) -> Tensor:
    return z + z


def _sliced(z: Tensor) -> Tensor:
    return F.relu(z[:, 1:]) * z[:, :2]


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_identical_and_the_input_is_not_modified(name: str) -> None:
    torch.manual_seed(0)
    forward, rewritten = CASES[name]
    model = Made(forward)
    x = torch.randn(2, 3, 5, 5)
    kept = x.clone()
    traced = fx.symbolic_trace(model)
    before = [(n.target, n.args, n.kwargs) for n in traced.graph.nodes]
    reuse_memory(traced)
    after = [(n.target, n.args, n.kwargs) for n in traced.graph.nodes]
    assert sum(a != b for a, b in zip(after, before, strict=True)) == rewritten
    with torch.inference_mode():
        assert torch.equal(traced(x), model(x))
    assert torch.equal(x, kept)


@pytest.mark.parametrize("shortcuts", ["projection", "identity", "none"])
def test_outputs_of_a_resnet_are_identical(shortcuts: str) -> None:
    torch.manual_seed(0)
    model = settled(CifarResNet(14, shortcuts)).eval()
    traced = fx.symbolic_trace(copy.deepcopy(model))
    reuse_memory(traced)
    sums = sum(node.target is add_into for node in traced.graph.nodes)
    assert sums == (0 if shortcuts == "none" else 6)
    x = torch.randn(3, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(traced(x), model(x))
        assert torch.equal(traced(x), model(x))  # twice: nothing was overwritten
