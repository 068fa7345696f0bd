"""A progress bar that counts matrix-vector products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor
from tqdm import tqdm

from landscape.hessian.symmetric import Symmetric


class _Counted:
    """A matrix with a progress bar that counts its products, created at the first."""

    def __init__(self, matrix: Symmetric, make_bar: Callable[[], tqdm[None]]) -> None:
        self._matrix, self._make_bar = matrix, make_bar
        self.size, self.device, self.dtype = matrix.size, matrix.device, matrix.dtype
        self.bar: tqdm[None] | None = None

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
    """The matrix with a progress bar ``what``; ``total`` is the number of products, if known."""
    counted = _Counted(
        matrix, lambda: tqdm(total=total, unit=" products", desc=what, disable=not progress)
    )
    try:
        yield counted
    finally:
        if counted.bar is not None:
            counted.bar.close()
