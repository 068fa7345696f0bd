"""The interface of a symmetric matrix that is accessed only through matrix-vector products."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Symmetric(Protocol):
    """A real symmetric matrix of shape (size, size) that is never formed explicitly.

    Attributes
    ----------
    size
        Rows and columns.
    device, dtype
        Of the input and output vectors.
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
    """Standard normal noise, shape (size,), drawn on the CPU: independent of the device."""
    noise = torch.randn(matrix.size, generator=generator, dtype=torch.float64)
    return noise.to(matrix.device, matrix.dtype)


def signs(matrix: Symmetric, generator: torch.Generator) -> Tensor:
    """Rademacher entries −1 and 1 with equal probability, shape (size,), drawn on the CPU."""
    bits = torch.randint(0, 2, (matrix.size,), generator=generator)
    return (2 * bits - 1).to(matrix.device, matrix.dtype)
