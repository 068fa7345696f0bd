"""Examples that do not fit into memory: read batch by batch, again for every pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from landscape.data.batch import Batch
from landscape.data.examples import Examples
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.scan import Seen, scan_pairs, scan_trees
from landscape.data.tensors import batches_of, in_dataset_order, is_pair, joined
from landscape.data.tree import as_precise_as, map_tensors, moved
from landscape.data.trees import Batches, Rows
from landscape.errors import InputError


@dataclass(frozen=True, eq=False)
class Stream:
    """A ``DataLoader`` whose batches are evaluated at many points per pass.

    It is read once on creation, to count the examples and to take their fingerprint, and once for
    every group of points. Examples come in the order of the dataset, even if the loader shuffles.
    Each pass must give the same examples: resuming a run on a dataset with random augmentation
    fails, because its fingerprint differs.

    Attributes
    ----------
    loader
        Batches of pairs (inputs, targets), or of any other form, for an objective of your own.
    preprocess
        The map from inputs to the network's input.
    source
        The name of the data in messages and files.
    device
        The device to move batches to.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> from landscape import Stream
    >>> dataset = TensorDataset(torch.randn(64, 8), torch.randint(0, 3, (64,)))
    >>> stream = Stream(DataLoader(dataset, batch_size=16))
    >>> len(stream)
    64
    """

    loader: DataLoader[Any]
    preprocess: Preprocess = NONE
    source: str = "stream"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    seen: Seen | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.loader, DataLoader):
            raise InputError(
                f"{self.source}: a stream of {type(self.loader).__name__}; expected a DataLoader"
            )
        if self.seen is None:
            pairs = self.pairs
            seen = (
                scan_pairs(self._pairs(), self.preprocess) if pairs else scan_trees(self._trees())
            )
            if seen is None:
                raise InputError(f"{self.source}: no examples; expected at least one")
            object.__setattr__(self, "seen", seen)

    def __len__(self) -> int:
        assert self.seen is not None
        return self.seen.count

    @property
    def pairs(self) -> bool:
        """Whether its batches are pairs of tensors (inputs, targets), by the first one."""
        if self.seen is not None:
            return self.seen.extremes is not None
        return is_pair(next(iter(in_dataset_order(self.loader)), None))

    @property
    def population(self) -> int:
        """The number of examples: a stream is never a subset."""
        return len(self)

    @property
    def extreme_targets(self) -> Tensor:
        """Two targets filled with the smallest and the largest value of all targets."""
        assert self.seen is not None
        if self.seen.extremes is None:
            raise InputError(
                f"{self.source}: the batches are not pairs (input, target), so they have no targets"
            )
        return self.seen.extremes

    def sha256(self) -> str:
        """SHA-256 of all inputs and targets and of the preprocessing."""
        assert self.seen is not None
        return self.seen.sha256

    def to(self, device: torch.device) -> Stream:
        """The same examples, with batches moved to a device."""
        return replace(self, device=device)

    def batches(self, dtype: torch.dtype, size: int) -> Iterator[Batch]:
        """One pass in the given precision, in the loader's own batches (``size`` is ignored)."""
        if not self.pairs:
            for number, tree in enumerate(self._trees()):
                yield Batch(as_precise_as(tree, dtype), number)
            return
        for number, (inputs, targets) in enumerate(self._pairs()):
            yield Batch((self.preprocess(inputs, dtype), targets), number)

    def _trees(self) -> Iterator[Any]:
        """One pass: batches in the form of the loader, on the device."""
        for tree in in_dataset_order(self.loader):
            yield moved(map_tensors(torch.Tensor.detach, tree), self.device)

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One pass: inputs and targets as stored, on the device."""
        for inputs, targets in batches_of(self.loader, self.source):
            whole = targets.long() if _narrow(targets) else targets
            yield inputs.to(self.device), whole.to(self.device)

    @property
    def not_hashed(self) -> list[str]:
        """Places of leaves that the SHA-256 does not cover."""
        assert self.seen is not None
        return list(self.seen.not_hashed)

    def head(self, count: int) -> Examples | Batches:
        """The first ``count`` examples, in memory; of batches of another form the first ones."""
        if not self.pairs:
            trees: list[Any] = []
            for tree in self._trees():
                trees.append(tree)
                if len(Batches(tuple(trees))) >= count:
                    break
            return Batches(tuple(trees), self.source)
        first, found = [], 0
        for batch in self._pairs():
            first.append(batch)
            found += len(batch[0])
            if found >= count:
                break
        inputs, targets = joined(first, "batch", self.source)
        return Examples(inputs[:count], targets[:count], self.preprocess, self.source, len(self))


def _narrow(targets: Tensor) -> bool:
    return not targets.is_floating_point() and targets.dtype != torch.int64


def in_memory(examples: Examples | Stream | Rows | Batches) -> Examples | Rows | Batches:
    """The examples, if they are in memory.

    Raises
    ------
    InputError
        If they are a stream.
    """
    if isinstance(examples, Stream):
        raise InputError(
            f"{examples.source}: this evaluation needs its examples in memory, but a stream is "
            "read in passes; pass Examples, tensors or a Dataset"
        )
    return examples
