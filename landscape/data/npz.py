"""Named numeric arrays from an ``.npz`` file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from landscape.data.members import LARGEST, too_large
from landscape.errors import InputError, one_line
from landscape.zipped import by_name


def _array(raw: bytes) -> np.ndarray:
    """An array from the bytes of an ``.npy`` file.

    The bytes come from ``ZipFile.read``, which verifies the checksum. ``np.load`` on the archive
    reads only as much as the shape in the header requires, so a damaged shape goes unnoticed.
    """
    array = np.load(io.BytesIO(raw), allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError("nested archive")
    return array


def names_in_npz(path: Path) -> list[str]:
    """The names of the arrays in an ``.npz`` file.

    Raises
    ------
    InputError
        If the file is missing, damaged or not an ``.npz``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in by_name(archive)]
    except Exception as error:  # damaged archives raise errors of many types
        raise _unreadable(path, error) from error


def read_npz(path: Path, names: Sequence[str], largest: int | None = None) -> list[np.ndarray]:
    """The arrays of these names; pickled objects are never loaded.

    Raises
    ------
    InputError
        If the file is damaged or not an ``.npz``, or an array is missing, contains objects, or is
        larger than ``largest`` bytes, by default larger than any array of the known datasets.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = {name.removesuffix(".npy"): info for name, info in by_name(archive).items()}
            missing = [name for name in names if name not in files]
            if missing:
                raise InputError(
                    f"{path}: no array {', '.join(missing)}; expected {', '.join(names)}, found "
                    f"{', '.join(sorted(files))[:200] or 'none'}"
                )
            for name in names:
                if files[name].file_size > (LARGEST if largest is None else largest):
                    raise too_large(f"{path}: {name}", files[name].file_size, largest)
            return [_array(archive.read(files[name])) for name in names]
    except InputError:
        raise
    except Exception as error:  # damaged archives raise errors of many types
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path}: not a readable .npz of plain arrays ({one_line(error)}); expected numeric "
        "arrays written by numpy.savez. Create or copy it again"
    )
