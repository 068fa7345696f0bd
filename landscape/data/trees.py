"""Data of any form for an objective that sees whole batches: rows of a tree, or given batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from landscape.data.batch import Batch
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.subset import drawn
from landscape.data.tree import add_to_hash, as_precise_as, cut, moved, rows_of, tensors_in
from landscape.errors import InputError


@dataclass(frozen=True, eq=False)
class Rows:
    """Examples that are the rows of all tensors in a tree; batches can have any size.

    Attributes
    ----------
    tree
        Its tensors share their first dimension.
    source
        The name of the data in messages and files.
    population
        The size of the whole that these are a random subset of; standard errors refer to it. 0
        means that these are all.

    Examples
    --------
    >>> from landscape.data import Rows
    >>> rows = Rows({"x": torch.arange(5.0), "y": torch.arange(5)})
    >>> [batch.content["y"].tolist() for batch in rows.batches(torch.float32, 2)]
    [[0, 1], [2, 3], [4]]
    """

    tree: Any
    source: str = "data"
    population: int = 0
    preprocess: ClassVar[Preprocess] = NONE
    labels: ClassVar[None] = None

    def __post_init__(self) -> None:
        rows = rows_of(self.tree)
        if not rows:
            raise InputError(
                f"{self.source}: expected tensors with a common first dimension, at least 1 long"
            )
        if self.population == 0:
            object.__setattr__(self, "population", rows)
        _check_population(self.source, rows, self.population)

    def __len__(self) -> int:
        return rows_of(self.tree) or 0

    def __getitem__(self, chosen: slice | torch.Tensor) -> Rows:
        """A subset with the same population."""
        return replace(self, tree=cut(self.tree, chosen))

    def subset(self, limit: int | None, seed: int = 0) -> Rows:
        """As :meth:`Examples.subset <landscape.data.Examples.subset>`."""
        chosen = drawn(len(self), limit, seed)
        return self if chosen is None else self[chosen]

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return tensors_in(self.tree)[0].device

    def head(self, count: int) -> Rows:
        """The first ``count`` examples."""
        return self[:count]

    def batch(self, dtype: torch.dtype) -> Batch:
        """All examples as one batch; floating tensors in the given precision."""
        return Batch(as_precise_as(self.tree, dtype))

    def batches(self, dtype: torch.dtype, size: int) -> Iterator[Batch]:
        """Batches of ``size`` in order; the last one may be smaller."""
        for number, start in enumerate(range(0, len(self), size)):
            yield replace(self[start : start + size].batch(dtype), number=number)

    def even_batches(self, dtype: torch.dtype, size: int = 128) -> Iterator[Batch]:
        """The fewest batches of at most ``size``, whose sizes differ by at most 1."""
        for chosen in torch.arange(len(self)).tensor_split(-(-len(self) // size)):
            yield self[int(chosen[0]) : int(chosen[-1]) + 1].batch(dtype)

    def to(self, device: torch.device) -> Rows:
        """The same examples on a device."""
        return replace(self, tree=moved(self.tree, device))

    def sha256(self) -> str:
        """SHA-256 of every leaf, equal on every device."""
        return _sha256([self.tree])[0]

    @property
    def not_hashed(self) -> list[str]:
        """Places of leaves that the SHA-256 does not cover."""
        return _sha256([self.tree])[1]

    def whole(self) -> Batches:
        """All examples as a single batch, which cannot be divided."""
        return Batches((self.tree,), self.source, self.population)

    def fixed(self, size: int) -> Batches:
        """Batches of a fixed size."""
        trees = (cut(self.tree, slice(k, k + size)) for k in range(0, len(self), size))
        return Batches(tuple(trees), self.source, self.population)


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches as they were given, which are neither divided nor joined.

    Attributes
    ----------
    trees
        The batches: any trees, also a graph, a set of texts, a seed or None.
    source
        The name of the data in messages and files.
    population
        As for :class:`Rows`, in the unit of :meth:`__len__`.
    """

    trees: tuple[Any, ...]
    source: str = "data"
    population: int = 0
    preprocess: ClassVar[Preprocess] = NONE
    labels: ClassVar[None] = None

    def __post_init__(self) -> None:
        if not self.trees:
            raise InputError(f"{self.source}: no batches; expected at least one")
        if self.population == 0:
            object.__setattr__(self, "population", len(self))
        _check_population(self.source, len(self), self.population)

    def __len__(self) -> int:
        """The number of examples, where the first dimension of all tensors says it, or batches."""
        sizes = [rows_of(tree) for tree in self.trees]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else len(self.trees)

    @property
    def countable(self) -> bool:
        """Whether the number of examples is known before they are measured."""
        return all(rows_of(tree) is not None for tree in self.trees)

    @property
    def device(self) -> torch.device:
        """The device of the tensors; the CPU without any."""
        return Batch(self.trees[0]).device

    def head(self, count: int) -> Batches:
        """The first batches that have ``count`` examples together."""
        for number in range(1, len(self.trees) + 1):
            first = replace(self, trees=self.trees[:number])
            if len(first) >= count:
                return first
        return self

    def batch(self, dtype: torch.dtype) -> Batch:
        """The first batch; floating tensors in the given precision."""
        return next(self.batches(dtype, 1))

    def batches(self, dtype: torch.dtype, size: int) -> Iterator[Batch]:
        """The batches in order (``size`` is ignored)."""
        for number, tree in enumerate(self.trees):
            yield Batch(as_precise_as(tree, dtype), number)

    def even_batches(self, dtype: torch.dtype, size: int = 128) -> Iterator[Batch]:
        """The batches in order (``size`` is ignored)."""
        return self.batches(dtype, size)

    def to(self, device: torch.device) -> Batches:
        """The same batches on a device."""
        return replace(self, trees=tuple(moved(tree, device) for tree in self.trees))

    def sha256(self) -> str:
        """SHA-256 of every leaf, equal on every device."""
        return _sha256(self.trees)[0]

    @property
    def not_hashed(self) -> list[str]:
        """Places of leaves that the SHA-256 does not cover."""
        return _sha256(self.trees)[1]


def is_one_tree(data: Any) -> bool:
    """Whether a mapping is one tree of examples: all its values are tensors or arrays.

    Any other mapping is one from split names to data.
    """
    if not isinstance(data, Mapping) or not data:
        return False
    return all(hasattr(data[key], "shape") and hasattr(data[key], "dtype") for key in data)


def _check_population(source: str, count: int, population: int) -> None:
    if population < count:
        raise InputError(
            f"{source}: {count} examples out of a population of {population}; expected the number "
            "of examples of the whole split"
        )


def _sha256(trees: Any) -> tuple[str, list[str]]:
    digest, missed = hashlib.sha256(), []
    for tree in trees:
        digest.update(b"batch\n")
        missed += add_to_hash(digest, tree)
    return digest.hexdigest(), list(dict.fromkeys(missed))
