"""torchvision's classification datasets, downloaded if missing."""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from landscape.data.examples import Examples
from landscape.data.preprocess import CIFAR10, Preprocess
from landscape.errors import InputError, one_line, unknown_choice
from landscape.vision import torchvision_module

NAMES = ("CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "KMNIST", "SVHN", "STL10", "USPS")
PETS = "OxfordIIITPet"
"""The dataset with masks: see :mod:`landscape.data.pets`."""
DEFAULT_ROOT = "~/.cache/landscape"


def _split_argument(cls: type, split: str) -> dict[str, Any]:
    """``train=True`` or ``split="train"``, depending on the class."""
    if "train" in inspect.signature(cls).parameters:
        return {"train": split == "train"}
    return {"split": split}


def image_of(image: Any, source: str) -> npt.NDArray[np.uint8]:
    """uint8 (channels, height, width) from a PIL image, a numpy array (h, w[, c]) or a tensor."""
    if isinstance(image, torch.Tensor):
        array = image.numpy()  # torchvision's tensors already have channels first
    else:
        if hasattr(image, "mode") and image.mode not in ("L", "RGB"):
            image = image.convert("RGB")
        array = np.asarray(image)
        array = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    if array.ndim == 2:
        array = array[None]
    if array.dtype != np.uint8 or array.ndim != 3:
        raise InputError(
            f"{source}: an image is {array.dtype} of shape {array.shape}, expected uint8 with two "
            "or three dimensions"
        )
    return array


def opened(name: str, root: str, source: str, how: Callable[[type], dict[str, Any]]) -> Any:
    """A torchvision dataset, downloaded if missing.

    Parameters
    ----------
    name, root
        As for :func:`load_torchvision`.
    source
        Its name in messages.
    how
        From the class to its constructor arguments other than folder and download.

    Raises
    ------
    MissingExtra
        If torchvision is not installed.
    InputError
        If the dataset cannot be loaded or downloaded.
    """
    cls = getattr(torchvision_module("datasets", source), name)
    folder = Path(os.path.expanduser(root or DEFAULT_ROOT))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return cls(root=str(folder), download=True, **how(cls))
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"{source}: torchvision could not load or download it into {folder} "
            f"({one_line(error)}); check the connection and the disk space, or give a folder that "
            f"contains it: torchvision:{name}:FOLDER"
        ) from error


def load_torchvision(name: str, root: str, split: str) -> Examples:
    """A split of one of torchvision's classification datasets, decoded once.

    Parameters
    ----------
    name
        The class in ``torchvision.datasets``: one of ``NAMES``.
    root
        The folder of the dataset, ``~/.cache/landscape`` if empty; it is downloaded if missing.
    split
        ``train`` or ``test``.

    Returns
    -------
    Examples
        uint8 images (n, channels, height, width), int64 labels (n,).

    Raises
    ------
    MissingExtra
        If torchvision is not installed.
    InputError
        If the name is unknown, the download fails, or the images have different sizes.
    """
    source = f"torchvision:{name}" + (f":{root}" if root else "")
    if name not in NAMES:
        raise unknown_choice("torchvision dataset", name, [*NAMES, PETS])
    dataset = opened(name, root, source, lambda cls: _split_argument(cls, split))
    images, labels = [], []
    for i in range(len(dataset)):
        image, label = dataset[i]
        images.append(image_of(image, source))
        labels.append(int(np.asarray(label).item()))  # some yield arrays of one number
    sizes = Counter("x".join(map(str, image.shape)) for image in images)
    if len(sizes) > 1:
        listed = ", ".join(f"{size} ({count})" for size, count in sizes.most_common(4))
        raise InputError(
            f"{source}: images of {len(sizes)} different sizes (channels x height x width): "
            f"{listed}; expected one size. Resize them in your own Dataset and pass that"
        )
    if not images:
        raise InputError(f"{source}: no images in the {split} split; expected at least one")
    preprocess = CIFAR10 if name.startswith("CIFAR") else Preprocess(255.0)
    stacked = torch.from_numpy(np.stack(images))
    return Examples(stacked, torch.tensor(labels, dtype=torch.int64), preprocess, source)
