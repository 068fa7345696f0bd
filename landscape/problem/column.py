"""The values of one metric for a batch, with the weight of each in their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Column:
    """Values whose weighted mean is a quantity.

    Attributes
    ----------
    values
        Shape (n,).
    weights
        Shape (n,), at least 0; None where all are equal.
    """

    values: Tensor
    weights: Tensor | None = None

    @property
    def weight(self) -> float:
        """The sum of the weights."""
        return float(len(self.values)) if self.weights is None else float(self.weights.sum())

    def mean(self) -> Tensor:
        """The weighted mean; values of weight 0 do not count, even if they are not finite."""
        if self.weights is None:
            return self.values.mean()
        counted = self.weights > 0
        return (self.weights * self.values)[counted].sum() / self.weights.sum()


def joined(columns: Sequence[Column]) -> Column:
    """The values of several batches, in their order.

    >>> one, other = Column(torch.zeros(2)), Column(torch.ones(1))
    >>> joined([one, other]).values
    tensor([0., 0., 1.])
    """
    if len(columns) == 1:
        return columns[0]
    values = torch.cat([column.values for column in columns])
    weights = [column.weights for column in columns if column.weights is not None]
    return Column(values, torch.cat(weights) if weights else None)


def on_cpu(columns: Sequence[Column]) -> list[Column]:
    """The same in float64 on the CPU, with one transfer where all have the same form."""
    plain = all(column.weights is None for column in columns)
    if plain and len({(len(c.values), c.values.dtype) for c in columns}) == 1:
        together = torch.stack([column.values for column in columns]).cpu().double()
        return [Column(row) for row in together]
    return [
        Column(c.values.cpu().double(), None if c.weights is None else c.weights.cpu().double())
        for c in columns
    ]
