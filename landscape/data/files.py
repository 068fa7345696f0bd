"""Examples from files of arrays and tensors: ``.npz``, ``.npy``, ``torch.save``."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from landscape.data.examples import Examples
from landscape.data.members import LARGEST
from landscape.data.named_arrays import FORMS, WHOLE, examples_of, pairs_in, splits_of
from landscape.data.npz import names_in_npz, read_npz
from landscape.errors import InputError, one_line
from landscape.zipped import by_name

_MOST_PACKED = 20
"""How many times larger than its file an array may be, beyond ``LARGEST``."""


def splits_in_npz(path: Path) -> dict[str, Examples]:
    """The splits of an ``.npz`` file, with arrays named as by Keras or MedMNIST.

    Raises
    ------
    InputError
        If the file is damaged or not an ``.npz``, or contains no such arrays.
    """
    pairs = pairs_in(names_in_npz(path), str(path))
    names = [name for pair in pairs.values() for name in pair]
    largest = max(LARGEST, _MOST_PACKED * path.stat().st_size)
    return splits_of(dict(zip(names, read_npz(path, names, largest), strict=True)), str(path))


def examples_in_npy(inputs: Path, targets: Path) -> dict[str, Examples]:
    """Undivided data from two ``.npy`` files.

    Raises
    ------
    InputError
        If a file is missing or damaged, or contains objects.
    """
    both = (_read_npy(inputs), _read_npy(targets))
    return {WHOLE: examples_of(*both, f"{inputs} and {targets}")}


def splits_in_folder(folder: Path) -> dict[str, Examples]:
    """The splits in a folder of ``.npy`` files, each named as an array of an ``.npz`` file is.

    Raises
    ------
    InputError
        If the folder contains no such files, or one is damaged.
    """
    files = {file.stem: file for file in sorted(folder.glob("*.npy"))}
    pairs = pairs_in(files, f"folder {folder}")
    names = {name for pair in pairs.values() for name in pair}
    return splits_of({name: _read_npy(files[name]) for name in names}, f"folder {folder}")


def splits_in_torch_file(path: Path) -> dict[str, Examples]:
    """The splits of a file written by ``torch.save``: no code in it is run.

    It contains a ``TensorDataset`` of two tensors, a pair of tensors, a dict of tensors named as
    the arrays of an ``.npz`` file are, or a dict from splits to any of these.

    Raises
    ------
    InputError
        If it contains anything else, or is damaged.
    """
    content = _read_torch(path)
    if isinstance(content, Mapping):
        named = {str(name): value for name, value in content.items()}
        if any(isinstance(value, Tensor) for value in named.values()):
            return splits_of(
                {name: value for name, value in named.items() if isinstance(value, Tensor)},
                str(path),
            )
        pairs = {name: _pair_in(value) for name, value in named.items()}
    else:
        pairs = {WHOLE: _pair_in(content)}
    splits = {
        name: examples_of(pair[0], pair[1], f"{path}{f', {name}' if name else ''}")
        for name, pair in pairs.items()
        if pair is not None
    }
    if not splits:
        raise InputError(
            f"{path} contains a {type(content).__name__}; expected a TensorDataset of inputs and "
            f"targets, a pair of tensors, or a dict of tensors named {FORMS}"
        )
    return splits


def _read_torch(path: Path) -> Any:
    try:
        if zipfile.is_zipfile(path):
            _check_archive(path)
        with torch.serialization.safe_globals([TensorDataset]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles of other protocols
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise any error
        wanted = re.search(r"GLOBAL ([\w.]+)", str(error))
        reason = one_line(error)
        if wanted:
            reason = f"it requests {wanted[1][:100]}, which could run code"
        raise InputError(
            f"data {path} cannot be read as tensors ({reason}); expected a TensorDataset, a pair "
            "of tensors or a dict of tensors, written by torch.save"
        ) from None


def _check_archive(path: Path) -> None:
    """Verify the checksums, which torch does not; it stores members uncompressed."""
    with zipfile.ZipFile(path) as archive:
        said = sum(member.file_size for member in by_name(archive).values())
        if said > path.stat().st_size:
            raise zipfile.BadZipFile(f"{said} bytes in {path.stat().st_size}")
        wrong = archive.testzip()
        if wrong is not None:
            raise zipfile.BadZipFile(f"{wrong} does not match its checksum")


def _pair_in(content: Any) -> Sequence[Tensor] | None:
    found = getattr(content, "tensors", None) if isinstance(content, TensorDataset) else content
    if not isinstance(found, tuple | list) or len(found) != 2:
        return None
    return found if all(isinstance(one, Tensor) for one in found) else None


def _read_npy(path: Path) -> np.ndarray:
    try:
        # Memory-mapped, an array that claims more than its file contains is refused.
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # damaged headers raise errors of many types
        raise InputError(
            f"{path}: not a readable .npy file of numbers ({one_line(error)}); expected an array "
            "written by numpy.save. Create or copy it again"
        ) from error
    return array
