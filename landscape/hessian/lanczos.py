"""Eigenpairs at both ends of the spectrum by Lanczos with full orthogonalization.

One Krylov space gives the largest and the most negative eigenvalues at once. When its basis has
used up the memory, it is compressed to its outer Ritz vectors (thick restart: Wu and Simon, SIAM
J. Matrix Anal. Appl. 22, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.hessian.krylov import KrylovSpace
from landscape.hessian.symmetric import Symmetric, normal

MEMORY = 2**30
"""Bytes that the basis of a Krylov space may take."""

_LARGEST_BASIS = 300
_LEAST = 12
"""Minimum number of products: directions nearly absent from the start need a few to appear."""


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Eigenvalues with their eigenvectors and residuals.

    Attributes
    ----------
    ranks
        Rank of each pair: 1, 2, … from the largest eigenvalue, −1, −2, … from the most negative.
    values
        Shape (pairs,). NaN where a product was not finite.
    vectors
        Shape (pairs, size), unit norm; the entry of largest modulus is positive.
    residuals
        Shape (pairs,): ‖Hv − λv‖ / |λ|max; an eigenvalue of H lies within this fraction of |λ|max
        of λ. They come from the recurrence, so they exclude rounding in the products;
        :func:`verified` includes it.
    modulus
        |λ|max, the largest modulus of an eigenvalue (of either end).
    products
        Number of matrix-vector products taken.
    """

    ranks: tuple[int, ...]
    values: FloatArray
    vectors: Tensor
    residuals: FloatArray
    modulus: float
    products: int

    def value(self, rank: int) -> float:
        """The eigenvalue of the given rank."""
        return float(self.values[self.ranks.index(rank)])


def eigenpairs(
    matrix: Symmetric,
    top: int = 1,
    bottom: int = 1,
    *,
    tolerance: float = 1e-4,
    seed: int = 0,
    start: Tensor | None = None,
    most_products: int = 1000,
) -> Eigenpairs:
    """The ``top`` largest and the ``bottom`` most negative eigenvalues of a symmetric matrix.

    Eigenvalues are repeated by multiplicity: a Krylov space contains one vector of each
    eigenspace, so if more than one pair of an end is requested, the orthogonal complement of the
    pairs found is searched too, until it contains none further out.

    Parameters
    ----------
    matrix
        Used only through products.
    top, bottom
        Number of pairs of each end, from 0; together at least 1.
    tolerance
        Largest residual of all pairs. Products in float32 reach about 1e-6.
    seed
        Seed of random start vectors.
    start
        Shape (size,): start vector to use instead, such as a sum of eigenvectors of a nearby
        matrix.
    most_products
        After about this many products the pairs are returned with the residuals reached.

    Raises
    ------
    InputError
        If more pairs of an end are requested than there are eigenvalues.
    """
    check_counts(matrix, top, bottom)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    vectors = torch.empty(0, matrix.size, device=matrix.device, dtype=matrix.dtype)
    values, errors = np.empty(0), np.empty(0)
    ends, modulus, products = (top, bottom), 0.0, 0
    first = normal(matrix, generator) if start is None else start
    while True:
        limits = _limits(values, top, bottom)
        room = _room(matrix, top + bottom)
        space = KrylovSpace(matrix, first, room, generator, vectors)
        _grow(space, ends, tolerance, modulus, limits, most_products - products)
        products += space.products
        if not space.finite:
            return _unknown(matrix, top, bottom, products)
        found, columns, misfits = space.ritz()
        modulus = max(modulus, float(np.abs(found).max()))
        outer = _outermost(len(found), *ends)
        further = outer[(found[outer] > limits[1]) | (found[outer] < limits[0])]
        vectors = torch.cat([vectors, space.vectors(columns[:, further])])
        # The coupling of a pair of the complement to earlier pairs is bounded by their errors.
        added = np.hypot(misfits[further], np.linalg.norm(errors))
        values, errors = np.append(values, found[further]), np.append(errors, added)
        ends = int(top > 1), int(bottom > 1)
        if not further.size or ends == (0, 0) or len(values) == matrix.size:
            break
        if products >= most_products:
            break
        first = normal(matrix, generator)
    return _ranked(values, vectors, errors, (top, bottom), modulus, products)


def verified(matrix: Symmetric, pairs: Eigenpairs) -> Eigenpairs:
    """The same pairs with residuals recomputed from the matrix, one product each."""
    misfits = []
    for value, vector in zip(pairs.values, pairs.vectors, strict=True):
        misfits.append(float((matrix.product(vector) - float(value) * vector).norm()))
    residuals = np.array(misfits) / (pairs.modulus or 1.0)
    return replace(pairs, residuals=residuals, products=pairs.products + len(misfits))


def check_counts(matrix: Symmetric, top: int, bottom: int) -> None:
    """Raise an InputError if there are not as many eigenvalues as requested."""
    for what, count in (("largest", top), ("most negative", bottom)):
        if not 0 <= count <= matrix.size:
            raise InputError(
                f"the {count} {what} eigenvalues: expected at least 0 and at most {matrix.size:,}, "
                "the number of parameters included"
            )
    if top + bottom == 0:
        raise InputError("no eigenvalue requested: expected at least one of either end")


def _room(matrix: Symmetric, pairs: int) -> int:
    bytes_each = matrix.size * torch.finfo(matrix.dtype).bits // 8
    return max(2 * pairs + _LEAST, min(_LARGEST_BASIS, MEMORY // bytes_each))


def _grow(
    space: KrylovSpace,
    ends: tuple[int, int],
    tolerance: float,
    scale: float,
    limits: tuple[float, float],
    most: int,
) -> None:
    """Grow until the outermost pairs have converged, or certainly lie within the limits."""
    while not space.complete:
        space.step()
        if not space.finite or space.products < _LEAST or space.filled < sum(ends):
            continue
        values, _, misfits = space.ritz()
        allowed = tolerance * max(scale, float(np.abs(values).max()))
        outer = _outermost(len(values), *ends)
        inside = (values + misfits < limits[1]) & (values - misfits > limits[0])
        if ((misfits <= allowed) | inside)[outer].all() or space.products >= most:
            return
        if space.filled == space.room and not space.complete:
            kept = space.room // 2
            below = max(ends[1], kept * ends[1] // sum(ends))
            space.compress(_outermost(len(values), kept - below, below))


def _limits(values: FloatArray, top: int, bottom: int) -> tuple[float, float]:
    """Bounds: only values below the first or above the second belong to the requested pairs."""
    if not values.size:
        return np.inf, -np.inf
    ordered = np.sort(values)
    low = float(ordered[bottom - 1]) if bottom else -np.inf
    return low, float(ordered[-top]) if top else np.inf


def _outermost(count: int, top: int, bottom: int) -> npt.NDArray[np.int64]:
    """Indices of both ends in increasing order of the values, each once."""
    return np.array([k for k in range(count) if k < bottom or k >= count - top], dtype=np.int64)


def _ranked(
    values: FloatArray,
    vectors: Tensor,
    errors: FloatArray,
    ends: tuple[int, int],
    modulus: float,
    products: int,
) -> Eigenpairs:
    order = np.argsort(values)
    chosen = [*order[::-1][: ends[0]], *order[: ends[1]]]
    picked = vectors[[int(k) for k in chosen]]
    largest = picked.gather(1, picked.abs().argmax(dim=1, keepdim=True))
    picked = picked * torch.sign(largest) / picked.norm(dim=1, keepdim=True)
    residuals = errors[chosen] / (modulus or 1.0)
    return Eigenpairs(_ranks(*ends), values[chosen], picked, residuals, modulus, products)


def _ranks(top: int, bottom: int) -> tuple[int, ...]:
    return (*range(1, top + 1), *range(-1, -bottom - 1, -1))


def _unknown(matrix: Symmetric, top: int, bottom: int, products: int) -> Eigenpairs:
    nan = np.full(top + bottom, np.nan)
    unknown = torch.full((top + bottom, matrix.size), torch.nan, dtype=matrix.dtype)
    return Eigenpairs(
        _ranks(top, bottom), nan, unknown.to(matrix.device), nan, float(np.nan), products
    )
