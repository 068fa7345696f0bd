"""The merge tree of a surface with what counts in it, and the mean gap from minimum to saddle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from landscape.errors import InputError, check_choice
from landscape.grid import FloatArray, IntArray
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.merge_tree import Branch, all_branches, merge_tree
from landscape.measures.resolved import SHALLOWEST, catchments, shown
from landscape.measures.sampled import Sampled, sampled
from landscape.measures.share import cell_areas
from landscape.surface import Surface

MEASURED = ("linear", "log")
"""Scales on which a persistence is measured: in the unit of the loss, or in decades."""


@dataclass(frozen=True, eq=False)
class Topology:
    """The merge tree of the sublevel sets of a surface; made by :func:`topology_of`.

    Attributes
    ----------
    found
        The losses, which of them are usable, and their standard errors, shape of the grid.
    areas
        The area that each point represents, same shape.
    axes
        Coordinates, in the order of the axes of the arrays.
    branches
        All branches of the tree, by rising floors.
    counts
        For each branch whether it counts: see :func:`~landscape.measures.resolved.shown`. The
        others are drawn pale, and are in no number.
    """

    found: Sampled
    areas: FloatArray
    axes: tuple[FloatArray, ...]
    branches: Sequence[Branch]
    counts: Sequence[bool]

    @cached_property
    def kept(self) -> list[Branch]:
        """The branches that count, each with the elder that counts.

        A branch that ends in one that does not count ends in the next elder that does.
        """
        elder = {branch.floor: branch.elder for branch in self.branches}
        counted = [b for b, counts in zip(self.branches, self.counts, strict=True) if counts]
        floors = {branch.floor for branch in counted}
        kept = []
        for branch in counted:
            at = branch.elder
            while at is not None and at not in floors:
                at = elder[at]
            kept.append(Branch(branch.floor, branch.saddle, at))
        return kept

    @cached_property
    def catchments(self) -> IntArray:
        """The kept basin of each point: see :func:`~landscape.measures.resolved.catchments`."""
        values, usable = self.found.values, self.found.usable
        floors = {branch.floor for branch in self.kept}
        return catchments(all_branches(values, usable), floors, values, usable, self.axes)

    @property
    def volumes(self) -> dict[int, float]:
        """The share of the usable area that each kept basin takes, by its floor; unit 1."""
        total = float(self.areas[self.found.usable].sum())
        return {
            b.floor: float(self.areas[self.catchments == b.floor].sum()) / total for b in self.kept
        }

    def first_saddles(self) -> dict[int, int]:
        """For each floor that counts, the lowest saddle over which another such basin is reached.

        Flat indices; a basin that meets no other has none.
        """
        values, lowest = self.found.values.ravel(), dict[int, int]()
        for branch in self.kept:
            if branch.saddle is None:
                continue
            for floor in (branch.floor, branch.elder):
                if floor is None:
                    continue
                before = lowest.setdefault(floor, branch.saddle)
                if values[branch.saddle] < values[before]:
                    lowest[floor] = branch.saddle
        return lowest

    def on(self, scale: str) -> Sampled:
        """The losses and errors on a scale: themselves, or log10 of them.

        Raises an InputError for another scale, or for a logarithm of a loss that is not positive.
        """
        check_choice("scale", scale, MEASURED)
        if scale == "linear":
            return self.found
        values, usable = self.found.values, self.found.usable
        if (values[usable] <= 0.0).any():
            raise InputError("persistence in decades needs positive losses: use scale linear")
        positive = np.where(usable, values, 1.0)
        errors = np.where(usable, self.found.errors / positive / math.log(10.0), 0.0)
        return Sampled(np.where(usable, np.log10(positive), values), usable, errors)


def topology_of(
    surface: Surface, quantity: str | None = None, shallowest: float | None = SHALLOWEST
) -> Topology:
    """The merge tree of the sublevel sets of a surface of any dimension.

    Parameters
    ----------
    shallowest
        The least depth of a basin that counts, as a share of the loss at its floor, unit 1. None
        counts every dip, whatever the sampling error and the grid leave open.

    Raises
    ------
    InputError
        If no point is finite.

    Examples
    --------
    >>> import landscape
    >>> from landscape.measures import topology_of
    >>> tree = topology_of(landscape.open_surface("example:resnet56"))
    >>> len(tree.branches), len(tree.kept)
    (11, 3)
    """
    found = sampled(surface, quantity)
    if not found.usable.any():
        raise InputError("no finite loss, so there are no basins")
    axes = surface.grid.by_array_axis
    branches = merge_tree(found.values, found.usable)
    counts = shown(branches, found, axes, shallowest)
    return Topology(found, cell_areas(surface), axes, branches, counts)


class Smad(NamedTuple):
    """Mean gaps from minimum to saddle; see :func:`smad`.

    ``plain``: in the unit of the loss (decades on scale log). ``normalized``: divided by the range
    of the losses, unit 1. ``weighted``: the mean weighted by the volumes of the basins.
    """

    plain: Estimate
    normalized: Estimate
    weighted: Estimate


def smad(
    surface: Surface,
    quantity: str | None = None,
    *,
    scale: str = "linear",
    shallowest: float | None = SHALLOWEST,
) -> Smad:
    """SMAD, the saddle-minimum average distance: how deep basins are before they meet another.

    For each of the n basins that count (:func:`~landscape.measures.resolved.shown`) with its
    minimum mᵢ and the saddle sᵢ where its sublevel set first meets another such basin, with
    gᵢ = L(sᵢ) − L(mᵢ) and the share vᵢ of the grid from which steepest descent leads into it,

        plain = Σ gᵢ / n,    normalized = plain / (max L − min L),    weighted = Σ vᵢ gᵢ / Σ vᵢ.

    All three are 0 where there is a single basin. A basin that meets a shallower one first has a
    smaller gap than its persistence, which counts up to a deeper one. Chen et al., *Landscaper*,
    arXiv 2602.07135; their program divides the weighted sum once more by n, counts dips of any
    depth, and takes only points that share an edge of a cell as neighbours.

    The ranges are those of two standard errors of the losses, taken as independent.

    Parameters
    ----------
    scale
        ``linear``: differences of losses; ``log``: of their logarithms, in decades.
    shallowest
        As for :func:`topology_of`.

    Raises
    ------
    InputError
        If no point is finite, or a loss is not positive on scale log.

    Examples
    --------
    >>> import landscape
    >>> from landscape.measures import smad
    >>> print(smad(landscape.open_surface("example:resnet56_noshort")).plain)  # nats
    1.18 (1.12 … 1.23)
    """
    tree = topology_of(surface, quantity, shallowest)
    found, saddles = tree.on(scale), tree.first_saddles()
    values, n = found.values.ravel(), len(saddles)
    if n == 0:
        none = Estimate.exact(0.0)
        return Smad(none, none, none)
    usable = np.flatnonzero(found.usable.ravel())
    top = int(usable[np.argmax(values[usable])])
    bottom = int(usable[np.argmin(values[usable])])
    extent = float(values[top] - values[bottom])
    plain = _slopes(saddles, dict.fromkeys(saddles, 1.0 / n), values.size)
    share = float(plain @ np.where(found.usable.ravel(), values, 0.0)) / extent
    normalized = plain / extent
    normalized[top] -= share / extent
    normalized[bottom] += share / extent
    volumes = tree.volumes
    whole = sum(volumes[floor] for floor in saddles)
    weighted = _slopes(saddles, {f: volumes[f] / whole for f in saddles}, values.size)
    return Smad(
        _estimate(plain, found),
        _estimate(normalized, found, share),
        _estimate(weighted, found),
    )


def _slopes(saddles: dict[int, int], weights: dict[int, float], size: int) -> FloatArray:
    """The derivative of the weighted sum of all gaps by each loss, shape (size,)."""
    slopes = np.zeros(size)
    for floor, saddle in saddles.items():
        slopes[saddle] += weights[floor]
        slopes[floor] -= weights[floor]
    return slopes


def _estimate(slopes: FloatArray, found: Sampled, value: float | None = None) -> Estimate:
    losses = np.where(found.usable, found.values, 0.0).ravel()
    middle = float(slopes @ losses) if value is None else value
    off = SIGMAS * float(np.linalg.norm(slopes * found.errors.ravel()))
    return Estimate(middle, max(middle - off, 0.0), middle + off)
