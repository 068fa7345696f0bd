"""The plane of largest variation of training runs: principal components of their checkpoints.

Li et al. 2018, section 7.1. The matrix of the differences to the final weights has millions of
columns and a few dozen rows, so its principal components come from the inner products of its
rows (the Gram matrix): M = U S Vᵀ has the components V = Mᵀ U S⁻¹, and M Mᵀ = U S² Uᵀ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from landscape.errors import InputError, argument
from landscape.grid import FloatArray
from landscape.params import Params, check_finite, check_same_shape

_NEGLIGIBLE = 1e-12  # of the total variance: rounding error, not a direction


@dataclass(frozen=True, eq=False)
class Components:
    """The leading principal components of a set of checkpoints.

    Attributes
    ----------
    vectors
        Orthonormal, in float64; the sign makes the largest coefficient of each vector positive, so
        that pictures are reproducible.
    explained
        Shape (number of vectors,): the fraction of the variance along each.
    """

    vectors: list[Params]
    explained: FloatArray


def principal_components(
    checkpoints: Sequence[Params], origin: Params, count: int = 2
) -> Components:
    """The ``count`` directions along which the differences to ``origin`` vary most.

    Differences are centred on their mean, as principal components are defined.

    Parameters
    ----------
    checkpoints
        At least ``count`` + 1, different enough to span that many directions.
    origin
        The final weights. They cancel from the components, but keep the inner products small.

    Raises
    ------
    InputError
        If there are too few checkpoints, they span fewer than ``count`` directions, or one has
        different parameters (naming the first) or is not finite.
    """
    if len(checkpoints) <= count:
        raise InputError(
            f"{len(checkpoints)} checkpoints span at most {max(len(checkpoints) - 1, 0)} "
            f"directions, but {count} are needed; save more of them in training "
            f"({argument('checkpoint_every', 1)})"
        )
    for k, checkpoint in enumerate(checkpoints, start=1):
        check_same_shape(checkpoint, origin, f"checkpoint {k} of {len(checkpoints)}")
        check_finite(checkpoint, f"checkpoint {k} of {len(checkpoints)}")
    gram = np.zeros((len(checkpoints),) * 2)
    for name in origin:
        rows = _centred(checkpoints, origin, name)
        gram += (rows @ rows.T).numpy()
    squares, coefficients = np.linalg.eigh(gram)
    squares, coefficients = squares[::-1][:count], coefficients[:, ::-1][:, :count]
    whole = float(np.trace(gram))
    if not whole > 0 or squares[-1] <= _NEGLIGIBLE * whole:
        found = int((squares > _NEGLIGIBLE * whole).sum()) if whole > 0 else 0
        raise InputError(
            f"the {len(checkpoints)} checkpoints span {found} direction{'s' * (found != 1)} only, "
            f"but {count} are needed; are they copies of each other?"
        )
    largest = np.abs(coefficients).argmax(axis=0)
    signs = np.sign(coefficients[largest, range(count)])
    weights = torch.from_numpy(coefficients * signs / np.sqrt(squares))
    vectors: list[Params] = [{} for _ in range(count)]
    for name, p in origin.items():
        rows = _centred(checkpoints, origin, name)
        for vector, row in zip(vectors, weights.T @ rows, strict=True):
            vector[name] = row.reshape(p.shape)
    return Components(vectors, squares / whole)


def _centred(checkpoints: Sequence[Params], origin: Params, name: str) -> torch.Tensor:
    """Differences of a parameter to the origin, minus their mean, shape (checkpoints, size)."""
    start = origin[name].double().flatten()
    rows = torch.stack([c[name].double().flatten() - start for c in checkpoints])
    return rows - rows.mean(dim=0)
