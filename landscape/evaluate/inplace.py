"""Activations and sums written over their input, where nothing else reads it.

A rectifier or a residual sum that makes a new tensor moves twice the memory of one that does not;
on a CPU that is a fifth of the time of a ResNet. The values are the same to the last bit.
"""

from __future__ import annotations

import operator

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

# Layers whose output is a new tensor that shares no memory with anything.
_FRESH = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose2d,
    nn.Linear,
    nn.modules.batchnorm._BatchNorm,
)
_SUMS = (operator.add, torch.add)


def add_into(a: Tensor, b: Tensor) -> Tensor:
    """a + b, in the memory of ``a`` where the sum has its shape and type."""
    fits = a.shape == b.shape and a.dtype == b.dtype
    return a.add_(b) if fits else a + b


def reuse_memory(traced: fx.GraphModule) -> None:
    """Rewrite a traced network, for evaluation only; its outputs stay the same."""
    for node in traced.graph.nodes:
        if _is_relu(node, traced) and _disposable(node.args[0], traced):
            node.op, node.target = "call_function", F.relu
            node.args, node.kwargs = (node.args[0],), {"inplace": True}
        elif _is_sum(node):
            first, second = node.args
            if _disposable(first, traced) and first is not second:
                node.target = add_into
            elif _disposable(second, traced) and first is not second:
                node.target, node.args = add_into, (second, first)
    traced.graph.lint()
    traced.recompile()


def _is_relu(node: fx.Node, traced: fx.GraphModule) -> bool:
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        return type(module) is nn.ReLU and not module._forward_hooks
    return node.op == "call_function" and node.target in (F.relu, torch.relu)


def _is_sum(node: fx.Node) -> bool:
    plain = node.op == "call_function" and node.target in _SUMS and not node.kwargs
    return plain and len(node.args) == 2 and all(isinstance(a, fx.Node) for a in node.args)


def _disposable(value: object, traced: fx.GraphModule) -> bool:
    """Whether a value is a tensor of its own that only one node reads."""
    if not isinstance(value, fx.Node) or len(value.users) != 1:
        return False
    if value.op == "call_module":
        module = traced.get_submodule(str(value.target))
        return isinstance(module, _FRESH) and not module._forward_hooks
    # What add_into returns lives in memory that was disposable already, or is new.
    return value.op == "call_function" and value.target in (*_SUMS, add_into)
