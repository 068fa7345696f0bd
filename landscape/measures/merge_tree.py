"""Which sublevel sets of a sampled function merge where: the merge tree, by union-find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray, IntArray


@dataclass(frozen=True)
class Branch:
    """A basin, from its lowest point to where it merges with a deeper one.

    ``floor``: flat index of its lowest point. ``saddle``: flat index of the lowest point over which
    a lower floor is reached; None for a basin from which none is: the deepest of its part of the
    plane. ``elder``: the floor of the branch that it ends in, or None.
    """

    floor: int
    saddle: int | None
    elder: int | None = None


def merge_tree(values: FloatArray, usable: npt.NDArray[np.bool_]) -> list[Branch]:
    """All branches of the merge tree of the sublevel sets {p: values[p] ≤ c}, by rising floors.

    Points are taken in rising order; each joins the sets of the neighbours that are already
    there. Where it joins two, the one with the higher floor ends (the elder rule of persistent
    homology: Edelsbrunner and Harer, *Computational Topology*, chapter VII). Neighbours are the
    3ᵏ − 1 around a point of k axes (2 on a line, 8 in a plane), so that a valley that runs
    obliquely to the grid is one valley; a ridge then separates two basins only if it cannot be
    passed through its diagonals.

    Branches without depth (plateaus) are left out. The rest are the pairs of dimension 0 of the
    cubical complex whose cells of highest dimension are the points.

    ``values``: shape (ny, nx) or (n,), or of more axes. ``usable``: same shape: False marks holes.
    """
    height = values.ravel()
    branches = [
        b
        for b in all_branches(values, usable)
        if b.saddle is None or height[b.saddle] > height[b.floor]
    ]
    return sorted(branches, key=lambda b: float(height[b.floor]))


def all_branches(values: FloatArray, usable: npt.NDArray[np.bool_]) -> list[Branch]:
    """The branches of :func:`merge_tree` with those that have no depth, in the order they end."""
    # Padded with holes all around, so that every point has the same neighbours.
    padded = np.pad(np.asarray(values, dtype=np.float64), 1)
    number = np.pad(np.arange(values.size).reshape(values.shape), 1)
    around = list(_steps(padded.shape))
    order = np.flatnonzero(np.pad(usable, 1).ravel())
    order = order[np.argsort(padded.ravel()[order], kind="stable")]
    flat: list[float] = padded.ravel().tolist()
    own: list[int] = number.ravel().tolist()
    parent = [-1] * padded.size  # not added yet
    floor = list(range(padded.size))
    branches: list[Branch] = []

    def root(p: int) -> int:
        while parent[p] != p:
            parent[p] = parent[parent[p]]
            p = parent[p]
        return p

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
            if floor[young] != p:
                branches.append(Branch(own[floor[young]], own[p], own[floor[old]]))
            parent[young] = a = old
    return branches + [Branch(own[floor[p]], None) for p in order.tolist() if parent[p] == p]


def descent(
    values: FloatArray, usable: npt.NDArray[np.bool_], axes: Sequence[FloatArray]
) -> IntArray:
    """The minimum that the steepest descent from each point ends in.

    ``axes``: the coordinates along each axis of the arrays. Returns flat indices of points, shape
    of the grid; −1 for holes. Every step goes to the neighbour (those of :func:`merge_tree`) to
    which the value falls most per distance; of equal values the first counts as the lower one.
    """
    order = np.argsort(values.ravel(), kind="stable")
    rank = np.empty(values.size)
    rank[order] = np.arange(values.size)
    height = np.pad(np.where(usable, values, np.inf), 1, constant_values=np.inf)
    ranks = np.pad(np.where(usable, rank.reshape(values.shape), np.inf), 1, constant_values=np.inf)
    inner = tuple(slice(1, -1) for _ in values.shape)
    target = np.arange(values.size).reshape(values.shape)
    steepest = np.full(values.shape, -np.inf)
    for move in np.ndindex(*(3,) * values.ndim):
        offset = [m - 1 for m in move]
        if not any(offset):
            continue
        there = tuple(slice(1 + o, n + 1 + o) for o, n in zip(offset, values.shape, strict=True))
        squared = np.zeros(values.shape)
        for k, (axis, o) in enumerate(zip(axes, offset, strict=True)):
            far = np.pad(axis, 1, mode="edge")[1 + o : axis.size + 1 + o] - axis
            squared += (far**2).reshape([-1 if j == k else 1 for j in range(values.ndim)])
        lower = usable & (ranks[there] < ranks[inner])
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = np.where(lower, (height[inner] - height[there]) / np.sqrt(squared), -np.inf)
        better = slope > steepest
        steepest[better] = slope[better]
        shift = int(np.dot(offset, _strides(values.shape)))
        target[better] = np.flatnonzero(better.ravel()) + shift
    found = target.ravel()
    while (found[found] != found).any():
        found = found[found]
    return np.where(usable, found.reshape(values.shape), -1)


def _steps(shape: tuple[int, ...]) -> Iterator[int]:
    """How far the neighbours of a point are from it in a flattened array."""
    for move in np.ndindex(*(3,) * len(shape)):
        if step := int(np.dot(np.subtract(move, 1), _strides(shape))):
            yield step


def _strides(shape: tuple[int, ...]) -> list[int]:
    return [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
