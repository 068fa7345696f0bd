"""Patterns in traced networks: convolutions, ReLUs, sums, and values in new memory."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

# Layers whose output is always a new tensor.
_FRESH = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose2d,
    nn.Linear,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
)
SUMS = (operator.add, torch.add)


def add_into(a: Tensor, b: Tensor) -> Tensor:
    """a + b, computed in place of ``a`` if the sum has its shape and type."""
    fits = a.shape == b.shape and a.dtype == b.dtype
    return a.add_(b) if fits else a + b


def is_relu(node: fx.Node, traced: fx.GraphModule) -> bool:
    """Whether a node is the ReLU of its first argument."""
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        return type(module) is nn.ReLU and not module._forward_hooks
    return node.op == "call_function" and node.target in (F.relu, torch.relu)


def is_sum(node: fx.Node) -> bool:
    """Whether a node adds two values of the graph."""
    plain = node.op == "call_function" and node.target in SUMS and not node.kwargs
    return plain and len(node.args) == 2 and all(isinstance(a, fx.Node) for a in node.args)


def is_convolution(node: fx.Node, traced: fx.GraphModule) -> bool:
    """Whether a node is a 2-D convolution of a graph value that oneDNN can compute by itself."""
    if node.op != "call_module" or len(node.args) != 1 or not isinstance(node.args[0], fx.Node):
        return False
    module = traced.get_submodule(str(node.target))
    return (
        type(module) is nn.Conv2d
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
        and not module._forward_hooks
        and not module._forward_pre_hooks
    )


def call_convolution(
    traced: fx.GraphModule,
    before: fx.Node,
    operation: Callable[..., Tensor],
    convolution: fx.Node,
    *first: Any,
) -> fx.Node:
    """Insert a call of ``operation`` before a node.

    Its arguments are ``first``, the convolution's input, weight and bias, and its padding, stride,
    dilation and groups.
    """
    module = traced.get_submodule(str(convolution.target))
    assert isinstance(module, nn.Conv2d)
    shape: tuple[Any, ...] = (list(module.padding), list(module.stride), list(module.dilation))
    graph = traced.graph
    with graph.inserting_before(before):
        weight = graph.get_attr(f"{convolution.target}.weight")
        bias = None if module.bias is None else graph.get_attr(f"{convolution.target}.bias")
        return graph.call_function(
            operation, (*first, convolution.args[0], weight, bias, *shape, module.groups)
        )


def makes_new_memory(node: fx.Node, traced: fx.GraphModule) -> bool:
    """Whether a node is a layer whose output shares no memory with its input."""
    if node.op != "call_module":
        return False
    module = traced.get_submodule(str(node.target))
    return type(module) in _FRESH and not module._forward_hooks


def pass_identities(traced: fx.GraphModule) -> None:
    """Remove identity layers, such as the shortcut of a residual block."""
    for node in list(traced.graph.nodes):
        if node.op == "call_module" and len(node.args) == 1:
            module = traced.get_submodule(str(node.target))
            if type(module) is nn.Identity and not module._forward_hooks:
                node.replace_all_uses_with(node.args[0])
                traced.graph.erase_node(node)
