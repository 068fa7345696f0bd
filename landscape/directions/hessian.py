"""Curvature directions: eigenvectors of the Hessian of the loss."""

from __future__ import annotations

from landscape.directions import Direction
from landscape.directions.length import of_length
from landscape.params import Params


def name_of_rank(rank: int) -> str:
    """``top`` for 1, ``bottom`` for −1, else the number: 2, … from the largest, −2, … from the
    smallest."""
    return {1: "top", -1: "bottom"}.get(rank, str(rank))


def hessian_direction(
    vector: Params, params: Params, *, rank: int, eigenvalue: float, residual: float, length: float
) -> Direction:
    """An eigenvector as an axis.

    Parameters
    ----------
    vector
        Eigenvector of any length, with the names and shapes of ``params``.
    rank
        1, 2, … from the largest eigenvalue, −1, −2, … from the most negative.
    eigenvalue, residual
        See :class:`landscape.hessian.Eigenpairs`.
    length
        Length of the axis, such as that of a random direction, so that units of both are equal.

    Raises
    ------
    InputError
        If the vector has zero length.
    """
    which = name_of_rank(rank)
    scaled = of_length(vector, length, params, f"the Hessian's eigenvector {which}")
    return Direction(
        scaled,
        {
            "kind": "hessian eigenvector",
            "which": which,
            "eigenvalue": eigenvalue,
            "residual": residual,
            "normalization": "length of random",
        },
    )
