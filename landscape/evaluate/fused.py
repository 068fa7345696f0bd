"""Fusion of a convolution with the following sum and ReLU, on a CPU.

oneDNN can apply a ReLU to its result, or add the result to the destination, while it is still in
the cache. This saves a ResNet passes over memory that take a good part of its time. The operations
are those that torch's own compiler uses, without the minute that compiling takes. Values differ
from those of separate operations by rounding at most.

oneDNN's ReLU turns NaN into 0: once activations overflow, a loss far from the truth would look like
a correct one. So negative values are not set to 0 but multiplied by :data:`SLOPE`, which is lost in
rounding and keeps NaN and minus infinity. If an output is not finite, the unmodified network is
evaluated instead.
"""

from __future__ import annotations

import math
import operator
from functools import cache
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from landscape.evaluate.patterns import (
    call_convolution,
    is_convolution,
    is_relu,
    is_sum,
    makes_new_memory,
    pass_identities,
)
from landscape.evaluate.sharing import Memory

SLOPE = 1e-20
"""Factor of negative values in the fused ReLU."""


def convolve_relu(x: Tensor, weight: Tensor, bias: Tensor | None, *shape: Any) -> Tensor:
    """relu(weight ∗ x + bias); ``shape`` is padding, stride, dilation and groups."""
    fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, *shape, "leaky_relu", [SLOPE], ""
    )
    return fused


def convolve_onto_relu(
    onto: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, *shape: Any
) -> Tensor:
    """relu(onto + weight ∗ x + bias), written into ``onto`` where oneDNN supports it.

    It does where both are in channels-last layout, and the sum neither broadcasts nor promotes.
    """
    inner = all(t.is_contiguous(memory_format=torch.channels_last) for t in (onto, x))
    fits = inner and onto.dtype == x.dtype
    if not fits or tuple(onto.shape) != _convolved_shape(x, weight, *shape):
        return F.relu(onto + _convolve(x, weight, bias, *shape))
    total: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
        onto, x, weight, bias, *shape, "add", 1.0, None, [], ""
    )
    return F.relu_(total)  # unlike oneDNN's, keeps NaN


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, *shape: Any) -> Tensor:
    padding, stride, dilation, groups = shape
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _convolved_shape(x: Tensor, weight: Tensor, *shape: Any) -> tuple[int, ...]:
    padding, stride, dilation, _ = shape
    size = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, p, s, d in zip(
            x.shape[2:], weight.shape[2:], padding, stride, dilation, strict=True
        )
    ]
    return (x.shape[0], weight.shape[0], *size)


@cache
def available(dtype: torch.dtype) -> bool:
    """Whether this CPU and this version of torch support the operations, found by running them."""
    if not torch.backends.mkldnn.is_available() or dtype not in (torch.float32, torch.bfloat16):
        return False
    finite = torch.linspace(-1, 1, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    odd = finite.clone()
    odd[0, 1, 0, 0] = math.nan
    weight = torch.linspace(-1, 1, 3 * 3 * 3 * 3).reshape(3, 3, 3, 3).to(dtype)
    bias, shape = torch.tensor([0.5, 0.0, -0.5], dtype=dtype), ([1, 1], [1, 1], [1, 1], 1)
    near = 0.1 if dtype == torch.bfloat16 else 1e-5
    for image, layout in product((finite, odd), (torch.contiguous_format, torch.channels_last)):
        x = image.to(dtype).contiguous(memory_format=layout)
        try:
            rectified = convolve_relu(x, weight, bias, *shape)
            summed = convolve_onto_relu(x.clone(), x, weight, bias, *shape)
        except Exception:  # an operation of another version may fail in any way
            return False
        plain = _convolve(x, weight, bias, *shape)
        for found, expected in ((rectified, F.relu(plain)), (summed, F.relu(x + plain))):
            if not torch.allclose(found, expected, atol=near, equal_nan=True):
                return False
    return True


def fuse_convolutions(traced: fx.GraphModule) -> None:
    """Rewrite a traced network, for evaluation on a CPU only; outputs do not change."""
    pass_identities(traced)
    memory = Memory(traced, makes_new_memory)
    for relu in list(traced.graph.nodes):
        before = relu.args[0] if is_relu(relu, traced) else None
        if not isinstance(before, fx.Node) or len(before.users) != 1:
            continue
        fused: fx.Node | None = None
        written: fx.Node | None = None
        last: Any = before
        if _can_wait(before, relu, memory, traced):
            fused = call_convolution(traced, relu, convolve_relu, before)
        elif is_sum(before) or before.target is operator.iadd:
            for last, onto in (before.args, before.args[::-1]):
                if (
                    _can_wait(last, relu, memory, traced)
                    and isinstance(onto, fx.Node)
                    and memory.apart(last.all_input_nodes[0], onto)
                    and memory.free_after(onto, before)
                ):
                    fused = call_convolution(traced, relu, convolve_onto_relu, last, onto)
                    written = onto
                    break
        if fused is not None:
            memory.replace(relu, fused, written)
            relu.replace_all_uses_with(fused)
            for gone in (relu, before, last):
                memory.forget(gone)
    traced.graph.lint()
    traced.recompile()


def _can_wait(node: Any, until: fx.Node, memory: Memory, traced: fx.GraphModule) -> bool:
    """Whether a node is a convolution used only by ``until``, and can be computed there instead."""
    return (
        isinstance(node, fx.Node)
        and is_convolution(node, traced)
        and len(node.users) == 1
        and memory.can_wait(node, until)
    )
