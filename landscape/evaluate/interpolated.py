"""Losses of single examples, interpolated from the corners of a cell, with their doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray

_FLOOR = 0.15  # least expected miss, of the root mean square of all
_LEAST_LOSS = 1e-6  # whose margin counts, relative to the mean
_SMOOTHEST = 0.02  # least ratio of misses to the spread of the corners


@dataclass(frozen=True, eq=False)
class Known:
    """What is known at a point of the first examples of a sample.

    Attributes
    ----------
    values
        Shape (metrics, m), the loss first: measured or predicted.
    doubt
        Shape (m,): expected size of the error of each loss; 0 where it was measured.
    needed
        Number of examples that the point needs of an infinite population; NaN if unknown.
    ratio
        Size of the misses, relative to the spread that they were expected from.
    """

    values: npt.NDArray[np.float32]
    doubt: npt.NDArray[np.float32]
    needed: float
    ratio: float = 1.0

    def packed(self) -> npt.NDArray[np.float32]:
        """All numbers in one array."""
        head = np.array([self.needed, self.ratio], np.float32)
        return np.concatenate([head, self.values.ravel(), self.doubt])

    @staticmethod
    def unpacked(numbers: npt.NDArray[np.float32], metrics: int) -> Known:
        """The inverse of :meth:`packed`."""
        rows = numbers[2:].reshape(metrics + 1, -1)
        return Known(rows[:-1], rows[-1], float(numbers[0]), float(numbers[1]))


@dataclass(frozen=True, eq=False)
class Cell:
    """What the corners of a cell say about a point inside it.

    Attributes
    ----------
    values
        Shape (metrics, m), the loss first: interpolated; NaN where no corner knows the example.
    spread
        Shape (metrics, m): expected sizes of the misses, up to a factor; infinite there.
    needed
        Number of examples that the corners need of an infinite population, on average; NaN if
        unknown.
    ratio
        Expected size of the misses, relative to the spread.
    """

    values: FloatArray
    spread: FloatArray
    needed: float
    ratio: float


@np.errstate(over="ignore", invalid="ignore")
def interpolated(around: Sequence[Known], weights: FloatArray) -> Cell:
    """Predict the values of all examples that a corner of a cell knows.

    The expected size of a miss is the spread among the corners, together with their own doubt, and
    at least 15% of the root mean square of all. An example that some corners do not know is
    predicted from the others, with a larger spread.

    ``weights``: shape (corners,), of each corner; their sum is 1.
    """
    metrics, size = len(around[0].values), max(one.doubt.size for one in around)
    held, doubt = np.full((len(around), metrics, size), np.nan), np.zeros((len(around), size))
    for k, one in enumerate(around):
        held[k, :, : one.doubt.size], doubt[k, : one.doubt.size] = one.values, one.doubt
    here = np.isfinite(held).all(axis=1)
    share = weights[:, None] * here
    total = share.sum(axis=0)
    some, all_of_them = total > 0, here.all(axis=0)
    share /= np.where(some, total, 1.0)
    held[~np.broadcast_to(here[:, None], held.shape)] = 0.0
    values = (share[:, None] * held).sum(axis=0)
    squares = (share[:, None] * (held - values) ** 2).sum(axis=0)
    values[0] = _by_margins(held[:, 0], share, values[0])
    if all_of_them.any():
        among = values[:, all_of_them].var(axis=1, keepdims=True)
        squares[:, ~all_of_them] += (among * (1.0 - total))[:, ~all_of_them]
    squares[0] += (share * doubt**2).sum(axis=0)
    if some.any():
        squares += _FLOOR**2 * squares[:, some].mean(axis=1, keepdims=True)
    values[:, ~some], squares[:, ~some] = np.nan, np.inf
    needs = [one.needed for one in around if math.isfinite(one.needed)]
    ratio = math.exp(sum(math.log(max(one.ratio, _SMOOTHEST)) for one in around) / len(around))
    return Cell(values, np.sqrt(squares), sum(needs) / len(needs) if needs else math.nan, ratio)


def _by_margins(losses: FloatArray, share: FloatArray, linear: FloatArray) -> FloatArray:
    """Losses interpolated as log(1 + exp(−margin)), by their margins, if none is negative.

    As a function of the weights the margin between two classes bends less than the cross entropy,
    which is nearly 0 on one side and nearly linear on the other.

    ``losses``, ``share``: shape (corners, m). ``linear``: shape (m,), the mean of the losses.
    """
    least = _LEAST_LOSS * float(linear.mean())
    if not (math.isfinite(least) and least > 0 and (losses >= 0).all()):
        return linear
    losses = np.maximum(losses, least)
    margins = -losses - np.log(-np.expm1(-losses))
    return np.asarray(np.logaddexp(0.0, -(share * margins).sum(axis=0)))
