"""The restricted unpickler against the real one, and on hostile and damaged pickles."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import subprocess
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape.data.safe_pickle import load_batch
from landscape.errors import InputError

PROTOCOLS = [0, 1, 2, 3, 4]


def python2_batch(images: np.ndarray, labels: list[int]) -> bytes:
    """A batch as Python 2's cPickle wrote it (protocol 2, str as bytes), opcode by opcode."""

    def text(value: bytes) -> bytes:
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value  # SHORT_BINSTRING
        return b"T" + struct.pack("<i", len(value)) + value  # BINSTRING

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    n, pixels = images.shape
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + text(b"|") + b"NNN" + number(-1) * 2 + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + b"K\x00\x85"
    array += text(b"b") + b"\x87R" + b"(K\x01" + number(n) + number(pixels) + b"\x86" + dtype
    array += b"\x89" + text(images.tobytes()) + b"tb"
    listed = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    names = b"](" + b"".join(text(b"image_%d.png" % k) for k in range(n)) + b"e"
    entries = [
        (b"batch_label", text(b"training batch 1 of 5")),
        (b"labels", listed),
        (b"data", array),
        (b"filenames", names),
    ]
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in entries) + b"u."


def a_batch(n: int = 5) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(n)
    return rng.integers(0, 256, (n, 3072), dtype=np.uint8), rng.integers(0, 10, n).tolist()


def test_what_python_2_wrote() -> None:
    images, labels = a_batch()
    raw = python2_batch(images, labels)
    truth = pickle.loads(raw, encoding="bytes")  # the helper above writes valid pickles
    np.testing.assert_array_equal(truth[b"data"], images)
    batch = load_batch(raw, "data_batch_1")
    np.testing.assert_array_equal(batch["data"], images)
    assert batch["data"].dtype == np.uint8
    assert batch["labels"] == labels
    assert list(batch) == ["batch_label", "labels", "data", "filenames"]


ARRAYS = {
    "uint8": np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10,
    "int64": np.array([[-1, 2**40], [3, 4]]),
    "big-endian": np.arange(5, dtype=">i4"),
    "float64": np.array([0.1, np.nan, np.inf]),
    "bool": np.array([True, False]),
    "Fortran": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "strided": np.arange(20, dtype=np.int16)[::3],
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_arrays_as_the_real_unpickler_reads_them(array: np.ndarray, protocol: int) -> None:
    raw = pickle.dumps({b"data": array, b"twice": array}, protocol)
    batch = load_batch(raw, "x")
    truth = pickle.loads(raw)[b"data"]
    np.testing.assert_array_equal(batch["data"], truth)
    np.testing.assert_array_equal(batch["twice"], truth)
    assert batch["data"].dtype == truth.dtype.newbyteorder("=")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lists_and_numpy_scalars(protocol: int) -> None:
    values = {"labels": [np.int64(3), np.uint8(200), np.float32(0.5), 7], "name": b"\xff\x00"}
    batch = load_batch(pickle.dumps(values, protocol), "x")
    assert batch["labels"] == [3, 200, 0.5, 7]
    assert all(type(label) in (int, float) for label in batch["labels"])


def test_old_and_new_names_of_numpy() -> None:
    raw = pickle.dumps({"data": np.arange(3)}, 2)
    new = raw.replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    old = new.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    for form in (old, new):
        np.testing.assert_array_equal(load_batch(form, "x")["data"], np.arange(3))


class Calls:
    """Pickles as a function call, the usual attack."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.reduced


def attacks(sentinel: Path) -> dict[str, Any]:
    command = f"echo ran > {sentinel}"
    code = f"open({str(sentinel)!r}, 'w').close()"
    return {
        "os.system": Calls(os.system, command),
        "builtins.eval": Calls(eval, code),
        "builtins.exec": Calls(exec, code),
        "subprocess": Calls(subprocess.getoutput, command),
        "open": Calls(open, str(sentinel), "w"),
        "getattr": Calls(getattr, "text", "__class__"),
        "in a value": {"data": np.zeros(3), "labels": Calls(os.system, command)},
        "in a list of a value": {"data": [1, [2, Calls(eval, code)]]},
        "in a key": {Calls(os.system, command): 1},
        "after good data": {"data": ARRAYS["uint8"], "labels": [1, 2], "z": Calls(eval, code)},
        "a class": {"data": OrderedDict(a=1)},
        "the class of an array of objects": {"data": np.array([Calls(eval, code)], dtype=object)},
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("attack", attacks(Path("x")))
def test_nothing_runs(attack: str, protocol: int, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    raw = pickle.dumps(attacks(sentinel)[attack], protocol)
    with pytest.raises(InputError, match=r"data_batch_3.*(could run code|damaged)"):
        load_batch(raw, "data_batch_3")
    assert not sentinel.exists()


@pytest.mark.parametrize("attack", ["os.system", "builtins.eval", "open"])
def test_these_attacks_work_on_the_real_unpickler(attack: str, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    result = pickle.loads(pickle.dumps(attacks(sentinel)[attack]))
    if hasattr(result, "close"):
        result.close()
    assert sentinel.exists()


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
BY_HAND = {
    "state for a function": RECONSTRUCT + b"(K\x01K\x02tb.",
    "attributes for a function": RECONSTRUCT + b"N}U\x04callK\x01s\x86b.",
    "array of objects": pickle.dumps({"data": np.array([{}], dtype=object)}, 2),
    "array with fields": pickle.dumps({"data": np.zeros(2, "i4,f8")}, 2),
    "array of strings": pickle.dumps({"data": np.array(["a"])}, 2),
    "ndarray itself, 8 TB": b"cnumpy\nndarray\n(\x8a\x06\x00\x00\x00\x00\x00\x10tR.",
    "8 TB in 3 bytes": pickle.dumps({"data": np.zeros(3, "u1")}, 3).replace(
        b"K\x03\x85", b"\x8a\x06\x00\x00\x00\x00\x00\x10\x85"
    ),
    "negative shape": pickle.dumps({"data": np.zeros(3, "u1")}, 3).replace(
        b"K\x03\x85", b"J\xff\xff\xff\xff\x85"
    ),
    "memo number of 4e9": b"\x80\x02}r\xff\xff\xff\xff" + b"K\x01.",
    "bytes of 9e18": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "bytearray of 9e18": b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "a set": pickle.dumps({"labels": {1, 2}}, 4),
    "a bytearray": pickle.dumps({"data": bytearray(3)}, 5),
    "a new instance of a class": b"cnumpy\nndarray\n)\x81.",
    "persistent name": b"Pname\n.",
    "extension": b"\x82\x01.",
    "not a dict": pickle.dumps([1, 2]),
    "keys that are not names": pickle.dumps({1: 2}),
    "not a pickle": b"<!DOCTYPE html><html>404 Not Found</html>",
    "nothing": b"",
    "only zeros": bytes(1000),
}


@pytest.mark.parametrize("raw", BY_HAND.values(), ids=BY_HAND.keys())
def test_odd_pickles(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"^batch: "):
        load_batch(raw, "batch")


def test_truncated_anywhere() -> None:
    raw = python2_batch(*a_batch(2))
    last = len(raw)
    for end in [*range(300), *range(300, last - 100, 97), *range(last - 100, last)]:
        with pytest.raises(InputError, match=r"^data_batch_1: "):
            load_batch(raw[:end], "data_batch_1")


def test_damaged_anywhere() -> None:
    """One changed byte gives an InputError or a dict: no crash, no other exception."""
    images, labels = a_batch(1)
    raw = python2_batch(images[:, :40], labels)
    rng = np.random.default_rng(0)
    for position in range(len(raw)):
        damaged = bytearray(raw)
        damaged[position] = rng.integers(0, 256)
        with contextlib.suppress(InputError):
            assert isinstance(load_batch(bytes(damaged), "data_batch_1"), dict)
