"""HDF5 files of others, looked over as a whole before anything in them is read.

HDF5 is a file system in a file: links may lead to other files, numbers may be said to lie in other
files or behind filters that are fetched as plug-ins, and a shape may ask for any amount of memory.
None of this is in a file of ours, or of tomgoldstein/loss-landscape.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5a, h5d, h5o, h5z

from landscape.errors import InputError, one_line

FloatArray = npt.NDArray[np.float64]

LARGEST = 2**30
"""Bytes as float64 that all numbers of a file may take; 51×51 points with 20 quantities: 4e5."""

_BUILT_IN = {
    h5z.FILTER_DEFLATE,
    h5z.FILTER_SHUFFLE,
    h5z.FILTER_FLETCHER32,
    h5z.FILTER_NBIT,
    h5z.FILTER_SCALEOFFSET,
    h5z.FILTER_LZF,
}
_SMALL = 2**20  # bytes that may be said without being stored
_COMPRESSED = 1100  # deflate makes at most 1,032 bytes of one
_LARGEST_ATTRIBUTE = 2**20


@contextmanager
def reading(
    path: str | Path,
    expected: str,
    *,
    largest: int | None = LARGEST,
    wrong: str = "is not a readable HDF5 file",
) -> Iterator[h5py.File]:
    """An HDF5 file, open for reading, once nothing in it leads elsewhere or asks for too much.

    Parameters
    ----------
    expected
        What it should be, for messages; ``wrong`` says what it is instead.
    largest
        Bytes as float64 of all numbers together; None where the reader compares each shape itself.

    Raises
    ------
    InputError
        If it is no HDF5 file, holds what no such file holds, or fails to be read in the body.
    """
    path = Path(path)
    try:
        _check_heaps(path)
        with h5py.File(path, "r") as file:
            total = _check_group(file, path, set())
            if largest is not None and total > largest:
                raise InputError(
                    f"{path} says that it holds {total:,} bytes of numbers, expected at most "
                    f"{largest:,}; it is no {expected}"
                )
            yield file
    except InputError:
        raise
    except OSError as error:
        raise InputError(
            f"{path} {wrong} ({str(error).splitlines()[0]}); expected a {expected}"
        ) from None
    except Exception as error:  # HDF5 answers damage with errors of nearly every type
        raise InputError(
            f"{path} {wrong} ({one_line(error)}); expected a {expected}; copy it again, or make it "
            "anew"
        ) from error


def floats(file: h5py.Group, name: str) -> FloatArray:
    """The numbers of a dataset as float64.

    Raises
    ------
    ValueError
        If it is no dataset, or not of real numbers; :func:`reading` puts it into its own words.
    """
    held = file[name]
    if not isinstance(held, h5py.Dataset) or held.dtype.kind not in "fiu":
        raise ValueError(f"{name} does not hold numbers")
    return np.asarray(held[()], dtype=np.float64)


def plain(value: Any) -> str | int | float:
    """An attribute as Python text or number, whatever HDF5 made of it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        return plain(value.item())
    return value if isinstance(value, str | int | float) else str(value)


def _check_group(group: h5py.Group, path: Path, seen: set[int]) -> int:
    """The bytes that all numbers in it would take as float64."""
    total = 0
    _check_attributes(group, path)
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise InputError(
                f"{path}: {name!r} is a link to another place, which no file of ours has; it is "
                "not followed"
            )
        held = group[name]
        address = h5o.get_info(held.id).addr
        if address in seen:
            continue
        seen.add(address)
        if isinstance(held, h5py.Group):
            total += _check_group(held, path, seen)
        elif isinstance(held, h5py.Dataset):
            _check_attributes(held, path)
            total += _check_dataset(held, f"{path}: {held.name}")
    return total


def _check_attributes(held: h5py.HLObject, path: Path) -> None:
    for index in range(h5a.get_num_attrs(held.id)):
        attribute = h5a.open(held.id, index=index)
        size = math.prod(attribute.shape) * attribute.dtype.itemsize
        if size > _LARGEST_ATTRIBUTE:
            raise InputError(
                f"{path}: an attribute says that it holds {size:,} bytes, expected at most "
                f"{_LARGEST_ATTRIBUTE:,}; it is damaged"
            )


def _check_dataset(data: h5py.Dataset, where: str) -> int:
    made = data.id.get_create_plist()
    if made.get_layout() == h5d.VIRTUAL or made.get_external_count():
        raise InputError(
            f"{where}: its numbers are in other files, which are not opened; expected a file that "
            "holds them itself"
        )
    filters = {made.get_filter(k)[0] for k in range(made.get_nfilters())}
    if filters - _BUILT_IN:
        raise InputError(
            f"{where}: is stored with filter {min(filters - _BUILT_IN)}, which is not built in; "
            "expected none or gzip: write it anew without"
        )
    said, stored = math.prod(data.shape or ()) * data.dtype.itemsize, data.id.get_storage_size()
    if said > max(_SMALL, stored * _COMPRESSED if filters else stored):
        raise InputError(
            f"{where}: shape {data.shape} makes {said:,} bytes, but only {stored:,} are stored; it "
            "is damaged or incomplete"
        )
    return math.prod(data.shape or ()) * 8


def _check_heaps(path: Path) -> None:
    """Where HDF5 keeps texts, a free block of size 0 would have it search for ever (HDF5 2.0)."""
    with open(path, "rb") as file:
        if not file.read(1):
            return  # nothing to map; HDF5 itself says what is wrong
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            at = raw.find(b"GCOL")
            while at >= 0:
                _check_heap(raw, at)
                at = raw.find(b"GCOL", at + 1)


def _check_heap(raw: mmap.mmap, at: int) -> None:
    if at + 16 > len(raw):
        return
    end = min(len(raw), at + struct.unpack_from("<Q", raw, at + 8)[0])
    place = at + 16
    while place + 16 <= end:
        index, size = struct.unpack_from("<H6xQ", raw, place)
        step = size if index == 0 else 16 + -(-size // 8) * 8
        if step == 0:
            raise OSError("a free block of no size among its texts")
        place += step
