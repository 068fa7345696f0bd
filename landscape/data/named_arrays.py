"""Inputs and targets among arrays with names, such as those of an ``.npz`` file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch

from landscape.data.examples import Examples
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.tensors import examples_from
from landscape.errors import InputError

WHOLE = ""
"""The name of data that are not divided into splits."""

_SPLITS = ("train", "test", "val")
_OF_A_SPLIT = (
    ("x_{}", "y_{}"),  # Keras
    ("{}_images", "{}_labels"),  # MedMNIST
    ("{}_x", "{}_y"),
    ("{}_inputs", "{}_targets"),
    ("{}_data", "{}_labels"),
)
_OF_THE_WHOLE = (
    ("x", "y"),
    ("inputs", "targets"),
    ("images", "labels"),
    ("data", "labels"),
    ("data", "target"),
    ("arr_0", "arr_1"),  # numpy.savez(path, x, y)
)

FORMS = "x_train and y_train (and _test), train_images and train_labels, or x and y"

_CHANNELS = (1, 3, 4)


def pairs_in(names: Collection[str], where: str) -> dict[str, tuple[str, str]]:
    """The names of inputs and targets by split; the split of undivided data is ``""``.

    Case does not matter.

    >>> pairs_in(["x_test", "y_test", "X_train", "y_train"], "mnist.npz")
    {'train': ('X_train', 'y_train'), 'test': ('x_test', 'y_test')}

    Raises
    ------
    InputError
        If no two names belong together.
    """
    known = {name.lower(): name for name in names}

    def pair(x: str, y: str) -> tuple[str, str] | None:
        return (known[x], known[y]) if x in known and y in known else None

    for x, y in _OF_A_SPLIT:
        found = {split: pair(x.format(split), y.format(split)) for split in _SPLITS}
        chosen = {split: both for split, both in found.items() if both is not None}
        if chosen:
            return chosen
    for x, y in _OF_THE_WHOLE:
        both = pair(x, y)
        if both is not None:
            return {WHOLE: both}
    listed = ", ".join(sorted(names))[:200] or "no arrays"
    raise InputError(
        f"{where} contains {listed}; expected inputs and targets named {FORMS}: rename them, or "
        "give a function that returns the data (package.module:function)"
    )


def splits_of(arrays: Mapping[str, Any], where: str) -> dict[str, Examples]:
    """Examples by split from arrays or tensors by name."""
    return {
        split: examples_of(arrays[x], arrays[y], f"{where}, {x} and {y}")
        for split, (x, y) in pairs_in(arrays, where).items()
    }


def examples_of(inputs: Any, targets: Any, source: str) -> Examples:
    """Examples from two arrays or tensors, as files of data sets hold them.

    8-bit images (n, height, width) or (n, height, width, channels) become (n, channels, height,
    width) and are divided by 255; everything else keeps its form and its values. Targets (n, 1)
    become (n,), integers int64.
    """
    examples = examples_from((inputs, _whole_numbers(targets)), source=source)
    x, y = examples.inputs, examples.targets
    preprocess = NONE
    if x.dtype == torch.uint8 and x.ndim in (3, 4):
        preprocess = Preprocess(255.0)
        if x.ndim == 3:
            x = x[:, None]
        elif x.shape[-1] in _CHANNELS and x.shape[1] not in _CHANNELS:
            x = x.movedim(-1, 1).contiguous()
    if y.ndim == 2 and y.shape[1] == 1 and not y.is_floating_point():
        y = y[:, 0]
    return Examples(x, y, preprocess, source)


def _whole_numbers(targets: Any) -> Any:
    """Targets whose whole numbers have a type that torch can compute with."""
    if isinstance(targets, np.ndarray) and targets.dtype.kind in "bu":
        return targets.astype(np.int64)
    return targets
