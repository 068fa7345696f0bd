"""Batch normalization folded into the layer before it.

In evaluation mode a batch normalization is an affine map per channel with constants known before
any input: γ (z − μ)/√(σ² + ε) + β. With z = W x + b it is the layer

    W' = s W,   b' = β + s (b − μ),   s = γ / √(σ² + ε)

so the network computes the same function with one pass over memory fewer per layer. On a plane
W, b, γ and β depend on the point and are folded again for each; μ, σ² and ε are fixed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, fx, nn

_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Pair:
    """Names of a layer and of the batch normalization that is the only consumer of its output."""

    layer: str
    norm: str
    mean: Tensor
    variance: Tensor
    eps: float


def fold_batch_norms(model: nn.Module, original: nn.Module) -> tuple[Pair, ...]:
    """Remove from ``model`` the batch normalizations that can be folded into the layer before.

    Pairs are found in the graph of a traced network, otherwise between neighbours inside
    ``nn.Sequential``. A layer is folded only if its output is not used elsewhere, and neither it
    nor its normalization is used twice or shares parameters.

    ``model``: in evaluation mode; modified in place. Every folded layer has a bias afterwards; its
    value, like that of its weight, is set by :class:`~landscape.evaluate.weights.PointWeights`.
    Returns the folded pairs; may be empty.
    """
    traced = isinstance(model, fx.GraphModule)
    names = _pairs_in_graph(model, original) if traced else _pairs_in_sequences(model)
    alone = _unshared(original)
    pairs = []
    for layer_name, norm_name in names:
        layer, norm = original.get_submodule(layer_name), original.get_submodule(norm_name)
        exact = type(layer) in _LAYERS and type(norm) in _NORMS  # a subclass may do more
        if not (exact and isinstance(norm, _NORMS)):
            continue
        if norm.running_mean is None or norm.running_var is None or norm.training:
            continue
        if layer_name in alone and norm_name in alone:
            mean, variance = norm.running_mean, norm.running_var
            pairs.append(Pair(layer_name, norm_name, mean, variance, norm.eps))
    for pair in pairs:
        folded = model.get_submodule(pair.layer)
        assert isinstance(folded.weight, Tensor)
        if folded.bias is None:
            zeros = torch.zeros_like(pair.mean, dtype=folded.weight.dtype)
            folded.bias = nn.Parameter(zeros, requires_grad=False)
        _remove(model, pair.norm)
    if isinstance(model, fx.GraphModule):
        model.recompile()
    return tuple(pairs)


def _pairs_in_graph(traced: nn.Module, model: nn.Module) -> list[tuple[str, str]]:
    assert isinstance(traced, fx.GraphModule)
    calls = Counter(str(node.target) for node in traced.graph.nodes if node.op == "call_module")
    read = [str(node.target) for node in traced.graph.nodes if node.op == "get_attr"]
    owners = {name.rpartition(".")[0] for name in read}  # their tensors are read beside a call
    pairs = []
    for node in traced.graph.nodes:
        if node.op != "call_module" or type(model.get_submodule(str(node.target))) not in _NORMS:
            continue
        before = node.args[0] if node.args else None
        if (
            isinstance(before, fx.Node)
            and before.op == "call_module"
            and len(before.users) == 1
            and calls[str(before.target)] == calls[str(node.target)] == 1
            and not owners & {str(before.target), str(node.target)}
        ):
            pairs.append((str(before.target), str(node.target)))
    return pairs


def _pairs_in_sequences(model: nn.Module) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, module in model.named_modules():
        if type(module) is not nn.Sequential:
            continue
        inside = [f"{name}.{key}" if name else key for key in module._modules]
        pairs += pairwise(inside)
    return pairs


def _unshared(model: nn.Module) -> set[str]:
    """Names of the modules that are used once, share no parameters and have no hooks."""
    modules = Counter(id(m) for _, m in model.named_modules(remove_duplicate=False))
    tensors = Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))
    return {
        name
        for name, module in model.named_modules()
        if modules[id(module)] == 1
        and all(tensors[id(p)] == 1 for p in module.parameters(recurse=False))
        and not module._forward_hooks
        and not module._forward_pre_hooks
    }


def _remove(model: nn.Module, name: str) -> None:
    """Replace a module by the identity."""
    if isinstance(model, fx.GraphModule):
        (node,) = (n for n in model.graph.nodes if n.op == "call_module" and n.target == name)
        node.replace_all_uses_with(node.args[0])
        model.graph.erase_node(node)
        model.delete_submodule(name)
    else:
        parent, _, key = name.rpartition(".")
        setattr(model.get_submodule(parent), key, nn.Identity())
