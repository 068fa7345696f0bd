"""The fingerprint of what a function sees besides its arguments.

A loss may look up data of its own, by a closure, a global name, an attribute or a default: data
that are not among the examples, but on which every value depends.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from landscape.data.tree import add_to_hash
from landscape.params import fingerprint

_DEEP = 4


def seen_by(functions: Mapping[str, Any], model: nn.Module) -> tuple[str, list[str]]:
    """SHA-256 of the tensors and arrays that functions and a network can see, and what it misses.

    Covered are closures, global names, default and bound arguments, attributes, and tensors that a
    module has as plain attributes; parameters and buffers of the network have a fingerprint of
    their own. Empty where there are none.

    >>> function = functools.partial(np.interp, xp=np.arange(3.0), fp=np.arange(3.0))
    >>> sha256, missed = seen_by({"loss": function}, nn.Linear(1, 1))
    >>> len(sha256), missed
    (64, [])
    """
    digest, missed = hashlib.sha256(), []
    known: set[int] = {id(model)}
    any_found = False
    named = {**functions, **{f"module {n}": _plain_attributes(m) for n, m in model.named_modules()}}
    for name, function in named.items():
        for place, value in _data_of(function, name, known, 0):
            any_found = True
            digest.update(place.encode())
            if isinstance(value, nn.Module):
                state = value.state_dict().items()
                digest.update(
                    fingerprint((k, v) for k, v in state if isinstance(v, Tensor)).encode()
                )
            else:
                missed += [place] * bool(add_to_hash(digest, value))
    return (digest.hexdigest() if any_found else ""), list(dict.fromkeys(missed))


def _plain_attributes(module: nn.Module) -> dict[str, Any]:
    own = vars(module)
    return {
        k: v
        for k, v in own.items()
        if isinstance(v, Tensor | np.ndarray | list | tuple | dict) and k not in _OF_TORCH
    }


_OF_TORCH = frozenset(vars(nn.Module())) | {"_flat_weights", "_flat_weights_names"}


def _data_of(thing: Any, place: str, known: set[int], depth: int) -> Iterator[tuple[str, Any]]:
    """Tensors, arrays and modules that a thing refers to, with their places."""
    if depth > _DEEP or id(thing) in known or thing is None:
        return
    if isinstance(thing, Tensor | np.ndarray | nn.Module):
        known.add(id(thing))
        yield place, thing
        return
    if isinstance(thing, str | bytes | int | float | complex | type | types.ModuleType):
        return
    known.add(id(thing))
    for name, part in _parts_of(thing):
        yield from _data_of(part, f"{place}.{name}", known, depth + 1)


def _parts_of(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, functools.partial):
        yield "function", thing.func
        yield from ((f"argument {k}", v) for k, v in enumerate(thing.args))
        yield from thing.keywords.items()
    elif isinstance(thing, types.MethodType):
        yield "self", thing.__self__
        yield "function", thing.__func__
    elif isinstance(thing, types.FunctionType):
        if (thing.__module__ or "").split(".")[0] in ("torch", "landscape", "numpy"):
            return
        try:
            found = inspect.getclosurevars(thing)
        except (ValueError, TypeError):  # an empty cell: a function that is being defined
            return
        yield from found.nonlocals.items()
        yield from found.globals.items()
        yield from enumerate_named(thing.__defaults__ or ())
        yield from (thing.__kwdefaults__ or {}).items()
    elif isinstance(thing, Mapping):
        yield from ((str(key), thing[key]) for key in thing)
    elif isinstance(thing, tuple | list):
        yield from enumerate_named(thing)
    elif isinstance(thing, TensorDataset):
        yield from enumerate_named(thing.tensors)
    elif isinstance(thing, DataLoader):
        yield "dataset", thing.dataset
    elif hasattr(thing, "__dict__") and (callable(thing) or hasattr(thing, "__getitem__")):
        yield from vars(thing).items()  # a callable with a state, or a dataset


def enumerate_named(parts: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a sequence with their numbers as names."""
    return ((str(k), part) for k, part in enumerate(parts))
