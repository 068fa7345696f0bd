"""Mean and standard error of per-example values."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def mean_and_stderr(values: npt.ArrayLike, population: float) -> tuple[float, float]:
    """Mean of a simple random sample and its standard error, in float64.

    The error is that of the sample mean as an estimate of the population mean, for a sample drawn
    without replacement: s/√n · √(1 − n/N) with s² = Σ(v−v̄)²/(n−1) (Cochran, *Sampling
    Techniques*, 3rd ed., theorem 2.2). It is 0 for the whole population, and NaN for a single
    example of several.

    Where every value is 0 or 1, as for an accuracy, a sample without a single failure tells little
    about their rate: s² is then p̃(1 − p̃) with p̃ = (k + 2)/(n + 4), k the number of ones (Agresti
    and Coull, *Approximate is better than "exact" for interval estimation of binomial
    proportions*, The American Statistician 52, 1998). The mean stays k/n.

    ``values``: shape (n,). ``population``: N, at least n; infinite for values that are not drawn
    from a finite set.
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
        if ((v == 0) | (v == 1)).all():
            variance = _of_zeros_and_ones(float(v.sum()), n)
        else:
            variance = float(v.var(ddof=1))
        return mean, math.sqrt(variance / n * (1.0 - n / population))


def _of_zeros_and_ones(ones: float, n: int) -> float:
    """Variance p̃(1 − p̃) of Agresti and Coull for n values of which ``ones`` are 1."""
    p = (ones + 2.0) / (n + 4.0)
    return p * (1.0 - p)


class Moments:
    """Streaming mean and variance of rows of numbers that arrive in parts.

    Parts are merged by the pairwise update of Chan, Golub and LeVeque (*Updating formulae and a
    pairwise algorithm for computing sample variances*, 1979), which avoids cancellation. Nothing
    is copied from the device before the end.
    """

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | None = None
        self._squares: Tensor | None = None
        self._only_zeros_and_ones: Tensor | bool = True

    def add(self, values: Tensor) -> None:
        """Add a part, shape (rows, n)."""
        wide = values.to(torch.float32 if values.device.type == "mps" else torch.float64)
        n, part = values.shape[1], wide.sum(dim=1)
        squares = ((wide - part[:, None] / n) ** 2).sum(dim=1)
        self._only_zeros_and_ones = ((wide == 0) | (wide == 1)).all(
            dim=1
        ) & self._only_zeros_and_ones
        if self._sum is None or self._squares is None:
            self.count, self._sum, self._squares = n, part, squares
            return
        step = part / n - self._sum / self.count
        weight = self.count * n / (self.count + n)
        self._squares = self._squares + squares + step**2 * weight
        self._sum = self._sum + part  # keeps infinity, which updating a mean would turn into NaN
        self.count += n

    def means_and_stderrs(self, population: float) -> list[tuple[float, float]]:
        """Per row, the result of :func:`mean_and_stderr` for all its numbers."""
        if self._sum is None or self._squares is None:
            raise ValueError("no values have been added")
        assert isinstance(self._only_zeros_and_ones, Tensor)
        n, found = self.count, []
        columns = (self._sum, self._squares, self._only_zeros_and_ones)
        for total, squares, binary in zip(*(c.tolist() for c in columns), strict=True):
            mean = total / n
            if n >= population and math.isfinite(mean):
                stderr = 0.0
            elif n < 2 or not math.isfinite(mean):
                stderr = math.nan
            else:
                variance = _of_zeros_and_ones(total, n) if binary else squares / (n - 1)
                stderr = math.sqrt(variance / n * (1.0 - n / population))
            found.append((mean, stderr))
        return found
