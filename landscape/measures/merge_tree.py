"""Which sublevel sets of a sampled function merge where: the merge tree, by union-find."""

from __future__ import annotations

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
    # Padded with holes all around, so that every point has the same neighbours.
    padded = np.pad(np.atleast_2d(np.asarray(values, dtype=np.float64)), 1)
    inside = np.pad(np.atleast_2d(usable), 1)
    columns = int(padded.shape[1])
    rows = (-1, 0, 1) if values.ndim == 2 else (0,)
    around = [j * columns + i for j in rows for i in (-1, 0, 1) if (j, i) != (0, 0)]
    order = np.flatnonzero(inside.ravel())
    order = order[np.argsort(padded.ravel()[order], kind="stable")]
    flat: list[float] = padded.ravel().tolist()
    parent = [-1] * padded.size  # not added yet
    floor = list(range(padded.size))
    branches: list[Branch] = []

    def root(p: int) -> int:
        while parent[p] != p:
            parent[p] = parent[parent[p]]
            p = parent[p]
        return p

    def index(p: int) -> int:
        row, column = divmod(p, columns)
        return (row - 1) * (columns - 2) + column - 1

    for p in order.tolist():
        parent[p] = a = p
        for step in around:
            q = p + step
            if parent[q] < 0:
                continue
            b = root(q)
            if a == b:
                continue
            # Of equal floors the one added first is the elder; a single point is its own floor.
            old, young = (a, b) if flat[floor[a]] < flat[floor[b]] else (b, a)
            if flat[p] > flat[floor[young]]:
                branches.append(Branch(index(floor[young]), index(p)))
            parent[young] = a = old
    branches += [Branch(index(floor[p]), None) for p in order.tolist() if parent[p] == p]
    height = values.ravel()
    return sorted(branches, key=lambda b: float(height[b.floor]))
