"""Activations in oneDNN's layout: the same outputs, converted as seldom as can be."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from landscape.evaluate import blocked
from landscape.evaluate.blocked import keep_blocked, to_blocked, to_dense
from tests.test_fused import CASES as FUSED
from tests.test_fused import Made, folded_resnet

pytestmark = pytest.mark.skipif(
    not blocked.available(torch.float32), reason="this build of torch has no oneDNN"
)


def _written_over_then_read(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    z = m.over(y)
    return m.a(y) + z


def _added_to_then_read(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    z = y.add_(m.a(x))
    return m.b(y) + z


def _view_added_to(m: Made, x: Tensor) -> Tensor:
    y = m.c(x)
    view = y[:, :, 1:-1, 1:-1].add_(m.one(m.a(x)))
    return m.b(y) + view.mean()


def _smaller_then_rectified(m: Made, x: Tensor) -> Tensor:
    y = F.relu(m.a(x) + m.b(m.one(x)))
    return m.c(y) + m.one(y)


def _by_a_layer_and_a_pool(m: Made, x: Tensor) -> Tensor:
    y = m.a(x)
    return F.relu(m.b(y) + m.one(y))


def _doubled(m: Made, x: Tensor) -> Tensor:
    y = m.a(x)
    return m.b(F.relu(y + y))


def _wider(m: Made, x: Tensor) -> Tensor:
    return F.relu(m.a(x) + m.b(x).double())


CASES: dict[str, Callable[[Made, Tensor], Tensor]] = {
    **{name: forward for name, (forward, *_) in FUSED.items()},
    "rectified in place, and read again": _written_over_then_read,
    "added to, and read again": _added_to_then_read,
    "added to through a view": _view_added_to,
    "a convolution and a pool of one value": _by_a_layer_and_a_pool,
    "a value plus itself": _doubled,
    "a wider term": _wider,
    "a sum that broadcasts, and on": _smaller_then_rectified,
    "rectified by name": lambda m, x: m.a(F.relu(input=m.b(x))),
}


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_the_same_and_the_input_is_kept(name: str, layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    model = Made(CASES[name])
    x = torch.randn(3, 4, 6, 7).contiguous(memory_format=layout)
    kept = x.clone()
    traced = fx.symbolic_trace(copy.deepcopy(model))
    keep_blocked(traced)
    with torch.inference_mode():
        expected = model(x.clone())
        for _ in range(2):  # the second time shows whether a weight was written over
            found = traced(x)
            assert not found.is_mkldnn
            assert torch.allclose(found, expected, rtol=1e-4, atol=1e-6)
        assert torch.equal(x, kept)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("shortcuts", "conversions"), [("projection", 1), ("identity", 3), ("none", 1)]
)
def test_a_resnet_is_blocked_from_the_first_convolution_to_the_pool(
    shortcuts: str, conversions: int, dtype: torch.dtype
) -> None:
    if not blocked.available(dtype):
        pytest.skip(f"no oneDNN for {dtype} on this processor")
    plain = folded_resnet(shortcuts)
    traced = copy.deepcopy(plain)
    keep_blocked(traced)
    targets = [node.target for node in traced.graph.nodes]
    # Identity shortcuts that change the shape are padded, which oneDNN does not do; what else
    # reads the value that a view is taken of reads the dense copy too.
    assert targets.count(to_blocked) == targets.count(to_dense) == conversions
    x = torch.randn(5, 3, 8, 8)
    with torch.inference_mode():
        expected = plain(x)
        found = traced.to(dtype)(x.to(dtype)).float()
    scale = float(expected.abs().max())
    near = 0.05 if dtype == torch.bfloat16 else 1e-5
    assert torch.allclose(found, expected, rtol=0, atol=near * scale)


def test_it_is_left_out_where_the_operations_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Tensor:
        raise RuntimeError("could not create a primitive")

    blocked.available.cache_clear()
    monkeypatch.setattr(blocked, "convolve_relu", missing)
    assert not blocked.available(torch.float32)
    assert not blocked.available(torch.float64)
    blocked.available.cache_clear()
