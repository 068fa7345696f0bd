"""Which basins a surface shows, given the standard errors of its losses and the grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray, IntArray
from landscape.measures.estimate import SIGMAS
from landscape.measures.merge_tree import Branch, all_branches, descent
from landscape.measures.sampled import Sampled

SHALLOWEST = 0.05
"""Minimum depth of a basin, as a share of the loss at its floor."""

_WEIGHTS = (0.25, 0.5, 0.25)


def beyond_errors(low: int, high: int, found: Sampled) -> bool:
    """Whether the ranges of two losses, two standard errors on either side, do not overlap."""
    values, errors = found.values.ravel(), found.errors.ravel()
    return bool(values[high] - values[low] > SIGMAS * (errors[high] + errors[low]))


def beyond_grid(low: int, high: int, found: Sampled, between: FloatArray) -> bool:
    """Whether two losses differ by more than the loss may differ from them between the points.

    ``between``: see :func:`between_points`.
    """
    values, rest = found.values.ravel(), between.ravel()
    return bool(values[high] - values[low] > rest[high] + rest[low])


def shown(
    branches: Sequence[Branch],
    found: Sampled,
    axes: Sequence[FloatArray],
    shallowest: float | None = SHALLOWEST,
) -> list[bool]:
    """For each branch of a merge tree whether the surface shows it: the rule for all numbers.

    A branch from a floor f to a saddle s, with standard errors σ, counts if its depth L_s − L_f is

    - more than sampling explains: more than 2 (σ_s + σ_f); or more than 2 √(σ_s² + σ_f²), the error
      of a difference, while the basin is also there, by more than 2 (σ_s + σ_f), where each loss
      has been averaged with its neighbours (¼, ½, ¼ along each axis). Independent errors make
      dips of single points, which vanish then, and their errors become smaller;
    - more than the grid leaves open: the sum of :func:`between_points` at s and f;
    - more than ``shallowest`` times the loss at the floor.

    A branch without a saddle always counts, and with ``shallowest`` None every branch does, as in
    other programs. ``axes``: coordinates, in the order of the array axes.
    """
    if shallowest is None:
        return [True] * len(branches)
    values, errors = found.values.ravel(), found.errors.ravel()
    between = between_points(found, axes)
    deepest = _still_there(found, axes) if errors.any() else set()

    def counts(branch: Branch) -> bool:
        low, high = branch.floor, branch.saddle
        if high is None:
            return True
        depth = values[high] - values[low]
        sure = beyond_errors(low, high, found) or (
            low in deepest and depth > SIGMAS * np.hypot(errors[low], errors[high])
        )
        deep = depth > shallowest * abs(values[low])
        return bool(sure and deep and beyond_grid(low, high, found, between))

    return [counts(branch) for branch in branches]


def between_points(found: Sampled, axes: Sequence[FloatArray]) -> FloatArray:
    """How far the loss between the points may be from linear interpolation, near each of them.

    Σ h² |f″| / 8 over the axes, the bound for multilinear interpolation with spacing h, with the
    second derivatives from the points on either side (at the rim, from the next point inside), less
    two standard errors of those. In the unit of the loss, shape of the grid; 0 where a neighbour is
    missing.
    """
    values = np.where(found.usable, found.values, np.nan)
    total = np.zeros(values.shape)
    for k, axis in enumerate(axes):
        if axis.size < 3:
            continue
        along, errors = np.moveaxis(values, k, 0), np.moveaxis(found.errors, k, 0)
        before, after = np.diff(axis)[:-1], np.diff(axis)[1:]
        rest = np.maximum(before, after) ** 2 / (4 * (before + after))
        weights = [rest / before, -rest * (1 / before + 1 / after), rest / after]
        parts = (slice(None, -2), slice(1, -1), slice(2, None))
        shape = (-1, *(1,) * (values.ndim - 1))
        scaled = [w.reshape(shape) for w in weights]
        bend = np.abs(sum(w * along[p] for w, p in zip(scaled, parts, strict=True)))
        off = np.sqrt(sum((w * errors[p]) ** 2 for w, p in zip(scaled, parts, strict=True)))
        own = np.nan_to_num(np.maximum(bend - SIGMAS * off, 0.0))
        total += np.moveaxis(np.pad(own, [(1, 1)] + [(0, 0)] * (own.ndim - 1), "edge"), 0, k)
    return total


def averaged(found: Sampled) -> Sampled:
    """Each loss averaged with its neighbours, ¼, ½, ¼ along each axis, and the errors of the means.

    Holes have no weight. The errors are taken as independent.
    """
    weight = found.usable.astype(np.float64)
    total, variance = np.where(found.usable, found.values, 0.0), found.errors**2 * weight
    for k in range(weight.ndim):
        weight, total = (_spread(a, k, np.array(_WEIGHTS)) for a in (weight, total))
        variance = _spread(variance, k, np.array(_WEIGHTS) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        means, errors = total / weight, np.sqrt(variance) / weight
    return Sampled(means, found.usable, np.where(found.usable, errors, 0.0))


def catchments(
    branches: Sequence[Branch],
    kept: set[int],
    values: FloatArray,
    usable: npt.NDArray[np.bool_],
    axes: Sequence[FloatArray],
) -> IntArray:
    """The kept basin that each point belongs to: flat index of its floor, −1 for holes.

    That is the basin that the steepest descent from it ends in or, if that one is not kept, the
    one that it merges into. ``branches``: all, with those that have no depth. ``kept``: floors.
    Shape of the grid.
    """
    elder = {branch.floor: branch.elder for branch in branches}
    home = {-1: -1}
    for floor in elder:
        at: int = floor
        while at not in kept:
            following = elder[at]
            assert following is not None  # one without an elder is kept
            at = following
        home[floor] = at
    ends = descent(values, usable, axes)
    found, back = np.unique(ends, return_inverse=True)
    return np.array([home[int(f)] for f in found])[back].reshape(values.shape)


def _still_there(found: Sampled, axes: Sequence[FloatArray]) -> set[int]:
    """The lowest point of every basin of the averaged surface, by the losses themselves."""
    means = averaged(found)
    branches = all_branches(means.values, means.usable)
    kept = {
        b.floor for b in branches if b.saddle is None or beyond_errors(b.floor, b.saddle, means)
    }
    home = catchments(branches, kept, means.values, means.usable, axes).ravel()
    order = np.flatnonzero(found.usable.ravel())
    order = order[np.argsort(found.values.ravel()[order], kind="stable")]
    _, first = np.unique(home[order], return_index=True)
    return {int(p) for p in order[first]}


def _spread(array: FloatArray, k: int, weights: FloatArray) -> FloatArray:
    moved = np.moveaxis(array, k, 0)
    padded = np.pad(moved, [(1, 1)] + [(0, 0)] * (moved.ndim - 1))
    parts = (slice(None, -2), slice(1, -1), slice(2, None))
    spread = sum(w * padded[p] for w, p in zip(weights, parts, strict=True))
    return np.moveaxis(np.asarray(spread), 0, k)
