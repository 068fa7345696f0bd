"""A batch of examples, in the form a network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples in the network's precision, on its device.

    Only the objective reads the content; all other code counts, slices and passes on batches.

    Attributes
    ----------
    content
        A tensor, or a tuple of such trees, such as ``(inputs, targets)``; the first dimension of
        every tensor runs over the examples.
    """

    content: Any

    def __len__(self) -> int:
        return len(_first(self.content))

    def __getitem__(self, part: slice) -> Batch:
        """A slice of the examples, without a copy."""
        return Batch(_cut(self.content, part))

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return _first(self.content).device

    @property
    def images(self) -> bool:
        """Whether the first tensor contains images (n, channels, height, width)."""
        return _first(self.content).ndim == 4

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return tuple(_first(self.content).shape[1:])

    def split(self, size: int) -> list[Batch]:
        """Batches of ``size`` examples, without a copy; the last one may be smaller.

        >>> import torch
        >>> [len(part) for part in Batch((torch.zeros(5, 3), torch.zeros(5))).split(2)]
        [2, 2, 1]
        """
        return [self[start : start + size] for start in range(0, len(self), size)]


def _first(tree: Any) -> Tensor:
    return tree if isinstance(tree, Tensor) else _first(tree[0])


def _cut(tree: Any, part: slice) -> Any:
    return tree[part] if isinstance(tree, Tensor) else tuple(_cut(each, part) for each in tree)
