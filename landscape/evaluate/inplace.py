"""Activations and sums written over their input, where nothing else reads it.

A rectifier or a residual sum that makes a new tensor moves twice the memory of one that does not;
on a CPU that is a fifth of the time of a ResNet. The values are the same to the last bit.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import fx

from landscape.evaluate.patterns import SUMS, add_into, is_relu, is_sum, makes_new_memory


def reuse_memory(traced: fx.GraphModule) -> None:
    """Rewrite a traced network, for evaluation only; its outputs stay the same."""
    for node in traced.graph.nodes:
        if is_relu(node, traced) and _disposable(node.args[0], traced):
            node.op, node.target = "call_function", F.relu
            node.args, node.kwargs = (node.args[0],), {"inplace": True}
        elif is_sum(node):
            first, second = node.args
            if _disposable(first, traced) and first is not second:
                node.target = add_into
            elif _disposable(second, traced) and first is not second:
                node.target, node.args = add_into, (second, first)
    traced.graph.lint()
    traced.recompile()


def _disposable(value: object, traced: fx.GraphModule) -> bool:
    """Whether a value is a tensor of its own that only one node reads."""
    if not isinstance(value, fx.Node) or len(value.users) != 1:
        return False
    if makes_new_memory(value, traced):
        return True
    # What add_into returns lives in memory that was disposable already, or is new.
    return value.op == "call_function" and value.target in (*SUMS, add_into)
