"""Roughness: how much the loss must climb out of dips along straight lines across the plane."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.merge_tree import merge_tree
from landscape.measures.resolved import beyond_errors
from landscape.measures.sampled import Sampled, sampled
from landscape.measures.share import cell_widths
from landscape.surface import Surface


def roughness(surface: Surface, quantity: str | None = None) -> Estimate:
    """The climbs out of dips on a line of the grid, summed over the line; mean over all lines.

    Along a row or column, the loss of a bowl, a valley or a slope falls to one lowest point and
    rises again: no line has a dip other than that point, and the roughness is 0, whatever the
    bowl's shape (every quasiconvex function). Otherwise each dip is left over its lower side by a
    climb from the dip's floor f to its saddle s (a branch of the line's merge tree), and

        roughness = mean over lines of Σ log₁₀(Lₛ / L_f)       unit: decades,

    where rows and columns have equal total weight, and each line the weight of the cells around it.

    2 · ln 10 times that sum is by how much the total variation of ln L exceeds the least that
    any function with the same ends and the same minimum has. 0.3 decades: all climbs together
    are by a factor of 2.

    The logarithm is used because losses of one plane span several decades: otherwise the hills at
    the boundary would dominate, and networks could not be compared. A total variation
    does not depend on how the axes are scaled, nor on how finely a line is sampled once its dips
    are resolved; a grid that is too coarse misses dips (every second point of the shipped
    ResNet-56 without shortcuts: 0.31 instead of 0.41). It grows with the range.

    Dips that the standard errors allow for (the ranges of floor and saddle, two standard errors on
    either side, overlap) do not count. The range is that of two standard errors of the sum. A line
    is cut where the loss is NaN or infinite, and passes over points that are not computed.

    Raises
    ------
    InputError
        If a loss is not positive, or no line has three points.
    """
    found = sampled(surface, quantity)
    if (found.values[found.usable] <= 0.0).any():
        raise InputError("roughness uses the logarithm of the loss: expected positive losses")
    weights = np.zeros(found.values.size)  # derivative of the sum by the log of each loss
    means = []
    for lines, widths in _bundles(surface):
        kept = [
            (d, w) for d, w in zip(lines, widths, strict=True) if found.usable.ravel()[d].sum() > 2
        ]
        here = np.zeros_like(weights)
        share = sum(w for _, w in kept)
        climbs = [_climbs(_taken(found, d), d, w / share, here) for d, w in kept]
        if kept:
            means.append(sum(climbs))
            weights += here
    if not means:
        raise InputError("no row or column has three finite losses")
    total, weights = sum(means) / len(means), weights / len(means)
    errors = np.zeros(weights.size)
    usable = found.usable.ravel()
    errors[usable] = found.errors.ravel()[usable] / found.values.ravel()[usable]
    off = SIGMAS * float(np.linalg.norm(weights * errors))
    value, off = total / math.log(10.0), off / math.log(10.0)
    return Estimate(value, max(value - off, 0.0), value + off)


def _climbs(
    line: Sampled, indices: npt.NDArray[np.int64], share: float, weights: FloatArray
) -> float:
    """``share`` · Σ ln(Lₛ / L_f) of one line; its derivatives are added to ``weights``."""
    total = 0.0
    for branch in merge_tree(line.values, line.usable):
        if branch.saddle is None or not beyond_errors(branch.floor, branch.saddle, line):
            continue
        total += share * (
            math.log(line.values[branch.saddle]) - math.log(line.values[branch.floor])
        )
        weights[indices[branch.saddle]] += share
        weights[indices[branch.floor]] -= share
    return total


def _taken(found: Sampled, indices: npt.NDArray[np.int64]) -> Sampled:
    values, usable, errors = found.values.ravel(), found.usable.ravel(), found.errors.ravel()
    return Sampled(values[indices], usable[indices], errors[indices])


def _bundles(surface: Surface) -> Iterator[tuple[list[npt.NDArray[np.int64]], FloatArray]]:
    """All rows, then all columns: flat indices of the computed points, and widths of the lines."""
    shape, done = surface.grid.shape, surface.done.ravel()
    numbers = np.arange(math.prod(shape), dtype=np.int64).reshape(shape)
    if surface.y is None:
        yield [numbers[done]], np.ones(1)
        return
    for bundle, across in ((numbers, surface.y), (numbers.T, surface.x)):
        yield [line[done[line]] for line in bundle], cell_widths(across)
