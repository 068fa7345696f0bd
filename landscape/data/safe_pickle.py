"""Read the pickled CIFAR batches without executing code from them.

A pickle is a program. This reader lets it build numbers, strings, lists, tuples, dicts and numpy
arrays, nothing else. It does not use numpy's own unpickling either, which trusts its input (the
flags of a dtype, a shape to allocate): the names in an array's pickle resolve to small stand-ins,
which check every number and then read the bytes with ``numpy.frombuffer``.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from landscape.errors import InputError, one_line
from landscape.restricted_pickle import Known, RestrictedUnpickler, Stateful

# Opcodes that pickles of plain values and arrays never use.
_REFUSED_OPCODES = {
    code[0]
    for code in (
        pickle.PERSID,
        pickle.BINPERSID,
        pickle.NEWOBJ,
        pickle.NEWOBJ_EX,
        pickle.EMPTY_SET,
        pickle.ADDITEMS,
        pickle.FROZENSET,
    )
}
_NUMBERS = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


def _text(value: object) -> str:
    """A str from bytes (written by Python 2) or str (Python 3)."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} where a name was expected")
    return value


class _Dtype(Stateful):
    """Stand-in for ``numpy.dtype``: numbers only, no fields, no objects."""

    def __init__(self, code: object, *_: object) -> None:
        text = _text(code)
        if not _NUMBERS.fullmatch(text):
            raise ValueError(f"array of type {text[:20]!r}, expected numbers")
        self.dtype = np.dtype(text)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, order, subdtype, names, fields = state[:5]
        if not (subdtype is None and names is None and fields is None):
            raise ValueError("array with fields, expected numbers")
        sign: Any = _text(order)
        if sign not in ("<", ">", "|", "="):
            raise ValueError("array of unknown byte order")
        self.dtype = self.dtype.newbyteorder(sign)


class _Array(Stateful):
    """Stand-in for an array between its creation and its bytes."""

    array: np.ndarray | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, shape, kind, fortran, raw = state
        if not (isinstance(kind, _Dtype) and isinstance(raw, bytes) and isinstance(shape, tuple)):
            raise ValueError("array of objects, expected numbers")
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("array of impossible shape")
        if len(raw) != math.prod(shape) * kind.dtype.itemsize:
            raise ValueError(f"array of shape {shape} in {len(raw)} bytes")
        values = np.frombuffer(raw, kind.dtype).reshape(shape, order="F" if fortran else "C")
        self.array = values.astype(kind.dtype.newbyteorder("="), copy=False)


class _Name(Stateful):
    """A name allowed in a pickle: it can be called, but its state cannot be set."""

    def __init__(self, call: Callable[..., object]) -> None:
        self._call = call

    def __call__(self, *arguments: object) -> object:
        return self._call(*arguments)

    def __setstate__(self, state: object) -> None:
        raise ValueError("state for a function")


def _reconstruct(*_: object) -> _Array:
    return _Array()  # the real one allocates the given shape; the state follows anyway


def _scalar(kind: object, raw: object) -> object:
    if not (isinstance(kind, _Dtype) and isinstance(raw, bytes)):
        raise ValueError("scalar object, expected a number")
    (value,) = np.frombuffer(raw, kind.dtype)
    return value.item()


def _ndarray(*_: object) -> object:
    raise ValueError("numpy.ndarray called, expected only a reference to it")


def _encode(text: object, encoding: object) -> bytes:
    if not (isinstance(text, str) and encoding in ("latin1", "latin-1")):
        raise ValueError("unusual encoding of bytes")
    return text.encode("latin-1")


_NAMES: Known = {
    ("numpy", "dtype"): _Name(_Dtype),
    ("numpy", "ndarray"): _Name(_ndarray),
    ("_codecs", "encode"): _Name(_encode),  # how Python 3 writes bytes in protocols 0 to 2
    **{
        (module, name): _Name(call)
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name, call in (("_reconstruct", _reconstruct), ("scalar", _scalar))
    },
}


class _ArrayUnpickler(RestrictedUnpickler):
    known = _NAMES
    dispatch: ClassVar[dict[int, Any]] = {
        code: action
        for code, action in RestrictedUnpickler.dispatch.items()
        if code not in _REFUSED_OPCODES
    }

    def __init__(self, raw: bytes, where: str) -> None:
        super().__init__(io.BytesIO(raw), encoding="bytes")
        self._where = where

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        raise InputError(
            f"{self._where}: this pickle requests {f'{module}.{name}'[:80]!r}, which could run "
            "code; expected arrays and lists only. It was not loaded; download the dataset "
            "from its official page"
        )


def load_batch(raw: bytes, where: str) -> dict[str, Any]:
    """The pickled dict of a batch: numbers, strings, lists, and arrays of numbers.

    Parameters
    ----------
    raw
        The pickle, of protocol 4 or lower, written by Python 2 or 3.
    where
        The name of the file in messages.

    Returns
    -------
    dict
        Keys as str. Arrays that are values of the dict itself are numpy arrays, possibly read-only.

    Raises
    ------
    InputError
        If the pickle requests anything that could run code, is truncated or damaged, or is not a
        dict.
    """
    try:
        batch = _ArrayUnpickler(raw, where).load()
        if not isinstance(batch, dict):
            raise ValueError(f"a {type(batch).__name__}, expected a dict")
        return {_text(k): v.array if isinstance(v, _Array) else v for k, v in batch.items()}
    except InputError:
        raise
    except Exception as error:  # damaged pickles raise errors of nearly every type
        raise InputError(
            f"{where}: not a pickled batch of images, truncated or damaged "
            f"({one_line(error)}); expected a dict with data and labels. "
            "Download and unpack it again"
        ) from error
