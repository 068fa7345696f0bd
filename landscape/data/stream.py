"""Examples that do not fit into memory: read batch by batch, again for every pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from landscape.data.batch import Batch
from landscape.data.examples import Examples
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.tensors import batches_of, joined
from landscape.errors import InputError


@dataclass(frozen=True, eq=False)
class _Seen:
    """The result of one pass over the batches."""

    count: int
    sha256: str
    extremes: Tensor


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
        Batches of pairs (inputs, targets).
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
    seen: _Seen | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.loader, DataLoader):
            raise InputError(
                f"{self.source}: a stream of {type(self.loader).__name__}; expected a DataLoader"
            )
        if self.seen is None:
            object.__setattr__(self, "seen", _scan(self))

    def __len__(self) -> int:
        assert self.seen is not None
        return self.seen.count

    @property
    def population(self) -> int:
        """The number of examples: a stream is never a subset."""
        return len(self)

    @property
    def extreme_targets(self) -> Tensor:
        """Two targets filled with the smallest and the largest value of all targets."""
        assert self.seen is not None
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
        for inputs, targets in self._pairs():
            yield Batch((self.preprocess(inputs, dtype), targets))

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One pass: inputs and targets as stored, on the device."""
        for inputs, targets in batches_of(self.loader, self.source):
            whole = targets.long() if _narrow(targets) else targets
            yield inputs.to(self.device), whole.to(self.device)

    def head(self, count: int) -> Examples:
        """The first ``count`` examples, in memory."""
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


def _scan(stream: Stream) -> _Seen:
    digest, count = hashlib.sha256(str(stream.preprocess).encode()), 0
    low: Tensor | None = None
    high: Tensor | None = None
    for inputs, targets in stream._pairs():
        for tensor in (inputs, targets):
            array = tensor.detach().cpu().contiguous()
            digest.update(f"{array.dtype}{tuple(array.shape[1:])}".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
        count += len(inputs)
        low = targets.min() if low is None else torch.minimum(low, targets.min())
        high = targets.max() if high is None else torch.maximum(high, targets.max())
        shape = targets.shape[1:]
    if low is None or high is None:
        raise InputError(f"{stream.source}: no examples; expected at least one")
    extremes = torch.stack([low.expand(shape), high.expand(shape)])
    return _Seen(count, digest.hexdigest(), extremes)


def in_memory(examples: Examples | Stream) -> Examples:
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
