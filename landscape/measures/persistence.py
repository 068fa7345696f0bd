"""Persistence pairs of all dimensions, and the bottleneck distance of two surfaces, by gudhi."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.errors import InputError
from landscape.extras import library
from landscape.grid import FloatArray
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.resolved import SHALLOWEST, between_points, beyond_errors, beyond_grid
from landscape.measures.topology import Topology, topology_of
from landscape.surface import Surface


@dataclass(frozen=True)
class Pair:
    """A class of homology of the sublevel sets, from the level where it is born to its death.

    Attributes
    ----------
    dimension
        0: a basin, dead where it meets a deeper one; 1: in a plane, a ring around a hill, dead at
        the top of the hill; 2: in a volume, a shell.
    birth, death
        Levels, in the unit of the loss (log10 of it on scale log); ``death`` is infinite for a
        class that lasts, such as the deepest basin.
    born, died
        Flat indices of the points at these levels; ``died`` is None for a class that lasts.
    counts
        Whether sampling error and grid leave it standing; the others are in no number.
    """

    dimension: int
    birth: float
    death: float
    born: int
    died: int | None
    counts: bool

    @property
    def persistence(self) -> float:
        """Death less birth."""
        return self.death - self.birth


def persistence(
    surface: Surface,
    quantity: str | None = None,
    *,
    scale: str = "linear",
    shallowest: float | None = SHALLOWEST,
) -> list[Pair]:
    """The barcode of the sublevel sets of a surface: basins, rings around hills, and so on.

    Points are the cells of highest dimension of a cubical complex, so points are neighbours if
    their cells touch, at corners too. Dimension 0 is the merge tree
    (:func:`~landscape.measures.topology.topology_of`), the others are computed by gudhi, which
    lines do not need. Which pairs of dimension 0 count is said in
    :func:`~landscape.measures.resolved.shown`; of the others those whose levels differ by more than
    two standard errors of each, by more than the grid leaves open, and by more than ``shallowest``
    times the level of birth. Points that are NaN, infinite or not computed are holes: a ring around
    one lasts.

    Parameters
    ----------
    scale
        ``linear``: levels in the unit of the loss; ``log``: their log10, so that a persistence is
        in decades. It changes neither the pairs nor which of them count.
    shallowest
        A share of the level of birth, unit 1; None counts every pair.

    Returns
    -------
    By dimension, then by falling persistence.

    Raises
    ------
    MissingExtra
        Without gudhi (extra ``topology``), except for a line.
    InputError
        If no point is finite, or a loss is not positive on scale log.

    Examples
    --------
    >>> import landscape
    >>> from landscape.measures import persistence
    >>> pairs = persistence(landscape.open_surface("example:resnet56"))
    >>> [round(p.persistence, 3) for p in pairs if p.dimension == 0 and p.counts]
    [inf, 1.544, 0.769]
    """
    return pairs_of(topology_of(surface, quantity, shallowest), scale, shallowest)


def pairs_of(tree: Topology, scale: str, shallowest: float | None) -> list[Pair]:
    """The pairs of a surface whose merge tree is known; as :func:`persistence`."""
    level = tree.on(scale).values.ravel()
    pairs = [
        _pair(0, branch.floor, branch.saddle, counts, level)
        for branch, counts in zip(tree.branches, tree.counts, strict=True)
    ]
    if tree.found.values.ndim > 1:
        between = between_points(tree.found, tree.axes)
        values = tree.found.values.ravel()
        for dimension, born, died in _higher(tree):
            counts = (
                died is None
                or shallowest is None
                or (
                    beyond_errors(born, died, tree.found)
                    and beyond_grid(born, died, tree.found, between)
                    and bool(values[died] - values[born] > shallowest * abs(values[born]))
                )
            )
            pairs.append(_pair(dimension, born, died, counts, level))
    return sorted(pairs, key=lambda p: (p.dimension, -p.persistence, p.birth))


def diagram(pairs: Sequence[Pair], dimension: int = 0) -> FloatArray:
    """The persistence diagram of the pairs that count: rows (birth, death), shape (n, 2)."""
    rows = [(p.birth, p.death) for p in pairs if p.dimension == dimension and p.counts]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def bottleneck_distance(
    surface: Surface,
    other: Surface,
    quantity: str | None = None,
    *,
    of_other: str | None = None,
    dimension: int = 0,
    scale: str = "linear",
    shallowest: float | None = SHALLOWEST,
) -> Estimate:
    """How far the persistence diagrams of two surfaces are apart, by gudhi.

    The least d such that pairs can be matched so that births and deaths differ by at most d, where
    a pair of persistence at most 2 d may be left over (Edelsbrunner and Harer, *Computational
    Topology*, chapter VIII). Only pairs that count are matched, those that last with one another;
    infinite if their numbers differ. The two grids may differ.

    The range is two standard errors of both: no loss that is off by ε moves the distance by more.

    Parameters
    ----------
    of_other
        The quantity of the other surface, if it has another name.
    dimension
        Of the pairs: 0 for basins.
    scale
        As for :func:`persistence`.

    Raises
    ------
    MissingExtra
        Without gudhi (extra ``topology``).
    InputError
        As for :func:`persistence`, or for a dimension that neither surface has.

    Examples
    --------
    >>> import landscape
    >>> from landscape.measures import bottleneck_distance
    >>> names = ["resnet56", "resnet56_noshort"]
    >>> one, other = (landscape.open_surface(f"example:{name}") for name in names)
    >>> print(bottleneck_distance(one, other))  # nats
    2.36 (1.88 … 2.83)
    """
    most = max(len(s.grid.by_array_axis) for s in (surface, other)) - 1
    if not 0 <= dimension <= most:
        raise InputError(f"dimension {dimension}: expected 0 to {most}, one less than the axes")
    diagrams, off = [], 0.0
    for one, name in ((surface, quantity), (other, of_other or quantity)):
        tree = topology_of(one, name, shallowest)
        pairs = [p for p in pairs_of(tree, scale, shallowest) if p.dimension == dimension]
        diagrams.append(diagram(pairs, dimension))
        errors = tree.on(scale).errors.ravel()
        ends = [i for p in pairs if p.counts for i in (p.born, p.died) if i is not None]
        off += SIGMAS * float(errors[ends].max(initial=0.0))
    exact = 0.0  # else gudhi returns 2e-308 for two equal diagrams
    distance = float(_gudhi("the bottleneck distance").bottleneck_distance(*diagrams, exact))
    if math.isinf(distance):
        return Estimate.exact(distance)
    return Estimate(distance, max(distance - off, 0.0), distance + off)


def _pair(dimension: int, born: int, died: int | None, counts: bool, level: FloatArray) -> Pair:
    death = math.inf if died is None else float(level[died])
    return Pair(dimension, float(level[born]), death, born, died, counts)


def _higher(tree: Topology) -> list[tuple[int, int, int | None]]:
    """Dimension, birth and death of all pairs of dimension 1 and more with some persistence."""
    cells = np.where(tree.found.usable, tree.found.values, np.inf)
    complex_ = _gudhi("persistence in a plane").CubicalComplex(top_dimensional_cells=cells)
    complex_.compute_persistence(min_persistence=0.0)
    finite, lasting = complex_.cofaces_of_persistence_pairs()
    # gudhi numbers the cells with the first axis running fastest.
    number = np.arange(cells.size).reshape(cells.shape).ravel(order="F")
    flat, found = cells.ravel(), list[tuple[int, int, int | None]]()
    for dimension in range(1, cells.ndim):
        for born, died in number[finite[dimension]] if dimension < len(finite) else ():
            if flat[born] < flat[died]:
                found.append((dimension, int(born), int(died) if flat[died] < np.inf else None))
        for born in number[lasting[dimension]] if dimension < len(lasting) else ():
            if flat[born] < np.inf:
                found.append((dimension, int(born), None))
    return found


def _gudhi(purpose: str) -> Any:
    return library("gudhi", "gudhi", "topology", purpose)
