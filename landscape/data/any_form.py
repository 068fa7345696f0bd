"""Data of any form for an objective of whole batches, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from landscape.data.examples import Examples
from landscape.data.stream import Stream
from landscape.data.tensors import NotAPair, examples_from, in_dataset_order, read_items
from landscape.data.tree import described, map_tensors, maps_itself, rows_of
from landscape.data.trees import Batches, Rows, is_one_tree
from landscape.errors import InputError, argument, one_line

Split = Examples | Stream | Rows | Batches


def splits_in(data: Any) -> dict[str, Any]:
    """Data by split name; one unnamed split unless a mapping of several is given.

    A mapping whose values are all tensors or arrays is one tree of examples, the fields of a batch.

    >>> import torch
    >>> list(splits_in({"x": torch.zeros(2), "y": torch.zeros(2)}))
    ['']
    >>> list(splits_in({"train": (torch.zeros(2), torch.zeros(2))}))
    ['train']
    """
    if isinstance(data, Mapping) and not is_one_tree(data):
        if not data:
            raise InputError("no data: expected examples, or a dict of splits with at least one")
        return dict(data)
    return {"": data}


def trees_from(data: Any, source: str = "data") -> Split:
    """Data for an objective that sees whole batches; each element is read once.

    Parameters
    ----------
    data
        A ``DataLoader`` or a list: its batches, as they are, in the order of the dataset. A
        ``Dataset``: its elements, stacked. A tensor, tuple, dict or dataclass of tensors: its rows
        are the examples if all have the same number; otherwise, like a graph or None, it is one
        batch. :class:`Rows`, :class:`Batches`, :class:`~landscape.data.Examples` and
        :class:`~landscape.data.Stream` are returned unchanged.

    Raises
    ------
    InputError
        If the elements of a dataset cannot be stacked.
    """
    if isinstance(data, Rows | Batches | Examples | Stream):
        return data
    if isinstance(data, DataLoader):
        return Batches(tuple(map(_tensors, in_dataset_order(data))), source)
    if isinstance(data, list):
        return Batches(tuple(map(_tensors, data)), source)
    if _is_dataset(data):
        return _rows_or_one(
            _stacked(list(read_items(_elements(data), f"element {{}} of {source}")), source), source
        )
    return _rows_or_one(_tensors(data), source)


def pairs_from(data: Any) -> Examples | Stream:
    """Data for a loss of outputs and targets: a stream as it is, else :func:`examples_from`.

    Raises
    ------
    NotAPair
        If batches or elements are not pairs (input, target).
    """
    if not isinstance(data, Stream):
        return examples_from(data)
    if not data.pairs:
        raise NotAPair(
            f"{data.source}: the batches are not pairs (input, target); for data of any other form "
            f"give your own loss of a batch, {argument('objective')}",
            data.head(1).trees[0],  # type: ignore[union-attr]
        )
    return data


def _with_lists(element: Any) -> Any:
    """An element whose fields are lists of numbers (tokens), with these as tensors."""
    if not isinstance(element, Mapping):
        return element
    return {k: torch.as_tensor(v) if isinstance(v, list) else v for k, v in element.items()}


def _rows_or_one(tree: Any, source: str) -> Rows | Batches:
    return Rows(tree, source) if rows_of(tree) else Batches((tree,), source)


def _tensors(tree: Any) -> Any:
    """The tree with arrays as tensors, detached."""
    return map_tensors(lambda t: t.detach(), tree)


def _is_dataset(data: Any) -> bool:
    if isinstance(data, Tensor | Mapping | tuple | str | bytes) or hasattr(data, "dtype"):
        return False
    if maps_itself(data):
        return False  # a graph, which may have a length
    indexed = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    return indexed or hasattr(data, "__iter__")


def _elements(data: Any) -> Iterator[Any]:
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return (data[i] for i in range(len(data)))
    return iter(data)


def _stacked(elements: list[Any], source: str) -> Any:
    if not elements:
        raise InputError(f"{source}: no examples; expected at least one")
    try:
        return default_collate([_with_lists(_tensors(element)) for element in elements])
    except (TypeError, ValueError, RuntimeError, KeyError) as error:
        raise InputError(
            f"{source}: the elements of this dataset ({described(elements[0])}) cannot be stacked "
            f"({one_line(error)}); give the DataLoader that makes batches of them, or a list of "
            "batches"
        ) from error
