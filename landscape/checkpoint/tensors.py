"""Tensors and plain values in a pickle of torch; everything else is passed over."""

from __future__ import annotations

import pickle
import types
from collections.abc import Callable
from typing import Any, BinaryIO

import torch
from torch import Tensor
from torch.storage import TypedStorage

from landscape.restricted_pickle import Described, Known, RestrictedUnpickler


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *more: Any) -> Tensor:
    """After the stride follow whether it requires a gradient, its hooks, and its bits."""
    return _view(storage, storage.dtype, (offset, size, stride), more[2:])


def _tensor_of_dtype(storage: Any, offset: Any, size: Any, stride: Any, *more: Any) -> Tensor:
    """The same of a type that has no class of storages, such as float8: it follows the hooks."""
    return _view(storage, more[2], (offset, size, stride), more[3:])


def _view(storage: Any, dtype: Any, where: tuple[Any, Any, Any], bits: tuple[Any, ...]) -> Tensor:
    """A tensor in a storage, which must be large enough: torch would enlarge it."""
    offset, size, stride = where
    numbers = (offset, *size, *stride)
    if not (
        isinstance(storage, TypedStorage)
        and isinstance(dtype, torch.dtype)
        and all(type(n) is int and n >= 0 for n in numbers)
        and not any(bits)  # conjugate or negative
    ):
        raise pickle.UnpicklingError("impossible tensor")
    untyped = storage._untyped_storage
    last = sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if (0 if 0 in size else offset + last + 1) * dtype.itemsize > untyped.nbytes():
        raise pickle.UnpicklingError("a tensor that is larger than its storage")
    empty = torch.empty(0, dtype=dtype)
    return empty.set_(untyped, offset, tuple(size), tuple(stride))


def _first(data: Any, *_: Any) -> Any:
    return data


def _from_type(function: Any, kind: Any, arguments: Any, *_: Any) -> Any:
    """A tensor with attributes, or of a subclass."""
    if isinstance(kind, Described):
        return Described(kind.name, (function, kind, arguments))
    return function(*arguments)


def _dict(*items: Any) -> dict[Any, Any]:
    return dict(*items)


def _empty(*_: Any) -> dict[Any, Any]:
    return {}


_KNOWN: Known = {
    ("collections", "OrderedDict"): _dict,
    ("collections", "Counter"): _dict,
    ("collections", "defaultdict"): _empty,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("builtins", "complex"): complex,
    ("__builtin__", "complex"): complex,
    ("torch", "Size"): tuple,
    ("torch", "Tensor"): None,
    ("torch.nn.parameter", "Parameter"): None,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_of_dtype,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("torch._utils", "_rebuild_parameter_with_state"): _first,
    ("torch._tensor", "_rebuild_from_type_v2"): _from_type,
    ("torch.storage", "UntypedStorage"): torch.UntypedStorage,
    **{
        ("torch", name): dtype
        for name, dtype in vars(torch).items()
        if isinstance(dtype, torch.dtype)
    },
}


class TensorUnpickler(RestrictedUnpickler):
    """The content of a checkpoint, with a :class:`Described` for what is neither tensor nor value.

    ``storage_of`` maps the key and the number of bytes of a storage to its values; without it the
    ``persistent_load`` of the caller counts.
    """

    known = _KNOWN

    def __init__(
        self,
        file: BinaryIO,
        storage_of: Callable[[str, int], torch.UntypedStorage] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(file, **{"encoding": "utf-8", **options})
        self._storage_of = storage_of

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.cuda", "torch.storage") and name.endswith("Storage"):
            try:
                return torch.serialization.StorageType(name)
            except KeyError:
                pass
        return super().find_class(module, name)

    def persistent_load(self, saved: Any) -> Any:
        """A storage, from ``("storage", type, key, location, number)``."""
        word, kind, key, _location, count = saved
        if word != "storage" or type(count) is not int or count < 0 or self._storage_of is None:
            raise pickle.UnpicklingError("impossible storage")
        dtype = torch.uint8 if kind is torch.UntypedStorage else kind.dtype
        found = self._storage_of(str(key), count * dtype.itemsize)
        return TypedStorage(wrap_storage=found, dtype=dtype, _internal=True)


def legacy_reader(described: list[str]) -> Any:
    """The module to unpickle with, for torch's reader of files from before version 1.6.

    Names that are passed over are added to ``described``.
    """

    class Unpickler(TensorUnpickler):
        def __init__(self, file: BinaryIO, **options: Any) -> None:
            super().__init__(file, **options)
            self.described = described

    def load(file: BinaryIO, **options: Any) -> Any:
        return Unpickler(file, **options).load()

    return types.SimpleNamespace(__name__="restricted", Unpickler=Unpickler, load=load)
