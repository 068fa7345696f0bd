"""Sequential sampling: how many examples a point needs to reach a tolerance.

Samples are stratified and nested. NumPy only, without a network, so that it can be tested on
stored per-example losses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError, argument
from landscape.evaluate.statistics import mean_and_stderr
from landscape.grid import CoarserCells, FloatArray, IntArray

FIRST = 64
"""Minimum number of examples at every point, before their variance is used."""

FIRST_OF_ALL = 1024
"""The same at the corners of the grid, which all other points depend on; halved at each level."""

PRIOR_WEIGHT = 128
"""Weight of the sample size needed by neighbouring points, in examples."""

_LEAST_IN_STRATUM = 4  # of the first examples; smaller classes are merged
_START = 0.25  # initial share of the size that neighbours needed
_GROWTH = 1.05  # minimum growth of the sample from one test to the next


@dataclass(frozen=True)
class Tolerance:
    """Largest allowed standard error: relative to the mean or absolute, whichever is larger.

    Attributes
    ----------
    relative
        Fraction of the absolute value of the mean, from 0 to 1.
    absolute
        In units of the loss; 0 or more.

    Raises
    ------
    InputError
        If a number is out of bounds, or both are 0.
    """

    relative: float
    absolute: float = 0.0

    def __post_init__(self) -> None:
        in_bounds = 0 <= self.relative <= 1 and 0 <= self.absolute < math.inf
        if not in_bounds or self.relative == self.absolute == 0:
            raise _wrong(
                f"{self.relative:.6g},{self.absolute:.6g}",
                "the relative tolerance must be from 0% to 100%, the absolute one finite and not "
                "negative, and one of them above 0",
            )

    @staticmethod
    def parse(text: str) -> Tolerance:
        """Parse ``2%`` (relative) or ``2%,0.01`` (both); the percent sign is required.

        >>> Tolerance.parse("2%,0.01")
        Tolerance(relative=0.02, absolute=0.01)
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) > 2 or not parts[0].endswith("%"):
            raise _wrong(text, "wrong format")
        try:
            percent = float(parts[0][:-1])
            absolute = float(parts[1]) if len(parts) == 2 else 0.0
        except ValueError:
            raise _wrong(text, "not a number") from None
        return Tolerance(percent / 100, absolute)

    def __str__(self) -> str:
        return f"{Decimal(repr(self.relative)) * 100:f}%,{self.absolute!r}"

    def bound(self, mean: float) -> float:
        """The largest allowed standard error for a mean."""
        return max(self.relative * abs(mean), self.absolute)

    def needed(self, mean: float, stderr: float, count: int, population: int) -> float:
        """Number of examples that this point needs of an infinite population, (s/bound)².

        s² is recovered from the standard error of ``count`` examples of a finite population;
        NaN where this is impossible: the error is unknown, or 0 because all examples were used.
        """
        bound = self.bound(mean)
        if not (math.isfinite(stderr) and math.isfinite(mean)) or count >= population or bound == 0:
            return math.nan
        return (stderr / bound) ** 2 * count / (1.0 - count / population)


def first_look(level: int, size: int) -> int:
    """Initial number of examples at a point of a level of the coarse-to-fine order.

    The few coarse points use larger samples: variance due to one in a hundred examples is easily
    missed by 64, but the neighbours have seen it. At most a quarter of ``size``, since a point that
    uses all examples has no standard error to estimate the variance from.
    """
    return max(FIRST, min(FIRST_OF_ALL >> level, size // 4))


def _wrong(text: str, why: str) -> InputError:
    return InputError(
        f"{argument('tolerance', text)}: {why}; expected a percentage, or a percentage and an "
        f"absolute tolerance, as in {argument('tolerance', '2%')} or "
        f"{argument('tolerance', '2%,0.01')}"
    )


def with_finite_population(needed: float, size: int) -> float:
    """Convert the examples needed of an infinite population to those needed of ``size``.

    n = n₀/(1 + n₀/N) (Cochran, *Sampling Techniques*, 3rd ed., eq. 4.4).
    """
    return needed / (1.0 + needed / size)


@dataclass(frozen=True, eq=False)
class Sample:
    """An order of the examples in which every prefix is a stratified random sample.

    ``order``: shape (N,): indices of the examples. ``strata``: shape (N,): stratum of each example
    in that order; 0, 1, …. ``population``: number of examples that the N were drawn from; at least
    N.
    """

    order: IntArray
    strata: IntArray
    population: int

    def first_at(self, level: int) -> int:
        """Initial number of examples at a point of a level of the coarse-to-fine order."""
        return first_look(level, self.order.size)

    def shares(self, n: int) -> FloatArray | None:
        """Weight of each of the first n examples in a mean; None where all are equal."""
        return None

    def of_metric(self, values: npt.ArrayLike) -> tuple[float, float]:
        """Mean and error of a metric other than the one that determined the number of examples.

        The few examples of a class often all have the same value, as with an accuracy, so their
        variance is underestimated: the error is at least that of an unstratified sample.
        """
        mean, stderr = self.mean_and_stderr(values)
        _, simple = mean_and_stderr(values, self.population)
        return mean, max(stderr, simple)

    def mean_and_stderr(self, values: npt.ArrayLike) -> tuple[float, float]:
        """Estimate the mean over all examples from the first n, with its standard error.

        The stratified estimate Σ W_h v̄_h with W_h = N_h/N, and its variance
        Σ W_h² (1 − n_h/N_h) s_h²/n_h (Cochran, *Sampling Techniques*, 3rd ed., theorem 5.3 and
        eq. 5.6); if the N are a sample of a larger population P, this adds (1/N − 1/P) s². The
        error is 0 for the whole population.
        """
        v = np.asarray(values, dtype=np.float64)
        n, size = v.size, self.order.size
        if n >= size or not np.isfinite(v).all():
            return mean_and_stderr(v, self.population)
        h, total = self.strata[:n], np.bincount(self.strata)
        count = np.bincount(h, minlength=total.size)
        if (count < 2).any():
            return mean_and_stderr(v, self.population)
        means = np.bincount(h, v) / count
        variances = np.bincount(h, (v - means[h]) ** 2) / (count - 1)
        shares = total / size
        variance = float((shares**2 * (1.0 - count / total) * variances / count).sum())
        variance += float(v.var(ddof=1)) * (1.0 / size - 1.0 / self.population)
        return float(shares @ means), math.sqrt(variance)


def stratified(labels: IntArray | None, size: int, population: int, seed: int = 0) -> Sample:
    """A seeded random order in which every prefix contains its share of each class.

    Far from the minimum a network gives nearly the same output for every image, so the loss of an
    image is nearly that of its class: most of the variance is between the classes, and proportional
    shares remove it. Classes with fewer than four of the first examples are merged; without labels
    there is one class.
    """
    rng = np.random.default_rng(seed)
    groups = np.zeros(size, np.int64) if labels is None else _strata(labels)
    shuffled = rng.permutation(size)
    key = np.empty(size)
    for stratum in range(int(groups.max()) + 1):
        members = shuffled[groups[shuffled] == stratum]
        key[members] = (np.arange(members.size) + rng.random(members.size)) / members.size
    order = np.argsort(key, kind="stable").astype(np.int64)
    return Sample(order, groups[order], population)


def _strata(labels: IntArray) -> IntArray:
    """Number the classes from 0; rare ones are merged, with the smallest other class if needed."""
    _, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    least = _LEAST_IN_STRATUM * labels.size / FIRST
    group = np.where(sizes >= least, np.arange(sizes.size), -1)
    kept = np.flatnonzero(group >= 0)
    if kept.size and sizes[group < 0].sum() < least:
        group[group < 0] = kept[np.argmin(sizes[kept])]
    _, numbered = np.unique(group, return_inverse=True)
    return numbered[classes].astype(np.int64)


def needed_around(
    tolerance: Tolerance, around: Sequence[tuple[float, float, float]], population: int
) -> float:
    """Mean number of examples that neighbouring points need of an infinite population.

    Returns NaN if there are no neighbours, or none with a known error.

    Parameters
    ----------
    around
        Mean, standard error and count of each. Where the count is the population, the error is 0
        and the variance unknown: such a point counts as needing ``population`` examples, which
        is half of a finite population of that size.
    """
    needed = [
        float(population)
        if count >= population
        else tolerance.needed(mean, stderr, int(count), population)
        for mean, stderr, count in around
    ]
    known = [value for value in needed if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def sample_until_within(
    tolerance: Tolerance,
    sample: Sample,
    draw: Callable[[int], FloatArray],
    neighbours: float = math.nan,
    first: int = FIRST,
) -> tuple[int, float, float]:
    """Draw a growing prefix of a sample until its standard error is within the tolerance.

    Parameters
    ----------
    draw
        Returns the losses of the first n examples, shape (n,); n grows from call to call.
    neighbours
        Result of :func:`needed_around` for the neighbouring points; NaN if unknown.
        Where a few hard examples dominate the loss, the first ones drawn may contain none of them
        and have a small variance. So the size needed is at least the average of the neighbours'
        and this point's estimate, weighted by :data:`PRIOR_WEIGHT` and n.
    first
        Minimum initial number of examples: see :func:`first_look`.

    Returns
    -------
    tuple
        Number of examples drawn, their mean and its standard error: that of the sample or, if
        larger, the one implied by the size needed as above. Up to all examples are drawn. A loss
        that is not finite stops at once, as more examples would not make the mean finite.
    """
    size = sample.order.size
    prior = neighbours if math.isfinite(neighbours) else 0.0
    n = min(size, max(first, math.ceil(with_finite_population(prior * _START, size))))
    while True:
        mean, stderr = sample.mean_and_stderr(draw(n))
        if n == size or not math.isfinite(stderr):
            return n, mean, stderr
        own = tolerance.needed(mean, stderr, n, sample.population)
        if not math.isfinite(own):
            n = size  # a mean of 0 without an absolute tolerance needs all examples
            continue
        needed = max(own, (n * own + PRIOR_WEIGHT * prior) / (n + PRIOR_WEIGHT))
        target = math.ceil(with_finite_population(needed, sample.population))
        if n >= target:
            bound = tolerance.bound(mean)
            return n, mean, bound * math.sqrt(needed * (1.0 / n - 1.0 / sample.population))
        n = min(size, max(target, math.ceil(n * _GROWTH)))


class Stopping:
    """How many examples the points of a grid need, in the coarse-to-fine order.

    Parameters
    ----------
    sample
        The order of the examples, of which each point uses a prefix.
    shape
        Of the grid.
    in_full
        Flat indices of points where all examples were measured before: neighbours do not learn
        from their errors, which are 0.
    """

    def __init__(
        self,
        tolerance: Tolerance,
        sample: Sample,
        shape: tuple[int, ...],
        in_full: Collection[int] = (),
    ) -> None:
        self._tolerance, self._sample = tolerance, sample
        self._cells, self._in_full = CoarserCells(shape), frozenset(in_full)

    def at(
        self,
        index: int,
        draw: Callable[[int], FloatArray],
        known: Callable[[list[int]], Sequence[tuple[float, float, float]]],
    ) -> tuple[int, float, float]:
        """Number of examples, mean and standard error of a point: see :func:`sample_until_within`.

        Parameters
        ----------
        draw
            Returns the losses of the first n examples, shape (n,).
        known
            Returns mean, standard error and count of each of the points with these flat indices.
        """
        around = [one for one in self._cells.around(index) if one not in self._in_full]
        return sample_until_within(
            self._tolerance,
            self._sample,
            draw,
            needed_around(self._tolerance, known(around), self._sample.population),
            self._sample.first_at(self._cells.level(index)),
        )
