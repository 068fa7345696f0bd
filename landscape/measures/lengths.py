"""Lengths in a plane whose axes are neither of unit length nor orthogonal."""

from __future__ import annotations

import math

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray, Grid
from landscape.surface import Surface


def in_weights(surface: Surface) -> FloatArray:
    """The metric of weight space: Gᵢⱼ = ⟨dᵢ, dⱼ⟩ of the axes, shape (axes, axes).

    From the attributes of the axes: each ``norm``, and their ``axes_cosine``. Raises an InputError
    if the file does not record them, or the axes are parallel.
    """
    facts = [surface.axes[name].get("norm") for name in surface.grid.axes]
    cosine = surface.attributes.get("axes_cosine") if len(facts) == 2 else 0.0
    said = [f for f in [*facts, cosine] if isinstance(f, int | float) and math.isfinite(f)]
    norms = np.array(said[:-1], dtype=np.float64)
    if len(said) != len(facts) + 1 or not (norms > 0).all():
        raise InputError(
            "the file does not record the lengths of its axes in weight space (norm of each, and "
            "axes_cosine), so distances are known in coordinates only"
        )
    metric = np.outer(norms, norms)
    metric[~np.eye(len(norms), dtype=bool)] *= float(said[-1])
    if np.linalg.det(metric) <= 1e-12 * np.prod(norms**2):
        raise InputError("the axes are parallel: they span a line, not a plane")
    return metric


def length(points: FloatArray, metric: FloatArray) -> FloatArray:
    """√(pᵀ G p) of displacements, shape (n,) from (n, axes)."""
    found: FloatArray = np.sqrt(np.einsum("ni,ij,nj->n", points, metric, points))
    return found


def inscribed_radius(grid: Grid, metric: FloatArray) -> float:
    """The radius of the largest ball around the origin that the grid reaches all round.

    The nearest point of the line x = a has the length |a| / √(G⁻¹)ₓₓ, which on oblique axes is
    less than that of the point (a, 0). 0 where the origin is at the boundary or outside.
    """
    inverse = np.linalg.inv(metric)
    return min(
        max(0.0, min(-float(axis[0]), float(axis[-1]))) / math.sqrt(inverse[i, i])
        for i, axis in enumerate(grid.axes.values())
    )
