"""Strata by the size of the losses at a few points where all examples are measured.

A sample that holds none of the rare examples of large loss cannot know of them, but a run can: the
losses of all examples at the trained weights, and at the corners of the grid if they are needed,
cost little beside it. Examples whose loss is far from the mean at any of these points have strata
of their own, which every sample holds; the others are divided by class. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import FIRST, Sample, Tolerance, with_finite_population
from landscape.grid import FloatArray, Grid, IntArray

_TAILS = (0.003, 0.01, 0.03, 0.1)  # of the examples, by size: the ends of the strata
_GAP = 0.2  # a stratum ends at the largest gap within this fraction of its size
_FALL = 0.5
_FIRST_OF_TAIL, _FIRST_OF_CLASS = 6, 4  # examples of a stratum in every sample
_LEAST_IN_TAIL = 2
_BY_SPREAD = 0.25  # of a sample: allocated by the spread of the strata, the rest by their size
_HEAVIEST, _HEAVY = 0.01, 0.5  # so many examples, with so much of the variance


@dataclass(frozen=True, eq=False)
class LossStrata(Sample):
    """A stratified sample whose shares are not proportional.

    ``group``: shape (strata,): 0 for the strata of classes, 1, 2, … for those by size of the loss.
    ``largest``: largest deviation of a loss from the mean, at the measured point where that is
    smallest. ``first``: examples in every sample.
    """

    group: IntArray
    largest: float
    first: int = FIRST

    def first_at(self, level: int) -> int:
        """The same at every point: no example of large loss is left to chance."""
        return self.first

    def shares(self, n: int) -> FloatArray:
        """Weight of each of the first n examples in a mean, shape (n,); their sum is 1."""
        h, total = self.strata[:n], np.bincount(self.strata)
        return np.asarray((total / (self.order.size * np.bincount(h, minlength=total.size)))[h])

    def mean_and_stderr(self, values: npt.ArrayLike) -> tuple[float, float]:
        """Estimate the mean over all examples from the first n, with its standard error.

        The stratified estimate, as for any :class:`Sample`. Its variance has two more terms:

        - In every group an example of large loss may have been missed. Half the largest deviation
          d from the mean of a stratum seen in this group would, as one more example, change the
          mean by W_g d / (2 n_g + 2), which is squared and added, times 1 − n_g/N_g.
        - Student's t of the effective degrees of freedom (Satterthwaite, *An approximate
          distribution of estimates of variance components*, 1946) in place of the normal
          distribution, so that ±1.96 standard errors cover 95% with few examples in a stratum.

        Where every value is 0 or 1, the error is at least that of Agresti and Coull: see
        :func:`~landscape.evaluate.statistics.mean_and_stderr`. Where all n agree by chance, it is
        the same for values of 0 and :attr:`largest`.
        """
        return self._estimate(values, self.largest)

    def of_metric(self, values: npt.ArrayLike) -> tuple[float, float]:
        """As for the loss; where all values are 0, or all 1, as if some could be the other."""
        v = np.asarray(values)
        return self._estimate(v, 1.0 if ((v == 0) | (v == 1)).all() else 0.0)

    @np.errstate(over="ignore", invalid="ignore")
    def _estimate(self, values: npt.ArrayLike, largest: float) -> tuple[float, float]:
        v = np.asarray(values, dtype=np.float64)
        n, size = v.size, self.order.size
        total = np.bincount(self.strata)
        h = self.strata[:n]
        count = np.bincount(h, minlength=total.size)
        if n >= size or not np.isfinite(v).all() or (count < np.minimum(total, 2)).any():
            return mean_and_stderr(v, self.population)
        share = total / size
        means = np.bincount(h, v, total.size) / count
        variances = np.bincount(h, (v - means[h]) ** 2, total.size) / np.maximum(count - 1, 1)
        mean = float(share @ means)
        everywhere = float(share @ (variances + (means - mean) ** 2))
        parts = share**2 * (1.0 - count / total) * variances / count
        error = float(parts.sum()) + self._of_missed(np.abs(v - means[h]), count, total)
        error = math.sqrt(error) * _student(parts, count)
        binary, agree = bool(((v == 0) | (v == 1)).all()), bool((v == v[0]).all())
        if binary or agree:
            rate = ((n * mean if binary and not agree else 0.0) + 2.0) / (n + 4.0)
            least = math.sqrt(rate * (1.0 - rate) / n * (1.0 - n / size))
            error = max(error, least * (largest if agree else 1.0))
        return mean, math.hypot(error, math.sqrt(everywhere * (1 / size - 1 / self.population)))

    def _of_missed(self, deviation: FloatArray, count: IntArray, total: IntArray) -> float:
        """The variance of examples of large loss that the sample may have missed."""
        drawn, held = (np.bincount(self.group, of) for of in (count, total))
        largest = np.zeros(drawn.size)
        np.maximum.at(largest, self.group[self.strata[: deviation.size]], deviation)
        missed = held / self.order.size * largest / (2.0 * drawn + 2.0)
        return float((missed**2 * (1.0 - drawn / held)).sum())


def _student(parts: FloatArray, count: IntArray) -> float:
    """The 97.5% quantile of Student's t over that of the normal distribution.

    The series of Fisher and Cornish in the inverse of the degrees of freedom.
    """
    parts = np.ldexp(parts, -int(np.frexp(parts.max())[1]))  # squares of any size are finite
    squares = float((parts**2 / np.maximum(count - 1, 1)).sum())
    if squares == 0:
        return 1.0
    degrees, z = float(parts.sum()) ** 2 / squares, 1.96
    first = (z**2 + 1) / (4 * degrees)
    return 1.0 + first + (5 * z**4 + 16 * z**2 + 3) / (96 * degrees**2)


def by_losses(
    losses: FloatArray, labels: IntArray | None, population: int, seed: int = 0
) -> LossStrata:
    """A seeded random order in which every prefix contains its share of each stratum.

    Parameters
    ----------
    losses
        Shape (points, N): of all examples at a few points; those with losses that are not finite
        do not count.
    labels
        Shape (N,): classes, or None.
    """
    size = losses.shape[1]
    relative = _relative(losses)
    deviation = np.abs(relative).max(axis=0, initial=0.0)
    group = _groups(deviation)
    keys = -group if labels is None else np.where(group > 0, -group, _classes(labels))
    _, strata = np.unique(keys, return_inverse=True)
    total = np.bincount(strata)
    group_of = np.zeros(total.size, np.int64)
    group_of[strata] = group
    spread = np.array([_spread(relative[:, strata == h]) for h in range(total.size)])
    needed = total * spread
    rate = 1.0 - _BY_SPREAD + _BY_SPREAD * size * spread / max(float(needed.sum()), 1e-300)
    rate = np.round(rate, 2)  # as on any other machine
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(size)
    key = np.empty(size)
    for h in range(total.size):
        members = shuffled[strata[shuffled] == h]
        key[members] = (np.arange(members.size) + rng.random(members.size)) / members.size / rate[h]
        key[members[: _FIRST_OF_TAIL if group_of[h] else _FIRST_OF_CLASS]] = -1.0
    order = np.argsort(key, kind="stable").astype(np.int64)
    first = max(FIRST, int((key < 0).sum()))
    return LossStrata(order, strata[order], population, group_of, _largest(losses), first)


def at_spread_points(
    grid: Grid, tolerance: Tolerance, losses_at: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Losses of all examples at a few points of a grid, shape (points, N).

    These are the origin, the trained weights, and the corners of the grid if one in a hundred
    examples has more than half of the variance at the origin: samples elsewhere may miss such
    examples, if others have the large losses there. But the corners are left out if they cost more
    than a plain sample as large as the origin needs would at all points.

    Parameters
    ----------
    losses_at
        Returns the losses at coordinates of shape (axes,), in the same order at all points.
    """
    points, ends = grid.points(), corners(grid.shape)
    losses = [losses_at(np.zeros(points.shape[1]))]
    size = losses[0].size
    plain = float(size)
    with np.errstate(over="ignore", invalid="ignore"):
        bound = tolerance.bound(float(losses[0].mean()))
        squares = (losses[0] - losses[0].mean()) ** 2
    if bound > 0 and np.isfinite(squares).all():
        plain = with_finite_population(float(squares.mean()) / bound**2, size)
    if _has_heavy_tail(squares) and len(ends) * size <= plain * len(points):
        losses += [losses_at(points[k]) for k in ends]
    return np.stack(losses)


def _has_heavy_tail(squares: FloatArray) -> bool:
    if not np.isfinite(squares).all():
        return True
    heaviest = np.sort(squares)[-max(1, round(_HEAVIEST * squares.size)) :]
    return bool(heaviest.sum() > _HEAVY * squares.sum())


def _relative(losses: FloatArray) -> FloatArray:
    """Deviations from the mean of each point, in its standard deviations."""
    kept = losses[np.isfinite(losses).all(axis=1)]
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = kept - kept.mean(axis=1, keepdims=True)
        spread = kept.std(axis=1, keepdims=True)
    usable = (np.isfinite(spread) & (spread > 0))[:, 0]
    return np.asarray(deviations[usable] / spread[usable])


def _largest(losses: FloatArray) -> float:
    """The largest deviation from the mean, at the point where that is smallest but not 0."""
    finite = losses[np.isfinite(losses).all(axis=1)]
    largest = np.abs(finite - finite.mean(axis=1, keepdims=True)).max(axis=1, initial=0.0)
    return float(min(largest[largest > 0], default=0.0))


def _spread(relative: FloatArray) -> float:
    """Root mean square over the points of the standard deviation within a stratum."""
    return math.sqrt(float(relative.var(axis=1).mean())) if len(relative) else 0.0


def _groups(deviation: FloatArray) -> IntArray:
    """Groups of the largest deviations, 1 of the largest; 0 for all others.

    A group ends where the deviations fall by more than half, or at the largest gap around a fixed
    share of the examples: so rounding on another machine does not change it.
    """
    size = deviation.size
    order = np.argsort(-deviation, kind="stable")
    falling = deviation[order]
    group, begin, number = np.zeros(size, np.int64), 0, 0
    for tail in _TAILS:
        least = begin + _LEAST_IN_TAIL
        low = max(least, math.floor(tail * size * (1 - _GAP)))
        high = min(size - 1, math.ceil(tail * size * (1 + _GAP)))
        if high <= low:
            continue
        falls = falling[least:high] < _FALL * falling[least - 1 : high - 1]
        gaps = falling[low - 1 : high - 1] - falling[low:high]
        end = least + int(np.argmax(falls)) if falls.any() else low + int(np.argmax(gaps))
        if falling[end] < falling[end - 1]:
            number += 1
            group[order[begin:end]] = number
            begin = end
    return group


def _classes(labels: IntArray) -> IntArray:
    """Number the classes; those too rare to divide the first examples are one stratum."""
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rare = sizes < _FIRST_OF_CLASS * labels.size / FIRST
    numbers = np.where(rare, -1, np.arange(sizes.size))
    if 0 < sizes[rare].sum() < _LEAST_IN_TAIL and not rare.all():
        numbers[rare] = int(np.argmin(np.where(rare, labels.size + 1, sizes)))
    _, numbered = np.unique(numbers, return_inverse=True)
    return numbered[classes].astype(np.int64)


def corners(shape: Sequence[int]) -> list[int]:
    """Flat indices of the corners of a grid."""
    ends = np.meshgrid(*(np.unique([0, n - 1]) for n in shape))
    return sorted(np.ravel_multi_index(tuple(ends), tuple(shape)).ravel().tolist())
