"""From per-example values to a mean and how far it may be off."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def mean_and_stderr(values: npt.ArrayLike, population: int) -> tuple[float, float]:
    """Mean of a simple random sample and its standard error, in float64.

    The error is that of the sample mean as an estimate of the mean over the whole population that
    the sample was drawn from without replacement: s/√n · √(1 − n/N) with s² = Σ(v−v̄)²/(n−1)
    (Cochran, *Sampling Techniques*, 3rd ed., theorem 2.2). All examples mean no error; one
    example of many leaves it unknown (NaN).

    Parameters
    ----------
    values
        Shape (n,).
    population
        N, at least n.
    """
    v = np.asarray(values, dtype=np.float64)
    n = v.size
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float(v.mean())
        if not math.isfinite(mean):
            return mean, math.nan
        if n >= population:
            return mean, 0.0
        if n < 2:
            return mean, math.nan
        return mean, float(v.std(ddof=1) / math.sqrt(n) * math.sqrt(1.0 - n / population))


class Moments:
    """Mean and spread of rows of numbers that come in parts, without keeping them.

    Parts are merged by the pairwise update of Chan, Golub and LeVeque (*Updating formulae and a
    pairwise algorithm for computing sample variances*, 1979), which loses no digits to
    cancellation. Nothing is fetched from the device before the end.
    """

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | None = None
        self._squares: Tensor | None = None

    def add(self, values: Tensor) -> None:
        """Another part, shape (rows, n)."""
        wide = values.to(torch.float32 if values.device.type == "mps" else torch.float64)
        n, part = values.shape[1], wide.sum(dim=1)
        squares = ((wide - part[:, None] / n) ** 2).sum(dim=1)
        if self._sum is None or self._squares is None:
            self.count, self._sum, self._squares = n, part, squares
            return
        step = part / n - self._sum / self.count
        weight = self.count * n / (self.count + n)
        self._squares = self._squares + squares + step**2 * weight
        self._sum = self._sum + part  # infinity stays infinity, which updating a mean would lose
        self.count += n

    def means_and_stderrs(self, population: int) -> list[tuple[float, float]]:
        """Per row what :func:`mean_and_stderr` gives for all its numbers together."""
        if self._sum is None or self._squares is None:
            raise ValueError("no values have been added")
        n, found = self.count, []
        for total, squares in zip(self._sum.tolist(), self._squares.tolist(), strict=True):
            mean = total / n
            if n >= population and math.isfinite(mean):
                stderr = 0.0
            elif n < 2 or not math.isfinite(mean):
                stderr = math.nan
            else:
                stderr = math.sqrt(squares / (n - 1) / n * (1.0 - n / population))
            found.append((mean, stderr))
        return found
