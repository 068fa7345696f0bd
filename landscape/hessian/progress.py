"""A bar that counts the products of a matrix with vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from tqdm import tqdm

from landscape.hessian.symmetric import Symmetric


class _Watched:
    """A matrix whose products a bar counts, from the first one on."""

    def __init__(self, matrix: Symmetric, make_bar: Callable[[], tqdm[None]]) -> None:
        self._matrix = matrix
        self._make_bar = make_bar
        self.bar: tqdm[None] | None = None

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
        if self.bar is None:
            self.bar = self._make_bar()
        found = self._matrix.product(vector)
        self.bar.update()
        return found


@contextmanager
def shown(
    matrix: Symmetric, what: str, total: int | None = None, *, progress: bool = True
) -> Iterator[Symmetric]:
    """The same matrix, with a bar named ``what``; ``total`` is the number of products, if known."""
    watched = _Watched(
        matrix, lambda: tqdm(total=total, unit=" products", desc=what, disable=not progress)
    )
    try:
        yield watched
    finally:
        if watched.bar is not None:
            watched.bar.close()
