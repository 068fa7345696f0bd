"""A bar that counts the products of a matrix with vectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from tqdm import tqdm

from landscape.hessian.symmetric import Symmetric


class _Watched:
    """A matrix whose products a bar counts."""

    def __init__(self, matrix: Symmetric, bar: tqdm[None]) -> None:
        self._matrix = matrix
        self._bar = bar

    @property
    def size(self) -> int:
        return self._matrix.size

    @property
    def device(self) -> torch.device:
        return self._matrix.device

    @property
    def dtype(self) -> torch.dtype:
        return self._matrix.dtype

    def product(self, vector: Tensor) -> Tensor:
        found = self._matrix.product(vector)
        self._bar.update()
        return found


@contextmanager
def shown(
    matrix: Symmetric, what: str, total: int | None = None, *, progress: bool = True
) -> Iterator[Symmetric]:
    """The same matrix, with a bar named ``what``; ``total`` is the number of products, if known."""
    with tqdm(total=total, unit="product", desc=what, disable=not progress) as bar:
        yield _Watched(matrix, bar)
