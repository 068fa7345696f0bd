"""Rules for channels by type of torch's modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

import landscape.alignment.rules as rules
from landscape.alignment.channels import Axis, Ties, Value
from landscape.alignment.rules import Axes, UnknownOperation

Rule = Callable[[Ties, Any, Value, tuple[int, ...]], Axes]


def _linear(ties: Ties, module: nn.Linear, x: Value, shape: tuple[int, ...]) -> Axes:
    return rules.linear(ties, x, ties.value_of(module.weight).axes, _axis(ties, module.bias))


def _convolution(ties: Ties, module: Any, x: Value, shape: tuple[int, ...]) -> Axes:
    rule = rules.transposed_convolution if module.transposed else rules.convolution
    weight, spatial = ties.value_of(module.weight), module.weight.ndim - 2
    return rule(ties, x, weight, _axis(ties, module.bias), module.groups, spatial)


def _statistical(ties: Ties, module: Any, x: Value, shape: tuple[int, ...]) -> Axes:
    """Batch and instance normalization, with γ, β and statistics if present."""
    vectors = [module.weight, module.bias, module.running_mean, module.running_var]
    return rules.per_channel(ties, x, *(_axis(ties, v) for v in vectors if v is not None))


def _layer_norm(ties: Ties, module: nn.LayerNorm, x: Value, shape: tuple[int, ...]) -> Axes:
    own = [ties.value_of(p) for p in (module.weight, module.bias) if p is not None]
    return rules.pointwise(ties, x, *own)


def _group_norm(ties: Ties, module: nn.GroupNorm, x: Value, shape: tuple[int, ...]) -> Axes:
    """Groups of all channels or of single channels do not depend on their order."""
    if module.num_groups not in (1, module.num_channels):
        raise UnknownOperation
    own = [_axis(ties, p) for p in (module.weight, module.bias) if p is not None]
    return rules.per_channel(ties, x, *own)


def _prelu(ties: Ties, module: nn.PReLU, x: Value, shape: tuple[int, ...]) -> Axes:
    if module.num_parameters == 1:
        return x.axes
    return rules.per_channel(ties, x, _axis(ties, module.weight))


def _embedding(ties: Ties, module: nn.Embedding, x: Value, shape: tuple[int, ...]) -> Axes:
    ties.freeze(ties.of(module.weight, 0))
    return (*x.axes, ties.of(module.weight, 1))


def _encoder_layer(
    ties: Ties, module: nn.TransformerEncoderLayer, x: Value, shape: tuple[int, ...]
) -> Axes:
    """Attention by heads, the feed-forward layer by channels, and the channels between layers."""
    attention, norms = module.self_attn, (module.norm1, module.norm2)
    usual = type(attention) is nn.MultiheadAttention and attention.bias_k is None
    if not usual or any(type(norm) is not nn.LayerNorm for norm in norms):
        raise UnknownOperation
    heads = attention.num_heads
    _tie_heads(ties, ties.of(attention.in_proj_weight, 0), heads)
    values = ties.of(attention.in_proj_weight, 0).reshape(3, -1)[2]
    ties.tie(values, ties.of(attention.out_proj.weight, 1))
    if attention.in_proj_bias is not None:
        ties.tie(ties.of(attention.in_proj_weight, 0), ties.of(attention.in_proj_bias, 0))
    inner = ties.tie(ties.of(module.linear1.weight, 0), ties.of(module.linear2.weight, 1))
    ties.tie(inner, *_vectors(ties, module.linear1.bias))
    outer = [p for norm in norms for p in (norm.weight, norm.bias)]
    outer += [attention.out_proj.bias, module.linear2.bias]
    between = ties.tie(
        x.axes[-1],
        ties.of(attention.in_proj_weight, 1),
        ties.of(attention.out_proj.weight, 0),
        ties.of(module.linear1.weight, 1),
        ties.of(module.linear2.weight, 0),
        *_vectors(ties, *outer),
    )
    ties.freeze(*x.axes[:-1])
    return (*(None for _ in x.axes[:-1]), between)


def _encoder(ties: Ties, module: nn.TransformerEncoder, x: Value, shape: tuple[int, ...]) -> Axes:
    for layer in module.layers:
        rule = MODULES.get(type(layer))
        if rule is not _encoder_layer or layer._forward_hooks or layer._forward_pre_hooks:
            raise UnknownOperation
        x = Value(x.shape, rule(ties, layer, x, shape))
    if module.norm is None:
        return x.axes
    if type(module.norm) is not nn.LayerNorm:
        raise UnknownOperation
    return _layer_norm(ties, module.norm, x, shape)


def _tie_heads(ties: Ties, stacked: Axis, heads: int) -> None:
    """Tie all channels of a head, in queries, keys and values: heads only move as a whole."""
    for head in stacked.reshape(3, heads, -1).swapaxes(0, 1):
        block = head.reshape(-1)
        ties.tie(block[:-1], block[1:])


def _vectors(ties: Ties, *vectors: Tensor | None) -> list[Axis]:
    return [ties.of(v, 0) for v in vectors if v is not None]


def _axis(ties: Ties, vector: Tensor | None) -> Axis | None:
    return None if vector is None else ties.of(vector, 0)


_SAME = """Identity Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout ReLU
ReLU6 LeakyReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Hardtanh Hardswish Hardsigmoid Softplus
Softsign LogSigmoid Tanhshrink Softshrink Hardshrink Threshold Softmax LogSoftmax Softmin"""
_NUMBERED: dict[str, Rule] = {
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "BatchNorm": _statistical,
    "InstanceNorm": _statistical,
    **dict.fromkeys(
        ["MaxPool", "AvgPool", "LPPool", "AdaptiveMaxPool", "AdaptiveAvgPool"],
        lambda ties, module, x, _: rules.over_space(ties, x, int(type(module).__name__[-2])),
    ),
}

MODULES: dict[type[nn.Module], Rule] = {
    **{getattr(nn, name): lambda ties, module, x, _: x.axes for name in _SAME.split()},
    **{getattr(nn, f"{kind}{n}d"): rule for kind, rule in _NUMBERED.items() for n in (1, 2, 3)},
    nn.Linear: _linear,
    nn.LayerNorm: _layer_norm,
    nn.GroupNorm: _group_norm,
    nn.PReLU: _prelu,
    nn.Embedding: _embedding,
    nn.TransformerEncoder: _encoder,
    nn.TransformerEncoderLayer: _encoder_layer,
    nn.Flatten: lambda ties, module, x, shape: rules.reshape(ties, x, shape),
    nn.Unflatten: lambda ties, module, x, shape: rules.reshape(ties, x, shape),
    nn.Upsample: lambda ties, module, x, _: rules.over_space(ties, x, len(x.shape) - 2),
}
"""By exact type, as a user's subclass may behave differently."""
