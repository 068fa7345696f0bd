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
    nn.Flatten: lambda ties, module, x, shape: rules.reshape(ties, x, shape),
    nn.Unflatten: lambda ties, module, x, shape: rules.reshape(ties, x, shape),
    nn.Upsample: lambda ties, module, x, _: rules.over_space(ties, x, len(x.shape) - 2),
}
"""By exact type, as a user's subclass may behave differently."""
