"""A Krylov space with a fully orthonormalized basis that grows by one product at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from landscape.grid import FloatArray
from landscape.hessian.symmetric import Symmetric, normal


class KrylovSpace:
    """An orthonormal basis Q and the projection T = QᵀHQ of H onto it.

    Every new vector is orthogonalized against the whole basis, twice (Parlett, *The Symmetric
    Eigenvalue Problem*, section 6.9), so HQ = QT + β q eᵀ holds up to rounding and no spurious
    copies of converged eigenvalues appear.

    ``start``, of shape (size,) and any nonzero length, is the first vector; there are at most
    ``room`` of them, at least 2. The generator draws new ones when the space is invariant under H.
    The space stays orthogonal to the vectors ``avoid``, of shape (n, size) and orthonormal.
    """

    def __init__(
        self,
        matrix: Symmetric,
        start: Tensor,
        room: int,
        generator: torch.Generator,
        avoid: Tensor | None = None,
    ) -> None:
        none = torch.empty(0, matrix.size, device=matrix.device, dtype=matrix.dtype)
        self._matrix = matrix
        self._generator = generator
        self._avoid = none if avoid is None else avoid
        self.room = min(room, matrix.size - len(self._avoid))
        self._basis = none.new_empty(self.room, matrix.size)
        self._projected = np.zeros((self.room, self.room))
        self._coupling = 0.0  # β
        self._next: Tensor | None = None
        self._largest = 0.0
        self.filled = 0
        self.products = 0
        self.finite = True
        self._follow(self._split(start.to(matrix.device, matrix.dtype))[0])

    @property
    def complete(self) -> bool:
        """Whether the space is the whole one, so that Ritz pairs are eigenpairs."""
        return self._next is None

    def step(self) -> None:
        """Grow by one vector, using one product."""
        assert self._next is not None
        j = self.filled
        self._basis[j] = self._next
        self.filled += 1
        image = self._matrix.product(self._next)
        self.products += 1
        if not bool(torch.isfinite(image).all()):
            self.finite, self._next = False, None
            return
        self._largest = max(self._largest, float(image.norm()))
        left, inside = self._split(image)
        row = inside.double().cpu().numpy()
        self._projected[j, : j + 1] = self._projected[: j + 1, j] = row
        self._follow(left)

    def ritz(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ritz values in increasing order, coefficients (columns), and residual norms ‖Hv − θv‖."""
        values, columns = np.linalg.eigh(self._projected[: self.filled, : self.filled])
        return values, columns, np.abs(columns[-1]) * self._coupling

    def vectors(self, columns: FloatArray) -> Tensor:
        """Linear combinations of the basis, shape (number of columns, size)."""
        weights = torch.from_numpy(np.ascontiguousarray(columns.T))
        basis = self._basis[: self.filled]
        return weights.to(basis.device, basis.dtype) @ basis

    def compress(self, keep: npt.NDArray[np.int64]) -> None:
        """Thick restart from a few Ritz vectors, given by their indices in :meth:`ritz`."""
        values, columns, _ = self.ritz()
        self._basis[: len(keep)] = self.vectors(columns[:, keep])
        self._projected[:] = np.diag(np.append(values[keep], np.zeros(self.room - len(keep))))
        self.filled = len(keep)

    def _split(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """The component of a vector orthogonal to the space, and its coefficients in the basis."""
        basis = self._basis[: self.filled]
        inside = torch.zeros(self.filled, device=basis.device, dtype=basis.dtype)
        for _ in range(2):
            vector = vector - (self._avoid @ vector) @ self._avoid
            part = basis @ vector
            vector = vector - part @ basis
            inside += part
        return vector, inside

    def _follow(self, left: Tensor) -> None:
        """Set the next vector: the orthogonal component, or a random vector if that vanishes."""
        if self.filled + len(self._avoid) == self._matrix.size:
            self._coupling, self._next = 0.0, None
            return
        length = float(left.norm())
        least = 10 * torch.finfo(left.dtype).eps * self._largest  # the level of rounding
        self._coupling = length if self.products else 0.0
        while length <= least:
            left, _ = self._split(normal(self._matrix, self._generator))
            self._coupling, length, least = 0.0, float(left.norm()), 0.0
        self._next = left / length
