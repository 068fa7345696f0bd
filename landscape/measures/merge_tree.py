"""Which sublevel sets of a sampled function merge where: the merge tree, by union-find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray


@dataclass(frozen=True)
class Branch:
    """A basin, from its lowest point to where it merges with a deeper one.

    ``floor``: flat index of its lowest point. ``saddle``: flat index of the lowest point over which
    a lower floor is reached; None for a basin from which none is: the deepest of its part of the
    plane.
    """

    floor: int
    saddle: int | None


def merge_tree(values: FloatArray, usable: npt.NDArray[np.bool_]) -> list[Branch]:
    """All branches of the merge tree of the sublevel sets {p: values[p] ≤ c}, by rising floors.

    Points are taken in rising order; each joins the sets of the neighbours that are already
    there. Where it joins two, the one with the higher floor ends (the elder rule of persistent
    homology: Edelsbrunner and Harer, *Computational Topology*, chapter VII). Neighbours are the 8
    around a point (2 on a line), so that a valley that runs obliquely to the grid is one valley;
    a ridge then separates two basins only if it cannot be passed through its diagonals.

    Branches without depth (plateaus) are left out.

    ``values``: shape (ny, nx) or (n,). ``usable``: same shape: False marks holes in the plane.
    """
    flat = values.ravel()
    order = np.flatnonzero(usable.ravel())
    order = order[np.argsort(flat[order], kind="stable")]
    parent = np.full(flat.size, -1, dtype=np.int64).tolist()  # −1: not added yet
    floor = list(range(flat.size))
    branches: list[Branch] = []

    def root(p: int) -> int:
        while parent[p] != p:
            parent[p] = parent[parent[p]]
            p = parent[p]
        return p

    for p in order.tolist():
        parent[p] = p
        for q in _neighbours(p, values.shape):
            if parent[q] < 0:
                continue
            a, b = root(p), root(q)
            if a == b:
                continue
            # Of equal floors the one added first is the elder; a single point is its own floor.
            old, young = (a, b) if flat[floor[a]] < flat[floor[b]] else (b, a)
            if flat[p] > flat[floor[young]]:
                branches.append(Branch(floor[young], p))
            parent[young] = old
    branches += [Branch(floor[p], None) for p in order.tolist() if parent[p] == p]
    return sorted(branches, key=lambda b: float(flat[b.floor]))


def _neighbours(p: int, shape: tuple[int, ...]) -> Iterator[int]:
    nx = shape[-1]
    row, column = divmod(p, nx)
    rows = shape[0] if len(shape) == 2 else 1
    for j in range(max(row - 1, 0), min(row + 2, rows)):
        for i in range(max(column - 1, 0), min(column + 2, nx)):
            if (j, i) != (row, column):
                yield j * nx + i
