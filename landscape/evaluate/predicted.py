"""Means of losses that neighbouring points predict, corrected by a few measured examples.

The losses of single examples change little from a point of a grid to the next. At a point inside a
cell of the coarser lattice the loss of each example of a sample is interpolated from the corners of
the cell, and only the mean of what this misses is measured: on few examples, drawn with probability
in proportion to the expected size of their miss, and weighted by its inverse. This is the
difference estimator of survey sampling (Särndal, Swensson and Wretman, *Model Assisted Survey
Sampling*, 1992, section 6.3) in the second phase of a two-phase sample (Cochran, *Sampling
Techniques*, 3rd ed., chapter 12). The first phase is a prefix of the stratified sample, most of
whose losses the corners know; its error is part of that of the estimate. NumPy only, without a
network, so that it can be tested on stored per-example losses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from landscape.evaluate.interpolated import Cell, Known
from landscape.evaluate.stopping import PRIOR_WEIGHT, Tolerance, with_finite_population
from landscape.evaluate.strata import LossStrata
from landscape.grid import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

_LEAST = 8  # examples drawn
_PRIOR = 16  # weight of the misses that the corners expect, in examples drawn
_WORTH = 0.8  # of a plain sample at the last level: prediction has to cost less
_ROUNDS = 6
_GROWTH = 1.3  # least growth of the number drawn from one round to the next
_FINER = 0.6  # misses at a finer level, relative to those before: of the first draw
_LARGEST_RATIO = 3.0
_CANDIDATES = 24  # sizes of the first phase that are compared
_ABOVE_ALL = 1.1  # variance allowed, relative to that of all examples of a limited set


def corrected_mean(
    shares: FloatArray,
    predicted: FloatArray,
    measured: FloatArray,
    chance: FloatArray,
    drawn: BoolArray,
) -> tuple[float, float]:
    """Estimate a mean from predictions of all values and measurements of some.

    Σ w p + Σ w (v − p)/π, the second sum over the examples drawn (Särndal, Swensson and Wretman,
    eq. 6.3.4), has no bias if each was drawn with its chance π > 0 independently of the others,
    whatever the predictions. Nor has the variance Σ (1 − π) (w (v − p)/π)² over those drawn.

    Parameters
    ----------
    shares
        Shape (m,): weight w of each example in the mean.
    predicted, measured
        Shape (m,): p and v; v only counts where it was drawn.
    chance
        Shape (m,): π.
    drawn
        Shape (m,): which were drawn.

    >>> half, first = np.array([0.5, 0.5]), np.array([True, False])
    >>> corrected_mean(half, np.zeros(2), np.array([2.0, 0.0]), half, first)
    (2.0, 2.0)
    """
    misses = (shares * (measured - predicted))[drawn] / chance[drawn]
    mean = (shares * predicted).sum() + misses.sum()
    return float(mean), float(((1.0 - chance[drawn]) * misses**2).sum())


def chances(sizes: FloatArray, allowed: float, least: float) -> FloatArray:
    """Chances in proportion to sizes, for a variance Σ (1/π − 1) a² of at most ``allowed``.

    Those that would be above 1 are 1, as is that of the largest size, and all if nothing is
    allowed. At least ``least`` examples are expected, if there are so many.

    ``sizes``: shape (m,), a; infinite ones have a chance of 1.
    """
    sure = ~np.isfinite(sizes)
    sure[int(np.argmax(sizes))] = True
    if allowed <= 0 or sizes.size <= least:
        return np.ones(sizes.size)
    while True:
        free = sizes[~sure]
        total, squares = float(free.sum()), float((free**2).sum())
        if total == 0:
            return np.ones(sizes.size)
        rate = max(total / (allowed + squares), (least - sure.sum()) / total)
        above = ~sure & (rate * np.where(sure, 0.0, sizes) > 1)
        if not above.any():
            return np.where(sure, 1.0, rate * np.where(sure, 0.0, sizes))
        sure |= above


@dataclass(frozen=True, eq=False)
class Estimate:
    """Mean and standard error of each metric, and what is known for finer points."""

    results: list[tuple[float, float]]
    known: Known


@dataclass(eq=False)
class _Drawn:
    """The first phase, m examples, some of them measured."""

    values: FloatArray  # shape (metrics, size): measured, otherwise predicted
    have: BoolArray
    chance: FloatArray
    m: int = 0


@dataclass(frozen=True)
class _Judged:
    """What the examples measured so far say; ``inflated``: variance relative to that of ``values``.

    ``scale``: of the expected misses, by what was found. ``variance``: of the mean of the loss.
    """

    needed: float
    bound: float
    ratio: float
    inflated: float
    scale: float
    variance: float


class Predicting:
    """Estimates a point from the corners of the cell around it, where this costs less.

    Parameters
    ----------
    tolerance
        Of the loss.
    sample
        The order of the examples.
    longest
        Largest number of examples that are predicted, and kept of a point.
    """

    def __init__(self, tolerance: Tolerance, sample: LossStrata, longest: int) -> None:
        self._tolerance, self._sample = tolerance, sample
        self._longest = min(longest, sample.order.size)

    @np.errstate(over="ignore", invalid="ignore")
    def at(
        self,
        cell: Cell,
        seed: Sequence[int],
        measure: Callable[[IntArray], FloatArray],
        reached: float = 1.0,
    ) -> Estimate | None:
        """Estimate a point, or return None where a plain sample is expected to be better.

        The variance of the loss is that of the first phase, from the predicted and measured losses,
        plus that of the misses: the larger of that of those measured, and of an average with what
        the corners expect, since large misses are rare. More examples are drawn until both together
        are within the tolerance. The first number drawn follows from the corners alone; stopping by
        what was found leaves a bias that is small beside the error, as in any sequential sample.

        Parameters
        ----------
        seed
            Of the choice of the examples.
        measure
            Returns the values of examples, shape (metrics, n), by their places in the sample; each
            is asked for once.
        reached
            The part of all points that is done after this level. What is measured at coarse points
            serves the many finer ones: prediction is taken there only if it costs much less, by
            the cube root of this part.
        """
        known = cell.values.shape[1]
        size = min(self._longest, 2 * known)
        if known < self._sample.first:
            return None
        numbers = np.random.default_rng(seed).random(size)
        cell = _longer(cell, size)
        state = _Drawn(cell.values.copy(), np.zeros(size, bool), np.zeros(size))
        losses = cell.values[0, :known]
        mean, _ = self._sample.mean_and_stderr(losses)
        needed, bound = self._needed(losses, mean, cell.needed, 1.0)
        judged = _Judged(needed, bound, cell.ratio, 1.0, _FINER * cell.ratio, math.inf)
        for _ in range(_ROUNDS):
            if not (math.isfinite(judged.needed) and judged.bound > 0):
                return None
            m = self._size(cell, judged, state, known, _WORTH * reached ** (1 / 3))
            if m is None:
                return None
            self._draw(cell, judged, state, m, numbers, measure)
            if not np.isfinite(state.values[:, :m]).all():
                return None
            results, judged = self._judge(cell, state)
            if judged.variance <= self._allowed(judged):
                values = state.values[:, :m].astype(np.float32)
                doubt = np.where(state.have, 0.0, judged.ratio * cell.spread[0])[:m]
                doubt = doubt.astype(np.float32)
                return Estimate(results, Known(values, doubt, judged.needed, judged.ratio))
        return None

    @np.errstate(over="ignore", invalid="ignore")
    def of_sample(self, values: FloatArray, mean: float, stderr: float, cell: Cell | None) -> Known:
        """What is known at a point of which the first examples were measured.

        ``cell``: what its corners said, or None if it has none.
        """
        n, population = values.shape[1], self._sample.population
        needed = float(population)
        if n < population:
            needed = self._tolerance.needed(mean, stderr, n, population)
        kept = values[:, : self._longest].astype(np.float32)
        doubt = np.zeros(kept.shape[1], np.float32)
        ratio = 1.0
        if cell is not None:
            k = min(n, cell.values.shape[1])
            spread, misses = cell.spread[0, :k], values[0, :k] - cell.values[0, :k]
            usable = np.isfinite(misses) & (spread > 0) & np.isfinite(spread)
            shares = self._sample.shares(n)[:k]
            expected = float((shares * spread)[usable].sum())
            if expected > 0:
                found = float((shares * misses**2 / np.where(usable, spread, 1.0))[usable].sum())
                ratio = min(math.sqrt(found / expected), _LARGEST_RATIO)
        return Known(kept, doubt, needed, ratio)

    @np.errstate(over="ignore")
    def of_all(self, values: FloatArray) -> Known:
        """What is known at a point where all examples were measured."""
        kept = values[:, : self._longest].astype(np.float32)
        return Known(kept, np.zeros(kept.shape[1], np.float32), math.nan)

    def _needed(
        self, losses: FloatArray, mean: float, prior: float, inflated: float
    ) -> tuple[float, float]:
        """Examples needed of an infinite population, and the largest standard error allowed."""
        population = self._sample.population
        m = min(losses.size, population * 3 // 4)  # all of a population have no error
        _, stderr = self._sample.mean_and_stderr(losses[:m])
        bound = self._tolerance.bound(mean)
        own = self._tolerance.needed(mean, stderr, m, population) * inflated
        prior = prior if math.isfinite(prior) else 0.0
        return max(own, (m * own + PRIOR_WEIGHT * prior) / (m + PRIOR_WEIGHT)), bound

    def _of_first_phase(self, judged: _Judged, m: npt.ArrayLike) -> FloatArray:
        """Its variance, with m examples."""
        finite = 1.0 / np.asarray(m) - 1.0 / self._sample.population
        return np.asarray(judged.bound**2 * judged.needed * finite)

    def _allowed(self, judged: _Judged) -> float:
        """The largest variance: that of the tolerance, or little more than all examples have."""
        of_all = float(self._of_first_phase(judged, self._sample.order.size))
        return max(judged.bound**2, _ABOVE_ALL * of_all)

    def _size(
        self, cell: Cell, judged: _Judged, state: _Drawn, known: int, worth: float
    ) -> int | None:
        """The size of the first phase for which the fewest examples are measured."""
        plain = with_finite_population(judged.needed, self._sample.population)
        plain = min(max(self._sample.first, plain), self._sample.order.size)
        sizes = np.geomspace(max(state.m, self._sample.first), cell.values.shape[1], _CANDIDATES)
        sizes = np.unique([*sizes.round().astype(int), max(known, state.m)])
        allowed = self._allowed(judged) - self._of_first_phase(judged, sizes)
        sizes, allowed = sizes[allowed > 0], allowed[allowed > 0]
        if not sizes.size:
            return None
        expected = np.where(np.isfinite(cell.spread[0]), judged.scale * cell.spread[0], 0.0)
        inside = np.minimum(sizes, known)
        first = np.cumsum(expected)[inside - 1] / sizes
        second = np.cumsum(expected**2)[inside - 1] / sizes**2
        drawn = np.maximum(first**2 / (allowed + second), _LEAST)
        costs = np.minimum(drawn, inside) + (sizes - inside)
        best = int(np.argmin(costs))
        return int(sizes[best]) if costs[best] <= worth * plain else None

    def _draw(
        self,
        cell: Cell,
        judged: _Judged,
        state: _Drawn,
        m: int,
        numbers: FloatArray,
        measure: Callable[[IntArray], FloatArray],
    ) -> None:
        """Measure more examples; each is drawn with the larger of its old chance and its new."""
        allowed = self._allowed(judged) - float(self._of_first_phase(judged, m))
        sizes = self._sample.shares(m) * judged.scale * cell.spread[0, :m]
        least = max(_LEAST, _GROWTH * float(state.chance.sum()))
        state.m = m
        state.chance[:m] = np.maximum(state.chance[:m], chances(sizes, allowed, least))
        new = np.flatnonzero((numbers < state.chance) & ~state.have)
        if new.size:
            state.values[:, new] = measure(new)
            state.have[new] = True

    def _judge(self, cell: Cell, state: _Drawn) -> tuple[list[tuple[float, float]], _Judged]:
        """Mean and standard error of each metric, and what follows for the next draw."""
        m = state.m
        shares, chance, have = self._sample.shares(m), state.chance[:m], state.have[:m]
        values, free = state.values[:, :m], have & (chance < 1)
        unknown = np.isnan(cell.values[:, :m])
        predicted = np.where(unknown, values, cell.values[:, :m])
        spread = np.where(unknown, 0.0, cell.spread[:, :m])
        relative = (values[0] - predicted[0])[free] / spread[0][free]
        weight = float(relative.size + _PRIOR)
        ratio = math.sqrt((float((relative**2).sum()) + _PRIOR * cell.ratio**2) / weight)
        odds = np.where(chance < 1, 1.0 / np.maximum(chance, 1e-300) - 1.0, 0.0) * shares**2
        results, judged = [], None
        for k, (own, guess) in enumerate(zip(values, predicted, strict=True)):
            mean, of_misses = corrected_mean(shares, guess, own, chance, have)
            expected = float((odds * spread[k] ** 2).sum()) * (ratio**2 if k == 0 else 1.0)
            before, now = (guess - mean) ** 2, (own - mean) ** 2
            second = float((shares * now).sum())
            true = float((shares * before).sum() + (shares * (now - before) / chance)[have].sum())
            inflated = max(1.0, true / second) if second > 0 else 1.0
            larger = max(of_misses, expected)
            if judged is None:
                needed, bound = self._needed(own, mean, cell.needed, inflated)
                scale = ratio * math.sqrt(larger / expected) if expected > 0 else ratio
                judged = _Judged(needed, bound, ratio, inflated, scale, math.inf)
                variance = float(self._of_first_phase(judged, m)) + larger
                judged = replace(judged, variance=variance)
            else:
                variance = self._sample.of_metric(own)[1] ** 2 * inflated + larger
            results.append((mean, math.sqrt(variance)))
        assert judged is not None
        return results, judged


def _longer(cell: Cell, size: int) -> Cell:
    """With further examples that no corner knows, or without some, to ``size``."""
    values, spread = cell.values[:, :size], cell.spread[:, :size]
    more = ((0, 0), (0, size - values.shape[1]))
    values = np.pad(values, more, constant_values=np.nan)
    return replace(cell, values=values, spread=np.pad(spread, more, constant_values=np.inf))
