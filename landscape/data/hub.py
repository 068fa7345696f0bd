"""Examples from a folder written by ``save_to_disk`` of Hugging Face's datasets."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landscape.data.examples import Examples
from landscape.data.named_arrays import WHOLE, examples_of
from landscape.data.tree import array_as_tensor
from landscape.data.trees import Rows
from landscape.errors import InputError, MissingExtra, one_line

_OF_DATASETS = ("dataset_dict.json", "state.json")
_TOKENS = ("input_ids", "attention_mask", "token_type_ids")
_INPUTS = ("image", "img", "pixel_values", "x", "inputs", "input", "features")
_TARGETS = ("label", "labels", "fine_label", "y", "targets", "target")


def is_hub_folder(folder: Path) -> bool:
    """Whether a folder was written by ``save_to_disk``."""
    return any((folder / name).is_file() for name in _OF_DATASETS)


def splits_in_hub_folder(folder: Path) -> dict[str, Examples | Rows]:
    """The splits of a folder written by ``Dataset.save_to_disk`` or ``DatasetDict.save_to_disk``.

    Inputs are the column called image, img, pixel_values, x, inputs, input or features, targets
    the one called label, labels, fine_label, y, targets or target. Images are decoded to 8-bit
    pixels of one size. Texts that are tokenized and padded (input_ids) keep their columns, as
    Transformers' networks take them, with the targets as labels.

    Raises
    ------
    MissingExtra
        If datasets is not installed.
    InputError
        If the folder is damaged, or the columns have other names or examples of several shapes.
    """
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise MissingExtra("datasets", "hub", f"data {folder}") from None
    try:
        found = datasets.load_from_disk(str(folder))
        splits = dict(found) if isinstance(found, datasets.DatasetDict) else {WHOLE: found}
        return {split: _examples(one, folder, split) for split, one in splits.items()}
    except InputError:
        raise
    except Exception as error:  # damaged folders raise errors of many types
        raise InputError(
            f"data {folder}: datasets cannot read it ({one_line(error)}); expected a folder "
            "written by save_to_disk. Save it again"
        ) from error


def _examples(dataset: Any, folder: Path, split: str) -> Examples | Rows:
    where = f"{folder}, {split}" if split else str(folder)
    names = dataset.column_names
    x, y = _first(_INPUTS, names), _first(_TARGETS, names)
    if y is not None and _TOKENS[0] in names:
        kept = [*(name for name in _TOKENS if name in names), y]
        columns = dataset.with_format("numpy", columns=kept)[:]
        arrays = {name: _stacked(columns[name], f"data {where}: column {name}") for name in kept}
        tree = {name: array_as_tensor(array) for name, array in arrays.items()}
        labels = tree.pop(y)
        return Rows({**tree, "labels": labels}, where)
    if x is None or y is None:
        raise InputError(
            f"data {where} has columns {', '.join(names)[:200]}; expected inputs called "
            f"{', '.join(_INPUTS)} and targets called {', '.join(_TARGETS)}: rename them, or give "
            "a function that returns the data (package.module:function)"
        )
    columns = dataset.with_format("numpy", columns=[x, y])[:]
    inputs, targets = (_stacked(columns[name], f"data {where}: column {name}") for name in (x, y))
    return examples_of(inputs, targets, where)


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in wanted if name in names), None)


def _stacked(column: Any, where: str) -> np.ndarray:
    """One array from the values of a column."""
    array = np.asarray(column)
    if array.dtype.kind in "biuf":
        return array
    shapes = {np.shape(value) for value in column}
    if len(shapes) > 1:
        listed = ", ".join(map(str, sorted(shapes)[:4]))
        raise InputError(
            f"{where} has values of {len(shapes)} shapes ({listed}); expected one: resize, crop "
            "or pad them first"
        )
    raise InputError(f"{where} contains {array.dtype}; expected numbers: tokenize or encode it")
