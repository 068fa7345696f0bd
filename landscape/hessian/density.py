"""Spectral density by stochastic Lanczos quadrature.

Ghorbani, Krishnan and Xiao, *An Investigation into Neural Net Optimization via Hessian Eigenvalue
Density*, arXiv 1901.10159, algorithm 1: a Krylov space of m vectors with a random start gives m
nodes θ_i with weights ω_i, the squared first entries of the eigenvectors of T (Gaussian
quadrature); the density is Σ ω_i N(t; θ_i, σ²), averaged over starts.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from landscape.errors import InputError
from landscape.grid import FloatArray, Grid
from landscape.hessian.krylov import KrylovSpace
from landscape.hessian.symmetric import Symmetric, signs
from landscape.quantity import STDERR, Quantity, by_name
from landscape.surface import Surface

_REACH = 5.0
"""Margin of the line beyond the outermost nodes, in widths of the Gaussian."""


def spectral_density(
    matrix: Symmetric,
    *,
    starts: int = 10,
    steps: int = 80,
    width: float | None = None,
    points: int = 1001,
    seed: int = 0,
    name: str = "Hessian",
) -> Surface:
    """Density of the eigenvalues of a symmetric matrix, as a function of the eigenvalue.

    Parameters
    ----------
    matrix
        Takes ``starts`` · ``steps`` products.
    starts, steps
        Number of random starts (at least 2), and of nodes m of each.
    width
        σ of the smoothing Gaussian; None is 1/200 of the spectrum's range.
    name
        Name of the matrix in labels: see :attr:`CurvatureOperator.name`.

    Returns
    -------
    Surface
        ``density``, or ``gauss_newton_density`` and the like of another matrix, whose integral is
        1, in 1 per unit of the eigenvalue, and its standard error over the starts; attributes
        ``gaussian_width``, ``starts``, ``steps`` and ``products``.

    Raises
    ------
    InputError
        If a number is out of range, or a product is not finite.
    """
    if starts < 2 or steps < 1 or points < 2:
        raise InputError(
            f"a density from {starts} starts of {steps} steps on {points} points: expected at "
            "least 2 starts (for an error), 1 step and 2 points"
        )
    generator = torch.Generator(device="cpu").manual_seed(seed)
    rules, products = [], 0
    for _ in range(starts):
        nodes, weights, taken = _quadrature(matrix, steps, generator, name)
        rules.append((nodes, weights))
        products += taken
    low = min(float(nodes.min()) for nodes, _ in rules)
    high = max(float(nodes.max()) for nodes, _ in rules)
    if width is None:
        # The range of a single eigenvalue is only rounding.
        width = max(high - low, 1e-3 * max(abs(low), abs(high))) / 200 or 1 / 200
    if not (math.isfinite(width) and width > 0):
        raise InputError(f"Gaussian width {width} of a density: expected a number above 0")
    line = np.linspace(low - _REACH * width, high + _REACH * width, points)
    curves = np.stack([_smoothed(line, *rule, width) for rule in rules])
    own = name != "Hessian"
    base = f"{name.lower().replace(' ', '_').replace('-', '_')}_density" if own else "density"
    mean = Quantity(f"density of {name} eigenvalues", base=base)
    long_name = "standard error of density over random starts"
    error = mean.beside(statistic=STDERR, long_name=long_name)
    stderr = curves.std(axis=0, ddof=1) / math.sqrt(starts)
    return Surface(
        Grid(line),
        by_name([mean, error]),
        {mean.name: curves.mean(axis=0), error.name: stderr},
        np.ones(points, dtype=bool),
        {
            "gaussian_width": width,
            "starts": starts,
            "steps": steps,
            "products": products,
            "seed": seed,
        },
        {"x": {"kind": "eigenvalue", **({"matrix": name} if own else {})}},
    )


def _quadrature(
    matrix: Symmetric, steps: int, generator: torch.Generator, name: str
) -> tuple[FloatArray, FloatArray, int]:
    """Nodes and weights of one random start, and the number of products."""
    space = KrylovSpace(matrix, signs(matrix, generator), steps, generator)
    while space.filled < space.room and not space.complete:
        space.step()
    if not space.finite:
        raise InputError(
            f"a product with the {name} is not finite: the loss or its derivatives overflow at "
            "these weights, so the spectrum is undefined"
        )
    nodes, columns, _ = space.ritz()
    return nodes, columns[0] ** 2, space.products


def _smoothed(line: FloatArray, nodes: FloatArray, weights: FloatArray, width: float) -> FloatArray:
    z = (line[:, None] - nodes) / width
    return np.exp(-(z**2) / 2) @ weights / (width * math.sqrt(2 * math.pi))
