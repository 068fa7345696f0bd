"""In-place activations and sums, where nothing else reads their input.

A ReLU or a residual sum that allocates a new tensor moves twice the memory of one that does not;
on a CPU that is a fifth of the time of a ResNet. Values are identical to the last bit.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import fx

from landscape.evaluate.patterns import SUMS, add_into, is_relu, is_sum, makes_new_memory


def reuse_memory(traced: fx.GraphModule) -> None:
    """Rewrite a traced network, for evaluation only; outputs do not change."""
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
    """Whether a value is a new tensor that only one node reads."""
    if not isinstance(value, fx.Node) or len(value.users) != 1:
        return False
    if makes_new_memory(value, traced):
        return True
    # The result of add_into is either new or in memory that was disposable already.
    return value.op == "call_function" and value.target in (*SUMS, add_into)
