"""What the methods of this room need of a matrix: its products with vectors, nothing else."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Symmetric(Protocol):
    """A real symmetric matrix of shape (size, size) that is never written out.

    Attributes
    ----------
    size
        Rows and columns.
    device, dtype
        Of the vectors that go in and come out.
    """

    @property
    def size(self) -> int: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    def product(self, vector: Tensor) -> Tensor:
        """The matrix times a vector of shape (size,)."""
        ...


def normal(matrix: Symmetric, generator: torch.Generator) -> Tensor:
    """Standard normal noise, shape (size,), drawn on the CPU: a seed means the same everywhere."""
    noise = torch.randn(matrix.size, generator=generator, dtype=torch.float64)
    return noise.to(matrix.device, matrix.dtype)


def signs(matrix: Symmetric, generator: torch.Generator) -> Tensor:
    """Entries −1 and 1 with equal chance (Rademacher), shape (size,), drawn on the CPU."""
    bits = torch.randint(0, 2, (matrix.size,), generator=generator)
    return (2 * bits - 1).to(matrix.device, matrix.dtype)
