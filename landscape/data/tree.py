"""Trees of tensors: what a loader yields and an objective takes.

A tree is a tensor, a mapping (dict, ``BatchEncoding``), a tuple, named tuple, list or dataclass of
trees, or an object that maps its tensors itself, as the graphs of PyTorch Geometric do
(``data.apply``). Anything else in it (a number, a string, None) is a constant.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from landscape.errors import InputError

_HASHED_AS_TEXT = (str, bytes, bool, int, float, complex, type(None), np.generic, torch.dtype)
_SHOWN = 6


def map_tensors(function: Callable[[Tensor], Tensor], tree: Any) -> Any:
    """The same tree with every tensor replaced; containers are new and of the same type.

    >>> map_tensors(lambda t: t + 1, {"x": torch.zeros(2), "name": "a"})
    {'x': tensor([1., 1.]), 'name': 'a'}
    """
    if isinstance(tree, Tensor):
        return function(tree)
    if isinstance(tree, np.ndarray) and tree.dtype.kind in "biufc":
        return function(array_as_tensor(tree))
    if isinstance(tree, PackedSequence):  # its batch sizes stay on the CPU
        return tree._replace(data=function(tree.data))
    if isinstance(tree, Mapping):
        return _refilled(tree, {k: map_tensors(function, tree[k]) for k in tree})
    if isinstance(tree, tuple | list):
        parts = [map_tensors(function, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if _is_record(tree):
        new = copy.copy(tree)
        for field in dataclasses.fields(tree):
            object.__setattr__(new, field.name, map_tensors(function, getattr(tree, field.name)))
        return new
    if maps_itself(tree):
        return copy.copy(tree).apply(lambda t: function(t) if isinstance(t, Tensor) else t)
    return tree


def leaves(tree: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every tensor and constant with its place in the tree.

    >>> [place for place, _ in leaves({"x": torch.zeros(2), "pair": (1, 2)})]
    ['x', 'pair.0', 'pair.1']
    """
    inside: Any = None
    if isinstance(tree, PackedSequence):
        inside = {"data": tree.data, "batch_sizes": tree.batch_sizes}
    elif isinstance(tree, Mapping):
        inside = {str(key): tree[key] for key in tree}
    elif isinstance(tree, tuple | list):
        names = getattr(tree, "_fields", range(len(tree)))
        inside = {str(name): part for name, part in zip(names, tree, strict=True)}
    elif _is_record(tree):
        inside = {f.name: getattr(tree, f.name) for f in dataclasses.fields(tree)}
    elif maps_itself(tree):
        inside = tree.to_dict()
    if inside is None:
        yield at, tree
        return
    for name, part in inside.items():
        yield from leaves(part, f"{at}.{name}" if at else name)


def tensors_in(tree: Any) -> list[Tensor]:
    """All tensors of a tree."""
    return [leaf for _, leaf in leaves(tree) if isinstance(leaf, Tensor)]


def rows_of(tree: Any) -> int | None:
    """The first dimension that all tensors share; None if there is none, or more than rows.

    >>> rows_of({"x": torch.zeros(5, 2), "y": torch.zeros(5)}), rows_of([torch.zeros(5), "a"])
    (5, None)
    """
    if not _by_rows(tree):
        return None
    sizes = {len(t) if t.ndim else -1 for t in tensors_in(tree)}
    (size,) = sizes if len(sizes) == 1 else (-1,)
    return None if size < 0 else size


def _by_rows(tree: Any) -> bool:
    """Whether slicing all tensors slices the tree: not with a list of texts, or in a graph."""
    if isinstance(tree, PackedSequence) or maps_itself(tree):
        return False
    if isinstance(tree, Mapping):
        return all(_by_rows(tree[key]) for key in tree)
    if isinstance(tree, tuple | list):
        return all(_is_tree(part) and _by_rows(part) for part in tree)
    if _is_record(tree):
        return all(_by_rows(getattr(tree, f.name)) for f in dataclasses.fields(tree))
    return True


def cut(tree: Any, part: slice | Tensor) -> Any:
    """The same rows of every tensor."""
    return map_tensors(lambda t: t[part], tree)


def moved(tree: Any, device: torch.device) -> Any:
    """The tree with its tensors on a device. Raises an InputError if one holds no numbers."""
    if any(tensor.is_meta for tensor in tensors_in(tree)):
        raise InputError(
            "the data contain a tensor on the device meta, which holds no numbers; give its values"
        )
    return map_tensors(lambda t: t.to(device), tree)


def as_precise_as(tree: Any, dtype: torch.dtype) -> Any:
    """A new tree with floating tensors in a precision; integers (ids, masks) stay as they are.

    Tensors share memory where nothing is cast, but not their autograd state.
    """
    return map_tensors(lambda t: (t.to(dtype) if t.is_floating_point() else t).detach(), tree)


def loses_integers(tree: Any, dtype: torch.dtype) -> str | None:
    """Where a tree has whole numbers as floats that ``dtype`` cannot represent; None if nowhere.

    These are usually ids that were packed into floats.

    >>> loses_integers({"ids": torch.tensor([3.0, 301.0])}, torch.bfloat16)
    'ids'
    """
    for name, leaf in leaves(tree):
        if isinstance(leaf, Tensor) and leaf.is_floating_point() and leaf.numel():
            changes = bool((leaf.to(dtype).to(leaf.dtype) != leaf).any())
            if changes and bool((leaf == leaf.round()).all()):
                return name or "the data"
    return None


def described(tree: Any) -> str:
    """A tree in a message: ``a dict with x (5, 2), y (5,)``."""
    if isinstance(tree, Tensor):
        return f"a tensor {tuple(tree.shape)}"
    found = [
        f"{name} {tuple(leaf.shape)}" if isinstance(leaf, Tensor) else f"{name} {leaf!r:.20}"
        for name, leaf in leaves(tree)
        if name
    ]
    more = ", …" if len(found) > _SHOWN else ""
    inside = f" with {', '.join(found[:_SHOWN])}{more}" if found else ""
    return f"a {type(tree).__name__}{inside}"


def add_to_hash(digest: Any, tree: Any) -> list[str]:
    """Add every leaf with its place to a hash.

    Returns
    -------
    list
        Places of the leaves that cannot be hashed; only their types are.
    """
    missed = []
    for name, leaf in leaves(tree):
        digest.update(f"{name}:{type(leaf).__name__}\n".encode())
        if isinstance(leaf, Tensor | np.ndarray) and _hash_array(digest, leaf):
            continue
        if isinstance(leaf, _HASHED_AS_TEXT):
            digest.update(repr(leaf).encode())
        else:
            missed.append(name or type(leaf).__name__)
    return missed


def tree_sha256(tree: Any) -> tuple[str, list[str]]:
    """SHA-256 of a tree, equal on every device, and the places that it does not cover."""
    digest = hashlib.sha256()
    missed = add_to_hash(digest, tree)
    return digest.hexdigest(), missed


def _hash_array(digest: Any, array: Tensor | np.ndarray[Any, Any]) -> bool:
    if isinstance(array, np.ndarray):
        if array.dtype.hasobject:
            return False
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
        return True
    if array.is_sparse:
        whole = array.detach().coalesce()
        return _hash_array(digest, whole.indices()) and _hash_array(digest, whole.values())
    if array.layout != torch.strided or array.is_nested or array.is_quantized:
        return False
    here = array.detach().cpu().contiguous()
    digest.update(f"{here.dtype}{tuple(here.shape)}".encode())
    digest.update(here.reshape(-1).view(torch.uint8).numpy().tobytes())
    return True


def array_as_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor of an array's numbers, which shares its memory where torch can.

    >>> array_as_tensor(np.arange(3.0)[::-1])
    tensor([2., 1., 0.], dtype=torch.float64)
    """
    # torch accepts no foreign byte order, negative strides or read-only memory
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(np.require(native, requirements=["C", "W"]))


def _is_tree(part: Any) -> bool:
    return isinstance(part, Tensor | Mapping | tuple | list) or _is_record(part)


def _is_record(tree: Any) -> bool:
    return dataclasses.is_dataclass(tree) and not isinstance(tree, type)


def maps_itself(tree: Any) -> bool:
    """Whether it is an object that maps its tensors itself, such as a graph."""
    able = all(callable(getattr(tree, name, None)) for name in ("apply", "to", "to_dict"))
    return able and not isinstance(tree, type | nn.Module)


def _refilled(old: Mapping[Any, Any], new: dict[Any, Any]) -> Any:
    if type(old) is dict:
        return new
    try:
        filled: Any = copy.copy(old)
        for key, value in new.items():
            filled[key] = value
    except TypeError:  # an immutable mapping
        return new
    return filled
