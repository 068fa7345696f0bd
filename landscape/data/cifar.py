"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) in all their common formats.

https://www.cs.toronto.edu/~kriz/cifar.html describes the python and the binary version.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from landscape.data.examples import Examples
from landscape.data.members import TAR_SUFFIXES, read_folder, read_tar
from landscape.data.npz import read_npz
from landscape.data.preprocess import CIFAR10
from landscape.data.safe_pickle import load_batch
from landscape.errors import InputError

IMAGE_SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32

Batch = tuple[np.ndarray, object]
"""Pixels (n, 3072) or images (n, 3, 32, 32), and labels, neither validated yet."""


def _python_batch(raw: bytes, where: str, label_key: str) -> Batch:
    """Decode a dict of the python version."""
    batch = load_batch(raw, where)
    for key in ("data", label_key):
        if key not in batch:
            raise InputError(
                f"{where}: no {key!r}, only {', '.join(sorted(batch))[:200] or 'nothing'}; "
                f"expected data and {label_key}, as in the python version"
            )
    return batch["data"], batch[label_key]


def _binary_batch(raw: bytes, where: str, label_bytes: int) -> Batch:
    """Decode the records of the binary version: labels (the last one is used), then pixels."""
    record = label_bytes + PIXELS
    if len(raw) % record:
        raise InputError(
            f"{where}: {len(raw)} bytes, expected a multiple of {record} (an image and its label); "
            "the file is truncated or not the binary version: download and unpack it again"
        )
    records = np.frombuffer(raw, np.uint8).reshape(-1, record)
    return records[:, label_bytes:], records[:, label_bytes - 1]


@dataclass(frozen=True)
class _Layout:
    """A published format: its folder, its files by split, and the decoder of a file."""

    folder: str
    files: dict[str, tuple[str, ...]]
    decode: Callable[[bytes, str], Batch]


@dataclass(frozen=True)
class _Variant:
    classes: int
    layouts: tuple[_Layout, ...]


_FIVE = tuple(f"data_batch_{k}" for k in range(1, 6))

VARIANTS = {
    "cifar10": _Variant(
        10,
        (
            _Layout(
                "cifar-10-batches-py",
                {"train": _FIVE, "test": ("test_batch",)},
                partial(_python_batch, label_key="labels"),
            ),
            _Layout(
                "cifar-10-batches-bin",
                {"train": tuple(f"{name}.bin" for name in _FIVE), "test": ("test_batch.bin",)},
                partial(_binary_batch, label_bytes=1),
            ),
        ),
    ),
    "cifar100": _Variant(
        100,
        (
            _Layout(
                "cifar-100-python",
                {"train": ("train",), "test": ("test",)},
                partial(_python_batch, label_key="fine_labels"),
            ),
            _Layout(
                "cifar-100-binary",
                {"train": ("train.bin",), "test": ("test.bin",)},
                partial(_binary_batch, label_bytes=2),  # the coarse label, then the fine one
            ),
        ),
    ),
}


def _checked_images(images: object, where: str) -> npt.NDArray[np.uint8]:
    if not isinstance(images, np.ndarray):
        raise InputError(f"{where}: data is a {type(images).__name__}, expected an array")
    if images.dtype != np.uint8 or images.shape[1:] not in ((PIXELS,), IMAGE_SHAPE):
        raise InputError(
            f"{where}: images are {images.dtype} of shape {images.shape}, expected uint8 of shape "
            f"(n, {PIXELS}) or (n, 3, 32, 32), channels first, values 0 to 255"
        )
    return images.reshape(-1, *IMAGE_SHAPE)


def _checked_labels(labels: object, count: int, classes: int, where: str) -> npt.NDArray[np.int64]:
    if isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype.kind in "iu":
        labels = labels.tolist()
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise InputError(f"{where}: labels are not a list of integers; expected one per image")
    if len(labels) != count:
        raise InputError(
            f"{where}: {count} images but {len(labels)} labels; expected one label per image"
        )
    wrong = [label for label in labels if not 0 <= label < classes]
    if wrong:
        raise InputError(
            f"{where}: label {str(wrong[0])[:20]} (and {len(wrong) - 1} more), expected "
            f"0 to {classes - 1}; the file is damaged or from a different dataset"
        )
    return np.array(labels, dtype=np.int64)


def _batches(variant: _Variant, path: Path, split: str) -> dict[str, Batch]:
    """The batches of a split by file name, from a folder or an archive."""
    if path.is_dir():
        places = [path, *(path / layout.folder for layout in variant.layouts)]
    elif path.name.endswith(TAR_SUFFIXES):
        places = [path]
    else:
        raise InputError(
            f"{path}: neither a folder nor one of {', '.join((*TAR_SUFFIXES, '.npz'))}; "
            "expected the dataset archive or its unpacked folder"
        )
    wanted = [name for layout in variant.layouts for name in layout.files[split]]
    for place in places:
        found = (read_folder if path.is_dir() else read_tar)(place, wanted)
        for layout in variant.layouts:
            names = layout.files[split]
            missing = [name for name in names if name not in found]
            if len(missing) == len(names):
                continue
            if missing:
                raise InputError(
                    f"{place}: {', '.join(missing)} missing, found "
                    f"{', '.join(name for name in names if name in found)}; the download or the "
                    "extraction is incomplete: repeat it"
                )
            return {f"{place / n}": layout.decode(found[n], f"{place / n}") for n in names}
    forms = " or ".join(", ".join(layout.files[split]) for layout in variant.layouts)
    raise InputError(f"{path}: contains no {split} images; expected the files {forms}")


def load_cifar(name: str, location: str, split: str) -> Examples:
    """A split of CIFAR-10 or CIFAR-100.

    Parameters
    ----------
    name
        ``cifar10`` or ``cifar100`` (its 100 fine classes).
    location
        The unpacked python or binary version (the folder itself or its parent), its ``.tar.gz``, or
        an ``.npz`` with ``train_x`` uint8 (n, 3, 32, 32), ``train_y`` (n,), ``test_x``, ``test_y``.
        Batches may be of any size. If a folder contains both versions, the python version is read.
    split
        ``train`` or ``test``.

    Returns
    -------
    Examples
        uint8 images (n, 3, 32, 32), int64 labels (n,), in the order of the files.

    Raises
    ------
    InputError
        If ``location`` does not exist, or a file is missing, truncated or damaged, tries to run
        code, or does not contain images of this shape with labels of these classes.
    """
    variant = VARIANTS[name]
    path = Path(os.path.expanduser(location))
    if not os.path.exists(path):
        raise InputError(
            f"{name}:{location}: no such file or folder; expected the unpacked dataset folder, its "
            ".tar.gz, or an .npz with train_x, train_y, test_x, test_y"
        )
    if path.suffix == ".npz":
        x, y = read_npz(path, [f"{split}_x", f"{split}_y"])
        batches: dict[str, Batch] = {f"{path} ({split})": (x, y)}
    else:
        batches = _batches(variant, path, split)
    images = {where: _checked_images(x, where) for where, (x, _) in batches.items()}
    labels = [
        _checked_labels(y, len(images[where]), variant.classes, where)
        for where, (_, y) in batches.items()
    ]
    return Examples(
        torch.from_numpy(np.concatenate(list(images.values()))),
        torch.from_numpy(np.concatenate(labels)),
        CIFAR10,
        f"{name}:{location}",
    )
