"""Batch normalization folded into the layer before it.

In evaluation mode a batch normalization is an affine map per channel with constants known before
any input: γ (z − μ)/√(σ² + ε) + β. With z = W x + b it is the layer

    W' = s W,   b' = β + s (b − μ),   s = γ / √(σ² + ε)

so the network computes the same with one pass over memory less per layer. On a plane W, b, γ and β
move with the point, and are folded anew for each; μ, σ² and ε stay.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, fx, nn

from landscape.params import Params

_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class _Pair:
    """A layer and the batch normalization that alone reads it, by their names in the network."""

    layer: str
    norm: str
    mean: Tensor
    variance: Tensor
    eps: float


@dataclass(frozen=True)
class Folding:
    """A network without its folded normalizations, and how to compute its parameters.

    Attributes
    ----------
    model
        A copy in which every folded layer has a bias and its normalization is gone.
    pairs
        What was folded.
    """

    model: nn.Module
    pairs: tuple[_Pair, ...]

    def fold(self, point: Params) -> Params:
        """Parameters of the original network to those of the folded one, in the same precision."""
        folded = dict(point)
        for pair in self.pairs:
            inverse = torch.rsqrt(pair.variance + pair.eps)
            gamma = folded.pop(f"{pair.norm}.weight", None)
            beta = folded.pop(f"{pair.norm}.bias", None)
            scale = inverse if gamma is None else gamma * inverse
            weight, bias = folded[f"{pair.layer}.weight"], folded.get(f"{pair.layer}.bias")
            shift = -pair.mean if bias is None else bias - pair.mean
            folded[f"{pair.layer}.weight"] = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
            folded[f"{pair.layer}.bias"] = scale * shift if beta is None else beta + scale * shift
        return folded


def fold_batch_norms(model: nn.Module) -> Folding | None:
    """Fold what can be folded; None where nothing can.

    Pairs are found by tracing the network with ``torch.fx``; where that fails (control flow that
    depends on the data), by neighbours inside ``nn.Sequential``. A layer is folded only if its
    output goes nowhere else, and neither it nor its normalization is used twice or shares
    parameters. The network is expected in evaluation mode, and is left as it is.
    """
    model = copy.deepcopy(model)
    traced = _traced(model)
    names = _pairs_in_graph(traced, model) if traced is not None else _pairs_in_sequences(model)
    folded: nn.Module = traced if traced is not None else model
    alone = _unshared(model)
    pairs = []
    for layer_name, norm_name in names:
        layer, norm = model.get_submodule(layer_name), model.get_submodule(norm_name)
        if not (isinstance(layer, _LAYERS) and isinstance(norm, _NORMS)):
            continue
        if norm.running_mean is None or norm.running_var is None or norm.training:
            continue
        if layer_name not in alone or norm_name not in alone:
            continue
        pairs.append(_Pair(layer_name, norm_name, norm.running_mean, norm.running_var, norm.eps))
    if not pairs:
        return None
    for pair in pairs:
        layer = folded.get_submodule(pair.layer)
        assert isinstance(layer.weight, Tensor)
        if layer.bias is None:
            zeros = torch.zeros_like(pair.mean)
            layer.bias = nn.Parameter(zeros.to(layer.weight.dtype), requires_grad=False)
        _remove(folded, pair.norm)
    if isinstance(folded, fx.GraphModule):
        folded.recompile()
    return Folding(folded, tuple(pairs))


def _traced(model: nn.Module) -> fx.GraphModule | None:
    try:
        return fx.symbolic_trace(model)
    except Exception:  # a network may refuse to be traced in any way it likes
        return None


def _pairs_in_graph(traced: fx.GraphModule, model: nn.Module) -> list[tuple[str, str]]:
    calls = Counter(str(node.target) for node in traced.graph.nodes if node.op == "call_module")
    pairs = []
    for node in traced.graph.nodes:
        if node.op != "call_module" or not isinstance(
            model.get_submodule(str(node.target)), _NORMS
        ):
            continue
        before = node.args[0] if node.args else None
        if (
            isinstance(before, fx.Node)
            and before.op == "call_module"
            and len(before.users) == 1
            and calls[str(before.target)] == calls[str(node.target)] == 1
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
    """Names of the modules that appear once and whose parameters appear once."""
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
    """Let a module's input pass through in its place."""
    if isinstance(model, fx.GraphModule):
        (node,) = (n for n in model.graph.nodes if n.op == "call_module" and n.target == name)
        node.replace_all_uses_with(node.args[0])
        model.graph.erase_node(node)
        model.delete_submodule(name)
    else:
        parent, _, key = name.rpartition(".")
        setattr(model.get_submodule(parent), key, nn.Identity())
