"""A batch of examples, in the form a network takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from landscape.data.tree import cut, described, map_tensors, rows_of, tensors_in
from landscape.errors import InputError


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples in the network's precision, on its device.

    Only the objective reads the content; all other code counts, slices and passes on batches.

    Attributes
    ----------
    content
        A tree of tensors (:mod:`landscape.data.tree`), such as ``(inputs, targets)``. If the first
        dimension of every tensor runs over the examples, it can be sliced.
    number
        Its place in a pass over the data: the seed of fixed noise.
    """

    content: Any
    number: int = 0

    def __len__(self) -> int:
        """The number of examples; 1 if the batch cannot be divided."""
        rows = rows_of(self.content)
        return 1 if rows is None else rows

    def __getitem__(self, part: slice) -> Batch:
        """A slice of the examples, without a copy.

        Raises
        ------
        InputError
            If the tensors have no common first dimension.
        """
        if rows_of(self.content) is None:
            raise InputError(f"{self} is one example: it cannot be divided")
        return replace(self, content=cut(self.content, part))

    def copied(self) -> Batch:
        """The same batch in new memory, for whoever writes into it."""
        return replace(self, content=map_tensors(torch.Tensor.clone, self.content))

    def same_as(self, other: Batch) -> bool:
        """Whether the tensors have the same bits, NaN included."""
        pairs = zip(tensors_in(self.content), tensors_in(other.content), strict=True)
        return all(_same(one, another) for one, another in pairs)

    @property
    def device(self) -> torch.device:
        """The device of the tensors; the CPU without any."""
        first = self._first
        return torch.device("cpu") if first is None else first.device

    @property
    def images(self) -> bool:
        """Whether the first tensor contains images (n, channels, height, width)."""
        return self._first is not None and self._first.ndim == 4

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return () if self._first is None else tuple(self._first.shape[1:])

    def split(self, size: int) -> list[Batch]:
        """Batches of ``size`` examples, without a copy; the last one may be smaller.

        >>> import torch
        >>> [len(part) for part in Batch((torch.zeros(5, 3), torch.zeros(5))).split(2)]
        [2, 2, 1]
        """
        return [self[start : start + size] for start in range(0, len(self), size)]

    def __str__(self) -> str:
        return described(self.content)

    @property
    def _first(self) -> Tensor | None:
        return next(iter(tensors_in(self.content)), None)


def _same(one: Tensor, other: Tensor) -> bool:
    if one.layout != torch.strided:
        one, other = one.to_dense(), other.to_dense()
    alike = one.shape == other.shape and one.dtype == other.dtype
    return alike and bool(((one == other) | ((one != one) & (other != other))).all())
