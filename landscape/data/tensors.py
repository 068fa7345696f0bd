"""Examples from Python objects: tensors, arrays, datasets, loaders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, RandomSampler, SequentialSampler

from landscape.data.examples import Examples
from landscape.data.finite import warn_of_not_finite
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.tree import array_as_tensor, maps_itself
from landscape.data.trees import Batches, Rows
from landscape.errors import InputError, argument, one_line

_OTHER_INTEGERS = (
    *(torch.uint8, torch.int8, torch.int16, torch.int32),
    *(torch.uint16, torch.uint32, torch.uint64),
)

Pair = tuple[Tensor, Tensor]


def _tensor(value: Any, what: str) -> Tensor:
    """A detached tensor from a tensor, an array, a number or a list of numbers."""
    try:
        if isinstance(value, Tensor):
            return _plain(value.detach(), what)
        if isinstance(value, np.ndarray | np.generic):
            return array_as_tensor(np.asarray(value))
        if isinstance(value, bool | int | float | list | tuple):
            return torch.as_tensor(value)
        reason = "unknown type"
    except (TypeError, ValueError, RuntimeError) as error:
        reason = one_line(error)
    raise InputError(
        f"{what} is of type {type(value).__name__} and cannot become a tensor ({reason}); expected "
        "tensors, numpy arrays or numbers (for images: a dataset with a transform to tensors)"
    )


def _plain(tensor: Tensor, what: str) -> Tensor:
    """Raise an InputError unless a tensor has numbers of its own, all in one block."""
    odd = {
        "on the device meta, which holds no numbers": tensor.is_meta,
        "quantized": tensor.is_quantized,
        "nested": tensor.is_nested,
        "sparse": tensor.layout != torch.strided,
    }
    for name, is_so in odd.items():
        if is_so:
            raise InputError(
                f"{what} is a tensor that is {name}; expected an ordinary one (a sparse one by "
                "to_dense, a quantized one by dequantize)"
            )
    return tensor


class NotAPair(InputError):
    """Data, or an item of them, that are not a pair (input, target).

    Attributes
    ----------
    item
        What came.
    """

    def __init__(self, message: str, item: Any) -> None:
        super().__init__(message)
        self.item = item


def is_pair(item: Any) -> bool:
    """Whether an item that a dataset or loader yields is a pair (input, target)."""
    plain = isinstance(item, tuple | list) and not hasattr(item, "_fields") and len(item) == 2
    return plain and not any(isinstance(part, Mapping | str | type(None)) for part in item)


def _pair(item: Any, what: str) -> Pair:
    """The input and target of an item that a dataset or loader yields."""
    if not isinstance(item, tuple | list) or len(item) != 2:
        length = f" of length {len(item)}" if isinstance(item, tuple | list) else ""
        raise NotAPair(
            f"{what} is a {type(item).__name__}{length}, expected a pair (input, target); for data "
            f"of any other form give your own loss of a batch, {argument('objective')}",
            item,
        )
    return _tensor(item[0], f"{what}: the input"), _tensor(item[1], f"{what}: the target")


def joined(batches: Iterable[Pair], unit: str, source: str) -> Pair:
    """Concatenate batches along the first dimension; all others must agree."""
    inputs: list[Tensor] = []
    targets: list[Tensor] = []
    for i, pair in enumerate(batches):
        for role, tensor, earlier in zip(("input", "target"), pair, (inputs, targets), strict=True):
            if tensor.ndim == 0:
                raise InputError(
                    f"{source}: the {role} of {unit} {i} is a single number, expected a tensor "
                    "whose first dimension runs over examples"
                )
            if earlier and tensor.shape[1:] != earlier[0].shape[1:]:
                raise InputError(
                    f"{source}: {role} of {unit} {i} has shape {tuple(tensor.shape[1:])}, of "
                    f"{unit} 0 {tuple(earlier[0].shape[1:])} (per example); expected one shape for "
                    "all: resize, crop or pad them in the dataset"
                )
            earlier.append(tensor)
    if not inputs:
        raise InputError(f"{source}: no examples; expected at least one")
    return torch.cat(inputs), torch.cat(targets)


def _is_two_arrays(data: Any) -> bool:
    listed = isinstance(data, list) and len(data) == 2
    return listed and all(isinstance(d, Tensor | np.ndarray) for d in data)


def _by_index(data: Any) -> bool:
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")


def _is_dataset(data: Any) -> bool:
    readable = (_by_index(data) or hasattr(data, "__iter__")) and not maps_itself(data)
    return readable and not isinstance(data, str | bytes | Mapping | Rows | Batches)


def _items(dataset: Any, source: str) -> Iterator[Pair]:
    """Every element of a dataset, as a batch of one."""
    indexed = _by_index(dataset)
    elements = (dataset[i] for i in range(len(dataset))) if indexed else iter(dataset)
    for i, element in enumerate(read_items(elements, f"element {{}} of {source}")):
        x, y = _pair(element, f"{source}: element {i}")
        yield x[None], y[None]


def read_items(items: Iterable[Any], what: str) -> Iterator[Any]:
    """The items of a user's data; ``what``: an item, with a place for its number.

    Raises an InputError if one cannot be read: the data set raises, or a worker of a loader dies.
    """
    number = 0
    try:
        for item in items:
            yield item
            number += 1
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a data set can raise any error
        _, of_a_worker, told = str(error).rpartition("Original Traceback")
        said = told.strip().splitlines()[-1] if of_a_worker else one_line(error)
        raise InputError(f"{what.replace('{}', str(number))} cannot be read: {said}") from error


def in_dataset_order(loader: DataLoader[Any]) -> Iterator[Any]:
    """The batches of a loader without shuffling or dropping, unless it has a custom sampler."""
    yield from read_items(_in_order(loader), "batch {} of the loader")


def _in_order(loader: DataLoader[Any]) -> DataLoader[Any]:
    if isinstance(loader.dataset, IterableDataset) or loader.batch_size is None:
        return loader  # no dataset order; a custom batch sampler, or no batching
    sampler = loader.sampler
    usual = type(sampler) is SequentialSampler or (
        type(sampler) is RandomSampler and not sampler.replacement
    )
    if not usual or len(sampler) != len(loader.dataset):  # type: ignore[arg-type]
        return loader
    return DataLoader(
        loader.dataset,
        batch_size=loader.batch_size,
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context,
        generator=torch.Generator().manual_seed(0),  # leaves the global random state alone
    )


def batches_of(loader: DataLoader[Any], source: str) -> Iterator[Pair]:
    """Every batch of a loader as tensors, in the order of its dataset."""
    for i, batch in enumerate(in_dataset_order(loader)):
        yield _pair(batch, f"{source}: batch {i}")


def examples_from(data: Any, *, preprocess: Preprocess = NONE, source: str = "tensors") -> Examples:
    """Examples in memory from common Python data; each element is read once.

    Parameters
    ----------
    data
        ``(inputs, targets)``, two tensors or numpy arrays with the same first dimension; a
        ``Dataset`` (or any sequence) of pairs ``(input, target)``; a ``DataLoader`` of batches of
        such pairs; or :class:`Examples`, which are returned unchanged.

        Examples keep the order of the dataset. A loader's ``shuffle=True`` and ``drop_last=True``
        are ignored, as they only concern training: every element is taken, always in the same
        order. Only a loader with a custom sampler, or over an ``IterableDataset``, is read in the
        order it yields. Random augmentation is frozen at its first draw.
    preprocess
        The map from inputs to the network's input, none by default.
    source
        The name of the data in messages and files.

    Returns
    -------
    Examples
        Inputs of unchanged type. Integer targets become int64, as class labels must be. Tensors are
        not copied.

    Raises
    ------
    InputError
        If the elements are not pairs, differ in shape or cannot become tensors, or if ``Examples``
        are given with a preprocessing that differs from their own.
    """
    if isinstance(data, Examples):
        if preprocess not in (NONE, data.preprocess):
            raise InputError(
                f"{data.source}: these examples already have preprocessing {data.preprocess}, but "
                f"{preprocess} was given; use dataclasses.replace(examples, preprocess=…)"
            )
        return data
    if isinstance(data, tuple) or _is_two_arrays(data):
        inputs, targets = _pair(data, f"{source}: data")
    elif isinstance(data, DataLoader):
        inputs, targets = joined(batches_of(data, source), "batch", source)
    elif _is_dataset(data):
        inputs, targets = joined(_items(data, source), "element", source)
    else:
        raise NotAPair(
            f"{source}: data of type {type(data).__name__}; expected (inputs, targets), a Dataset "
            "with a length, a DataLoader, or Examples (or any data, with "
            f"{argument('objective')})",
            data,
        )
    if targets.dtype in _OTHER_INTEGERS:
        targets = targets.long()
    found = Examples(inputs, targets, preprocess, source)  # checks their shapes
    warn_of_not_finite(inputs, targets, source)
    return found
