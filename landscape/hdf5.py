"""Untrusted HDF5 files, validated before reading.

HDF5 is a file system in a file: links may point to other files, data may be stored in external
files or behind filters loaded as plug-ins, and a shape may require any amount of memory. None of
this occurs in files of this package or of tomgoldstein/loss-landscape.
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
"""Largest total size of a file's numbers in bytes as float64; 51×51 points of 20 quantities:
4e5."""

_BUILT_IN = {
    h5z.FILTER_DEFLATE,
    h5z.FILTER_SHUFFLE,
    h5z.FILTER_FLETCHER32,
    h5z.FILTER_NBIT,
    h5z.FILTER_SCALEOFFSET,
    h5z.FILTER_LZF,
}
_SMALL = 2**20  # bytes that may be declared without being stored
_COMPRESSED = 1100  # deflate expands one byte to at most 1,032
_LARGEST_ATTRIBUTE = 2**20


@contextmanager
def reading(
    path: str | Path,
    expected: str,
    *,
    largest: int | None = LARGEST,
    wrong: str = "is not a readable HDF5 file",
) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading, after checking its links, filters and sizes.

    ``expected``: what the file should be, for messages; ``wrong`` is what to say if it is not.
    ``largest``: largest total size in bytes as float64; None if the reader checks every shape
    itself. Raises an InputError if it is not an HDF5 file, has unexpected content, or reading fails
    in the body.
    """
    path = Path(path)
    try:
        _check_heaps(path)
        with h5py.File(path, "r") as file:
            total = _check_group(file, path, set())
            if largest is not None and total > largest:
                raise InputError(
                    f"{path} declares {total:,} bytes of numbers, expected at most {largest:,}; it "
                    f"is not a {expected}"
                )
            yield file
    except InputError:
        raise
    except OSError as error:
        raise InputError(
            f"{path} {wrong} ({str(error).splitlines()[0]}); expected a {expected}"
        ) from None
    except Exception as error:  # damaged files raise errors of nearly every type
        raise InputError(
            f"{path} {wrong} ({one_line(error)}); expected a {expected}; copy it again, or make it "
            "anew"
        ) from error


def floats(file: h5py.Group, name: str) -> FloatArray:
    """Read the numbers of a dataset as float64.

    Raises a ValueError if it is not a dataset of real numbers; :func:`reading` turns this into an
    InputError.
    """
    held = file[name]
    if not isinstance(held, h5py.Dataset) or held.dtype.kind not in "fiu":
        raise ValueError(f"{name} does not contain numbers")
    return np.asarray(held[()], dtype=np.float64)


def plain(value: Any) -> str | int | float:
    """Convert an HDF5 attribute to a Python string or number."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        return plain(value.item())
    return value if isinstance(value, str | int | float) else str(value)


def _check_group(group: h5py.Group, path: Path, seen: set[int]) -> int:
    """Check a group; returns the size of all its numbers in bytes as float64."""
    total = 0
    _check_attributes(group, path)
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise InputError(
                f"{path}: {name!r} is an external or soft link, which is not followed; expected "
                "the data itself"
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
                f"{path}: an attribute declares {size:,} bytes, expected at most "
                f"{_LARGEST_ATTRIBUTE:,}; the file is damaged"
            )


def _check_dataset(data: h5py.Dataset, where: str) -> int:
    made = data.id.get_create_plist()
    if made.get_layout() == h5d.VIRTUAL or made.get_external_count():
        raise InputError(
            f"{where}: its numbers are in external files, which are not opened; expected a file "
            "that contains them"
        )
    filters = {made.get_filter(k)[0] for k in range(made.get_nfilters())}
    if filters - _BUILT_IN:
        raise InputError(
            f"{where}: is stored with filter {min(filters - _BUILT_IN)}, which is not built in; "
            "expected none or gzip: rewrite it without"
        )
    said, stored = math.prod(data.shape or ()) * data.dtype.itemsize, data.id.get_storage_size()
    if said > max(_SMALL, stored * _COMPRESSED if filters else stored):
        raise InputError(
            f"{where}: shape {data.shape} needs {said:,} bytes, but only {stored:,} are stored; "
            "the file is damaged or incomplete"
        )
    return math.prod(data.shape or ()) * 8


def _check_heaps(path: Path) -> None:
    """Check the string heaps: a free block of size 0 makes HDF5 2.0 search forever."""
    with open(path, "rb") as file:
        if not file.read(1):
            return  # nothing to map; HDF5 itself reports the error
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
            raise OSError("a free block of size 0 in its string heap")
        place += step
