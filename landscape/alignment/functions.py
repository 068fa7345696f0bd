"""Rules for channels by name of torch's functions and methods."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx

import landscape.alignment.rules as rules
from landscape.alignment.channels import Ties, Value
from landscape.alignment.rules import Axes, UnknownOperation


@dataclass(frozen=True)
class Call:
    """A function call in the graph; tensors among its arguments are values."""

    ties: Ties
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shape: tuple[int, ...]
    name: str

    def argument(self, place: int, *names: str, default: Any = None) -> Any:
        """An argument by position or by one of its names."""
        if place < len(self.args):
            return self.args[place]
        return next((self.kwargs[name] for name in names if name in self.kwargs), default)

    @property
    def x(self) -> Value:
        """The first argument, a tensor."""
        return _tensor(self.argument(0, "input", "x", "self"))


def name_of(node: fx.Node) -> str:
    """The name of a torch function or method, without the marks of its in-place version."""
    if node.op == "call_method":
        name = str(node.target)
    else:
        name = getattr(node.target, "__name__", "")
        homes = (torch, F, operator)
        if name != "getattr" and not any(getattr(h, name, None) is node.target for h in homes):
            return ""
    name = name.removesuffix("_")
    return name.removeprefix("i") if name in ("iadd", "isub", "imul", "itruediv") else name


def _tensor(value: Any) -> Value:
    if not isinstance(value, Value):
        raise UnknownOperation
    return value


def _axis(value: Any) -> Any:
    return None if value is None else _tensor(value).axes[0]


def _pointwise(call: Call) -> Axes:
    given = [v for v in (*call.args, *call.kwargs.values()) if isinstance(v, Value)]
    if not given:
        raise UnknownOperation
    return rules.pointwise(call.ties, *given)


def _linear(call: Call) -> Axes:
    weight, bias = _tensor(call.argument(1, "weight")), call.argument(2, "bias")
    return rules.linear(call.ties, call.x, weight.axes, _axis(bias))


def _convolution(call: Call) -> Axes:
    weight, bias = _tensor(call.argument(1, "weight")), call.argument(2, "bias")
    transposed = "transpose" in call.name
    groups = call.argument(6, "groups", default=1)
    rule = rules.transposed_convolution if transposed else rules.convolution
    return rule(call.ties, call.x, weight, _axis(bias), groups, int(call.name[-2]))


def _batch_norm(call: Call) -> Axes:
    named = [(1, "running_mean"), (2, "running_var"), (3, "weight"), (4, "bias")]
    vectors = [call.argument(place, name) for place, name in named]
    return rules.per_channel(call.ties, call.x, *(_axis(v) for v in vectors if v is not None))


def _reduction(call: Call) -> Axes:
    dims = call.argument(1, "dim", "axis")
    return rules.reduction(call.ties, call.x, dims, len(call.shape) == len(call.x.shape))


def _concatenation(call: Call) -> Axes:
    given, dim = call.argument(0, "tensors"), call.argument(1, "dim", "axis", default=0)
    if not isinstance(given, tuple | list) or type(dim) is not int:
        raise UnknownOperation
    values = [_tensor(value) for value in given]
    return rules.concatenation(call.ties, values, dim)


def _padding(call: Call) -> Axes:
    mode = call.argument(2, "mode", default="constant")
    return rules.padding(call.ties, call.x, call.argument(1, "pad"), mode)


def _permutation(call: Call) -> Axes:
    dims = call.argument(1, "dims")
    return rules.reordering(call.x, dims if isinstance(dims, tuple | list) else call.args[1:])


def _transposition(call: Call) -> Axes:
    a, b = call.argument(1, "dim0"), call.argument(2, "dim1")
    dims = list(range(len(call.x.shape)))
    if type(a) is not int or type(b) is not int:
        raise UnknownOperation
    dims[a], dims[b] = dims[b], dims[a]
    return rules.reordering(call.x, dims)


_POINTWISE = """relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid tanh hardtanh hardswish
hardsigmoid softplus softsign logsigmoid tanhshrink softshrink hardshrink threshold exp log log1p
expm1 sqrt rsqrt square abs neg sin cos erf reciprocal sign pow clamp clamp_min clamp_max add sub
mul div truediv maximum minimum where layer_norm"""
_FIRST = """dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout contiguous to
float double half bfloat16 clone detach softmax log_softmax softmin normalize type"""
_REDUCTIONS = "mean sum amax amin logsumexp prod"
_RESHAPES = "view reshape flatten unflatten squeeze unsqueeze"
_POOLS = [
    f"{kind}_pool{n}d"
    for n in (1, 2, 3)
    for kind in ("max", "avg", "lp", "adaptive_max", "adaptive_avg")
]

FUNCTIONS: dict[str, Callable[[Call], Axes]] = {
    **dict.fromkeys(_POINTWISE.split(), _pointwise),
    **dict.fromkeys(_FIRST.split(), lambda call: call.x.axes),
    **dict.fromkeys(_REDUCTIONS.split(), _reduction),
    **dict.fromkeys(_RESHAPES.split(), lambda call: rules.reshape(call.ties, call.x, call.shape)),
    **dict.fromkeys(_POOLS, lambda call: rules.over_space(call.ties, call.x, int(call.name[-2]))),
    "linear": _linear,
    "batch_norm": _batch_norm,
    "interpolate": lambda call: rules.over_space(call.ties, call.x, len(call.x.shape) - 2),
    "cat": _concatenation,
    "concat": _concatenation,
    "pad": _padding,
    "getitem": lambda call: rules.selection(call.ties, call.x, call.args[1]),
    "permute": _permutation,
    "transpose": _transposition,
}
FUNCTIONS |= {f"conv{n}d": _convolution for n in (1, 2, 3)}
FUNCTIONS |= {f"conv_transpose{n}d": _convolution for n in (1, 2, 3)}

WITHOUT_VALUES = ("size", "dim", "numel", "ndimension", "getattr", "getitem", "eq", "ne")
"""Calls that return no tensor and do not depend on the order of channels."""
