"""Labelled examples in memory, stored raw, with the preprocessing that the network expects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.data.batch import Batch
from landscape.data.preprocess import NONE, Preprocess
from landscape.data.subset import drawn
from landscape.data.trees import Batches
from landscape.errors import InputError, argument


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs and targets of one split.

    Attributes
    ----------
    inputs
        Shape (n, …), as stored: uint8 images (n, channels, height, width), or any tensor.
        They keep this compact form on the device; ``preprocess`` is applied batch by batch.
    targets
        Shape (n, …): int64 class labels (n,), or any targets that the loss accepts.
    preprocess
        The map from ``inputs`` to the network's input.
    source
        Where they came from, in command-line form: ``digits``, ``cifar10:PATH``.
    population
        The size of the whole split that these examples are a subset of; standard errors refer to
        it. 0 means the examples are the whole split.

    Raises
    ------
    InputError
        If there are no examples, inputs and targets differ in number, there are more examples than
        the population, or the preprocessing is for a different number of channels.
    """

    inputs: Tensor
    targets: Tensor
    preprocess: Preprocess = NONE
    source: str = "tensors"
    population: int = 0

    def __post_init__(self) -> None:
        if self.inputs.ndim == 0 or self.targets.ndim == 0:
            raise InputError(
                f"{self.source}: inputs of shape {tuple(self.inputs.shape)} and targets of shape "
                f"{tuple(self.targets.shape)}; expected a first dimension that runs over examples"
            )
        if len(self.inputs) != len(self.targets):
            raise InputError(
                f"{self.source}: {len(self.inputs)} inputs but {len(self.targets)} targets; "
                "expected one target per input"
            )
        if len(self.inputs) == 0:
            raise InputError(f"{self.source}: no examples; expected at least one")
        if self.population == 0:
            object.__setattr__(self, "population", len(self.inputs))
        if self.population < len(self.inputs):
            raise InputError(
                f"{self.source}: {len(self.inputs)} examples out of a population of "
                f"{self.population}; expected the number of examples of the whole split"
            )
        wanted = self.preprocess.channels
        if wanted is not None and (self.inputs.ndim < 2 or self.inputs.shape[1] != wanted):
            raise InputError(
                f"{self.source}: preprocessing {self.preprocess.name} is for {wanted} channels, "
                f"but each input has shape {tuple(self.inputs.shape[1:])}; choose another "
                f"({argument('preprocess')}), such as none, or one mean and one standard deviation"
            )

    @property
    def extreme_targets(self) -> Tensor:
        """Targets that include the smallest and the largest: here all targets."""
        return self.targets

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return self.inputs.device

    @property
    def channels(self) -> int:
        """The size of the first dimension of an input."""
        return self.inputs.shape[1]

    @property
    def classes(self) -> int:
        """The number of classes implied by the labels: the largest label plus one."""
        return int(self.targets.max()) + 1

    @property
    def masks(self) -> bool:
        """Whether the targets are masks, (n, height, width)."""
        return self.targets.ndim > 2

    @property
    def labels(self) -> Tensor | None:
        """Class labels, one per example, shape (n,); None if the targets are not class labels."""
        one_each = self.targets.ndim == 1 and not self.targets.is_floating_point()
        return self.targets if one_each else None

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, chosen: slice | Tensor) -> Examples:
        """A subset with the same population."""
        return replace(self, inputs=self.inputs[chosen], targets=self.targets[chosen])

    def head(self, count: int) -> Examples:
        """The first ``count`` examples."""
        return self[:count]

    def batch(self, dtype: torch.dtype) -> Batch:
        """All examples as one batch in the given precision."""
        return Batch((self.preprocess(self.inputs, dtype), self.targets))

    def batches(self, dtype: torch.dtype, size: int) -> Iterator[Batch]:
        """Batches of ``size`` in order; the last one may be smaller."""
        for start in range(0, len(self), size):
            yield self[start : start + size].batch(dtype)

    def stored_batches(self, size: int) -> Iterator[Batch]:
        """The same batches as they are stored, without preprocessing."""
        for start in range(0, len(self), size):
            part = self[start : start + size]
            yield Batch((part.inputs, part.targets))

    def even_batches(self, dtype: torch.dtype, size: int = 128) -> Iterator[Batch]:
        """The fewest batches of at most ``size``, whose sizes differ by at most 1.

        This avoids a last batch of one example, which has no variance.
        """
        for chosen in torch.arange(len(self)).tensor_split(-(-len(self) // size)):
            yield self[int(chosen[0]) : int(chosen[-1]) + 1].batch(dtype)

    def fixed(self, dtype: torch.dtype, size: int) -> Batches:
        """Preprocessed batches of a fixed size, in the given precision."""
        pairs = (batch.content for batch in self.batches(dtype, size))
        return Batches(tuple(pairs), self.source, self.population)

    def subset(self, limit: int | None, seed: int = 0) -> Examples:
        """``limit`` examples drawn at random without replacement, the same for the same seed.

        Subsets are nested: the first 100 of a limit of 1,000 are those of a limit of 100. A limit
        of None, or of at least the number of examples, returns all of them in their original order.
        """
        chosen = drawn(len(self), limit, seed)
        return self if chosen is None else self[chosen]

    def to(self, device: torch.device) -> Examples:
        """The same examples on a device."""
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))

    def sha256(self) -> str:
        """SHA-256 of inputs, targets and preprocessing, equal on every device.

        The preprocessing enters with all its digits but without its name.
        """
        p = self.preprocess
        digest = hashlib.sha256(repr((float(p.scale), p.mean, p.std)).encode())
        for tensor in (self.inputs, self.targets):
            array = tensor.detach().cpu().contiguous()
            digest.update(f"{array.dtype}{tuple(array.shape)}".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()
