"""Trace estimation by Hutch++.

Meyer, Musco, Musco and Woodruff, *Hutch++: Optimal Stochastic Trace Estimation*, arXiv
2010.09649, algorithm 1: the part of the matrix in the range of a random sketch is summed exactly,
which accounts for the few large eigenvalues of a Hessian, and only the trace of the rest is
estimated from random vectors (Hutchinson, 1989).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from landscape.errors import InputError
from landscape.hessian.symmetric import Symmetric, signs


@dataclass(frozen=True)
class Trace:
    """A trace, its standard error, and the number of matrix-vector products taken.

    NaN if a product was not finite. A standard error of 0 means that the trace is exact.
    """

    value: float
    stderr: float
    products: int


def estimate_trace(matrix: Symmetric, samples: int = 60, *, seed: int = 0) -> Trace:
    """An unbiased estimate of the trace of a symmetric matrix.

    Parameters
    ----------
    matrix
        Used only through products.
    samples
        Number of products, at least 6: a third each for the sketch, for its exact trace, and for
        random vectors in its complement.
    seed
        Seed of all random vectors.

    Raises
    ------
    InputError
        If there are too few products for a standard error.
    """
    if samples < 6:
        raise InputError(f"a trace from {samples} products: expected at least 6")
    generator = torch.Generator(device="cpu").manual_seed(seed)
    sketched = min(samples // 3, matrix.size)
    images = torch.stack([matrix.product(signs(matrix, generator)) for _ in range(sketched)], dim=1)
    if not bool(torch.isfinite(images).all()):
        return Trace(math.nan, math.nan, sketched)
    basis = torch.linalg.qr(images).Q.T.contiguous()  # (sketched, size)
    exact = math.fsum(_form(matrix, q) for q in basis)
    if sketched == matrix.size:
        return Trace(exact, 0.0, 2 * sketched)
    rest = []
    for _ in range(samples - 2 * sketched):
        noise = signs(matrix, generator)
        for _ in range(2):  # twice, as one projection is inexact by rounding
            noise -= (basis @ noise) @ basis
        rest.append(_form(matrix, noise))
    stderr = float(np.std(rest, ddof=1)) / math.sqrt(len(rest))
    return Trace(exact + float(np.mean(rest)), stderr, samples)


def _form(matrix: Symmetric, vector: torch.Tensor) -> float:
    """vᵀHv, summed in float64 where the device has it."""
    wide = torch.float32 if vector.device.type == "mps" else torch.float64
    return float(vector.to(wide) @ matrix.product(vector).to(wide))
