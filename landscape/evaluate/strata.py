"""Strata by the size of the losses at a few points where all examples are measured.

A sample that holds none of the rare examples of large loss cannot know of them, but a run can: the
losses of all examples at the trained weights, and at the corners of the grid if they are needed,
cost little beside it. Examples whose loss is far from the mean at any of these points have strata
of their own, which every sample holds; the others are divided by class. NumPy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.evaluate.statistics import mean_and_stderr
from landscape.evaluate.stopping import FIRST, Sample
from landscape.grid import FloatArray, IntArray

_TAILS = (0.003, 0.01, 0.03, 0.1)  # of the examples, by size: the ends of the strata
_GAP = 0.2  # a stratum ends at the largest gap within this fraction of its size
_FIRST_OF_TAIL, _FIRST_OF_CLASS = 8, 4  # examples of a stratum in every sample
_LEAST_IN_TAIL = 2
_BY_SPREAD = 0.5  # of a sample: allocated by the spread of the strata, the rest by their size
_HEAVIEST, _HEAVY = 0.01, 0.5


@dataclass(frozen=True, eq=False)
class LossStrata(Sample):
    """A stratified sample whose shares are not proportional.

    ``group``: shape (strata,): 0 for the strata of classes, 1, 2, … for those by size of the loss.
    ``reach``: shape (groups,): largest deviation of a loss from the mean at the measured points, in
    standard deviations. ``first``: examples in every sample.
    """

    group: IntArray
    reach: FloatArray
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

        - In every group an example of large loss may have been missed. As much as one more of it,
          with the largest deviation d seen in this group, here or where all were measured, would
          change the mean: Σ (W_g d / (n_g + 1))² (1 − n_g/N_g). So the error is not 0 where
          all losses agree by chance.
        - Student's t of the effective degrees of freedom (Satterthwaite, *An approximate
          distribution of estimates of variance components*, 1946) in place of the normal
          distribution, so that ±1.96 standard errors cover 95% with few examples in a stratum.

        Where every value is 0 or 1, the error is at least that of Agresti and Coull: see
        :func:`~landscape.evaluate.statistics.mean_and_stderr`.
        """
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
        error = float(parts.sum()) + self._of_missed(v, mean, math.sqrt(everywhere), count, total)
        error = math.sqrt(error) * _student(parts, count)
        if ((v == 0) | (v == 1)).all():
            rate = (n * mean + 2.0) / (n + 4.0)
            error = max(error, math.sqrt(rate * (1.0 - rate) / n * (1.0 - n / size)))
        return mean, math.hypot(error, math.sqrt(everywhere * (1 / size - 1 / self.population)))

    def of_metric(self, values: npt.ArrayLike) -> tuple[float, float]:
        """As for the loss."""
        return self.mean_and_stderr(values)

    def _of_missed(
        self, v: FloatArray, mean: float, spread: float, count: IntArray, total: IntArray
    ) -> float:
        """The variance of examples of large loss that the sample may have missed."""
        largest = self.reach * spread
        np.maximum.at(largest, self.group[self.strata[: v.size]], np.abs(v - mean))
        drawn, held = (np.bincount(self.group, of, self.reach.size) for of in (count, total))
        missed = held / self.order.size * largest / (drawn + 1)
        return float((missed**2 * (1.0 - drawn / held)).sum())


def _student(parts: FloatArray, count: IntArray) -> float:
    """The 97.5% quantile of Student's t over that of the normal distribution.

    The series of Fisher and Cornish in the inverse of the degrees of freedom.
    """
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
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(size)
    key = np.empty(size)
    for h in range(total.size):
        members = shuffled[strata[shuffled] == h]
        key[members] = (np.arange(members.size) + rng.random(members.size)) / members.size / rate[h]
        key[members[: _FIRST_OF_TAIL if group_of[h] else _FIRST_OF_CLASS]] = -1.0
    order = np.argsort(key, kind="stable").astype(np.int64)
    reach = np.zeros(int(group.max()) + 1)
    np.maximum.at(reach, group, deviation)
    first = max(FIRST, int((key < 0).sum()))
    return LossStrata(order, strata[order], population, group_of, reach, first)


def has_heavy_tail(losses: FloatArray) -> bool:
    """Whether one in a hundred examples has more than half of the variance of the losses.

    Then samples elsewhere may miss such examples, if others have the large losses there.

    >>> has_heavy_tail(np.arange(1000.0)), has_heavy_tail(np.exp(np.arange(100.0)))
    (False, True)
    """
    if not np.isfinite(losses).all():
        return True
    squares = np.sort((losses - losses.mean()) ** 2)
    heaviest = squares[-max(1, round(_HEAVIEST * losses.size)) :]
    return bool(heaviest.sum() > _HEAVY * squares.sum())


def _relative(losses: FloatArray) -> FloatArray:
    """Deviations from the mean of each point, in its standard deviations."""
    kept = losses[np.isfinite(losses).all(axis=1)]
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = kept - kept.mean(axis=1, keepdims=True)
        spread = kept.std(axis=1, keepdims=True)
    usable = (np.isfinite(spread) & (spread > 0))[:, 0]
    return np.asarray(deviations[usable] / spread[usable])


def _spread(relative: FloatArray) -> float:
    """Root mean square over the points of the standard deviation within a stratum."""
    return math.sqrt(float(relative.var(axis=1).mean())) if len(relative) else 0.0


def _groups(deviation: FloatArray) -> IntArray:
    """Groups of the largest deviations, 1 of the largest; 0 for all others.

    A group ends at a gap, so that rounding on another machine does not change it.
    """
    size = deviation.size
    order = np.argsort(-deviation, kind="stable")
    sorted_ = deviation[order]
    group, begin, number = np.zeros(size, np.int64), 0, 0
    for tail in _TAILS:
        low = max(begin + _LEAST_IN_TAIL, math.floor(tail * size * (1 - _GAP)))
        high = min(size - 1, math.ceil(tail * size * (1 + _GAP)))
        if high <= low:
            continue
        gaps = sorted_[low - 1 : high - 1] - sorted_[low:high]
        end = low + int(np.argmax(gaps))
        if gaps.max() > 0:
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


def spread_out(shape: Sequence[int]) -> list[int]:
    """Flat indices of the corners of a grid.

    >>> spread_out((3, 4))
    [0, 3, 8, 11]
    """
    corners = [np.unique([0, n - 1]) for n in shape]
    return sorted(np.ravel_multi_index(np.meshgrid(*corners), tuple(shape)).ravel().tolist())
