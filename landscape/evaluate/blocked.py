"""Activations in the layout that oneDNN computes in, on a CPU.

Small images are convolved fastest where the channels lie in blocks of as many as a register
holds. oneDNN hands tensors in that layout from one operation to the next; torch converts them to
its own after each. Here convolutions, rectifiers and sums pass the blocks on, and only what
another layer reads is converted. The sum behind a convolution stays an operation of its own, so
this and :mod:`landscape.evaluate.fused` each win on some networks. Values differ by rounding.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.evaluate.onednn import SLOPE, convolve_relu, does
from landscape.evaluate.patterns import (
    call_convolution,
    is_convolution,
    is_relu,
    is_sum,
    makes_new_memory,
    pass_identities,
)


def to_blocked(x: Tensor) -> Tensor:
    """The same, laid out as oneDNN likes it."""
    return x if x.is_mkldnn else x.to_mkldnn()


def to_dense(x: Tensor) -> Tensor:
    """The same in torch's layout."""
    return x.to_dense() if x.is_mkldnn else x


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, *shape: Any) -> Tensor:
    """weight ∗ x + bias of blocked ``x``; ``shape`` is padding, stride, dilation and groups."""
    return torch.mkldnn_convolution(x, weight, bias, *shape)


def relu(x: Tensor) -> Tensor:
    """What is below zero times :data:`landscape.evaluate.onednn.SLOPE`, which keeps NaN."""
    return torch.prelu(x, _slopes(x.shape[1], x.dtype)) if x.is_mkldnn else F.relu(x)


@cache
def _slopes(channels: int, dtype: torch.dtype) -> Tensor:
    """One for each channel: oneDNN takes a hundred times longer with one for all."""
    with torch.inference_mode(False):
        return torch.full((channels,), SLOPE, dtype=dtype).to_mkldnn()


def add(a: Tensor, b: Tensor) -> Tensor:
    """a + b, blocked; dense where the sum broadcasts or widens, which oneDNN does not."""
    if a.shape == b.shape and a.dtype == b.dtype:
        return to_blocked(a) + to_blocked(b)
    return to_dense(a) + to_dense(b)


def add_into(a: Tensor, b: Tensor) -> Tensor:
    """The same, in the memory of ``a`` where it fits."""
    if a.is_mkldnn and a.shape == b.shape and a.dtype == b.dtype:
        return a.add_(to_blocked(b))
    return add(a, b)


@cache
def available(dtype: torch.dtype) -> bool:
    """Whether this processor and this version of torch have the operations, by trying them."""
    return does(dtype, _block, _block_plainly)


def _block(x: Tensor, *rest: Any) -> Tensor | None:
    rectified = convolve_relu(to_blocked(x), *rest)
    found = relu(add_into(convolve(rectified, *rest), to_blocked(x)))
    return to_dense(found) if found.is_mkldnn else None


def _block_plainly(x: Tensor, weight: Tensor, bias: Tensor, *_: Any) -> Tensor:
    rectified = F.relu(F.conv2d(x, weight, bias, padding=1))
    return F.relu(F.conv2d(rectified, weight, bias, padding=1) + x)


def keep_blocked(traced: fx.GraphModule) -> None:
    """Rewrite a traced network, for evaluation on a CPU only; its outputs stay the same."""
    pass_identities(traced)
    blocked: set[fx.Node] = set()
    for node in traced.graph.nodes:
        if _can_be_blocked(node, blocked, traced):
            blocked.add(node)
    _hand_on(blocked, traced)
    for node in list(traced.graph.nodes):
        if node in blocked:
            if is_convolution(node, traced):
                blocked -= _convolve_blocked(node, traced)
            elif is_relu(node, traced):
                node.op, node.target = "call_function", relu
                node.args, node.kwargs = (node.args[0],), {}
            else:
                _add_blocked(node)
    traced.graph.lint()
    traced.recompile()


def _can_be_blocked(node: fx.Node, blocked: set[fx.Node], traced: fx.GraphModule) -> bool:
    """Convolutions, and what rectifies or adds their outputs without being seen to write there."""
    if is_convolution(node, traced):
        return True
    if is_relu(node, traced):
        value = node.args[0]
        return value in blocked and (_alone(value) or not _writes_over(node, traced))
    return is_sum(node) and any(a in blocked for a in node.all_input_nodes)


def _writes_over(relu: fx.Node, traced: fx.GraphModule) -> bool:
    if relu.op == "call_module":
        module = traced.get_submodule(str(relu.target))
        return isinstance(module, nn.ReLU) and module.inplace
    return len(relu.args) > 1 or bool(relu.kwargs)


def _hand_on(blocked: set[fx.Node], traced: fx.GraphModule) -> None:
    """Convert between the layouts where the one kind of node reads the other.

    A layer that might write over its input, or hand on a view of it, is given the one dense copy
    that all other readers then see.
    """
    for node in list(traced.graph.nodes):
        outside = [user for user in node.users if user not in blocked]
        inside = [user for user in node.users if user in blocked]
        dense = node
        if node in blocked and outside:
            with traced.graph.inserting_after(node):
                dense = traced.graph.call_function(to_dense, (node,))
            for user in outside:
                user.replace_input_with(node, dense)
        shared = all(makes_new_memory(user, traced) for user in outside)
        if node not in blocked or not shared:
            for user in inside:
                source = dense
                if not is_sum(user):  # which sees by itself what oneDNN can add
                    with traced.graph.inserting_before(user):
                        source = traced.graph.call_function(to_blocked, (dense,))
                user.replace_input_with(node, source)


def _convolve_blocked(node: fx.Node, traced: fx.GraphModule) -> set[fx.Node]:
    """Put the operation for a convolution; returns the rectifier that went into it, if one did."""
    readers = set(node.users)
    rectifiers = {r for r in readers if is_relu(r, traced)} if len(readers) == 1 else set()
    made = call_convolution(traced, node, convolve_relu if rectifiers else convolve, node)
    for replaced in (*rectifiers, node):
        replaced.replace_all_uses_with(made)
        traced.graph.erase_node(replaced)
    return rectifiers


def _add_blocked(node: fx.Node) -> None:
    """Put the operation for a sum, over one of its terms where nothing else reads that."""
    first, second = node.args
    if _alone(second) and not _alone(first):
        first, second = second, first
    node.target = add_into if _alone(first) and first is not second else add
    node.args = (first, second)


def _alone(value: object) -> bool:
    """Whether a blocked value, which always has memory of its own, has one reader."""
    return isinstance(value, fx.Node) and len(value.users) == 1
