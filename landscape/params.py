"""Points and directions in weight space: one tensor per named parameter.

A direction has the same names and shapes as the parameters that it displaces. Sums over all
parameters are in float64, so that a norm does not depend on the order of the tensors.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

from landscape.errors import InputError, one_line

Params = dict[str, Tensor]

_PIECE = 2**20
_LARGE = 2**26  # 67 million


def is_large(params: Params) -> bool:
    """Whether further copies of the parameters cost more memory than they are worth."""
    return sum(p.numel() for p in params.values()) >= _LARGE


def parameters_of(model: nn.Module, names: Collection[str] | None = None) -> Params:
    """The model's parameters on the CPU, in the order of ``parameters()``: a copy, except that a
    large model on the CPU shares its memory.

    A parameter that several modules share appears once, under its first name. ``names`` selects
    some; None is all.
    """
    wanted = None if names is None else set(names)
    found = {
        name: p.detach().cpu()
        for name, p in model.named_parameters()
        if wanted is None or name in wanted
    }
    return found if is_large(found) else {name: p.clone() for name, p in found.items()}


def matching(names: Iterable[str], pattern: str) -> list[str]:
    """The names that a pattern matches, whole or after a dot.

    >>> matching(["0.weight", "head.lora_A.weight"], "lora_*")
    ['head.lora_A.weight']
    """
    forms = pattern, f"*.{pattern}"
    return [name for name in names if any(fnmatchcase(name, form) for form in forms)]


def unwrapped(model: nn.Module) -> nn.Module:
    """The network inside ``DataParallel``, ``DistributedDataParallel`` and ``torch.compile``.

    Their prefixes ``module.`` and ``_orig_mod.`` are not part of its parameters' names.
    """
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
        elif "_orig_mod" in model._modules:  # importing the class takes a second
            model = model.get_submodule("_orig_mod")
        else:
            return model


def unwrapped_copy(model: nn.Module) -> nn.Module:
    """A copy of a network with itself and all its submodules unwrapped.

    A tensor that a hook computes from parameters before every call, such as the weight of a pruned
    layer, has a history that cannot be copied; its value is.

    Raises
    ------
    InputError
        If the network cannot be copied.
    """
    computed = [t for m in model.modules() for t in vars(m).values() if isinstance(t, Tensor)]
    memo = {id(t): t.detach().clone() for t in computed if not t.is_leaf}
    try:
        copied = copy.deepcopy(unwrapped(model), memo)
    except Exception as error:  # an object of the user's can raise any error
        raise InputError(
            f"the network cannot be copied ({one_line(error)}): it holds something beside its "
            "parameters and buffers, such as results of an earlier call; give a network without"
        ) from error
    for module in list(copied.modules()):
        for name, child in module.named_children():
            if unwrapped(child) is not child:
                setattr(module, name, unwrapped(child))
    return copied


def check_same_shape(direction: Mapping[str, Tensor], params: Params, what: str) -> None:
    """Raise an InputError naming the first parameter that differs."""
    for name, p in params.items():
        if name not in direction:
            raise InputError(f"{what}: no entry for parameter {name!r}, shape {tuple(p.shape)}")
        came = tuple(direction[name].shape)
        if came != tuple(p.shape):
            raise InputError(
                f"{what}: parameter {name!r} has shape {came}, but the network's is "
                f"{tuple(p.shape)}; the direction is for another network"
            )
    extra = [name for name in direction if name not in params]
    if extra:
        raise InputError(f"{what}: {extra[0]!r} is not a parameter of the network")


def check_finite(params: Mapping[str, Tensor], what: str) -> None:
    """Raise an InputError naming the first parameter that is not finite."""
    for name, p in params.items():
        if not bool(p.isfinite().all()):
            raise InputError(
                f"{what}: parameter {name!r} contains NaN or infinite values; expected finite "
                "ones: leave it out"
            )


def dot(a: Params, b: Params) -> float:
    """The inner product over all parameters."""
    return math.fsum(
        torch.dot(one.double(), other.double()).item()
        for name in a
        for one, other in zip(_pieces(a[name]), _pieces(b[name]), strict=True)
    )


def _pieces(tensor: Tensor) -> Sequence[Tensor]:
    """Parts of a tensor, so that a large one need not be held in float64."""
    pieces: Sequence[Tensor] = tensor.flatten().split(_PIECE)
    return pieces


def norm(a: Params) -> float:
    """The Euclidean length over all parameters."""
    return math.sqrt(dot(a, a))


def cosine(a: Params, b: Params) -> float:
    """The cosine of the angle between two directions; NaN if either has zero length."""
    lengths = norm(a) * norm(b)
    return dot(a, b) / lengths if lengths > 0 else math.nan


def fingerprint(named: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 of names, shapes, types and values."""
    digest = hashlib.sha256()
    for name, tensor in named:
        known = tensor.detach().cpu()
        array = (known if known.layout == torch.strided else known.to_dense()).contiguous()
        digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
        digest.update(array.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
