"""Selection of the tensor to measure from a network's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from landscape.errors import InputError

KEYS = ("logits", "out")
"""Names used by Hugging Face and by torchvision's segmentation networks."""


def return_tensor(network: nn.Module) -> None:
    """Make a network, and copies of it, return :func:`tensor_of` its output."""
    if not isinstance(network, fx.GraphModule):
        network.register_forward_hook(take_tensor)
        return
    (output,) = (node for node in network.graph.nodes if node.op == "output")
    with network.graph.inserting_before(output):  # copying a graph would lose a hook
        output.args = (network.graph.call_function(tensor_of, output.args),)
    network.recompile()


def take_tensor(network: nn.Module, inputs: tuple[Any, ...], output: Any) -> Tensor:
    """:func:`tensor_of` as a forward hook."""
    return tensor_of(output)


def tensor_of(output: Any) -> Tensor:
    """One tensor of a network's output, in single precision or better.

    It is the output itself, else its attribute or entry ``logits``, else its entry ``out``, else
    the first element of a tuple or list. Metrics of a network in half precision are thus computed
    in float32.

    Raises
    ------
    InputError
        If none of these is a tensor.
    """
    found = _found_in(output)
    if not isinstance(found, Tensor):
        raise InputError(
            f"the network returns {_described(output)}: expected a tensor, something with 'logits' "
            "or 'out', or a tuple that starts with a tensor; give a network whose forward returns "
            "the input of the loss"
        )
    return found.float() if found.dtype in (torch.float16, torch.bfloat16) else found


def _found_in(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        return next((output[key] for key in KEYS if key in output), None)
    if hasattr(output, KEYS[0]):
        return output.logits
    return output[0] if isinstance(output, tuple | list) and output else None


def _described(output: Any) -> str:
    kind = type(output).__name__
    if isinstance(output, Mapping):
        return f"a {kind} with {', '.join(map(repr, output)) or 'nothing in it'}"
    if isinstance(output, tuple | list):
        return f"a {kind} of {', '.join(type(part).__name__ for part in output) or 'nothing'}"
    return f"a {kind}"
