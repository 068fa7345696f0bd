"""The weighted mean Σ w v / Σ w and its standard error."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from landscape.grid import FloatArray
from landscape.problem import Column


def linearized(column: Column, shares: FloatArray | None = None) -> FloatArray:
    """Values whose plain mean is the weighted mean, and whose variance is that of the ratio.

    With R = Σ w v / Σ w they are R + w (v − R) / w̄: the standard error of their mean is the usual
    one of a ratio estimate, s²/n with s² = Σ w² (v − R)² / ((n − 1) w̄²) (Cochran, *Sampling
    Techniques*, 3rd ed., eq. 6.13). Without weights these are the values. ``shares``, shape (n,),
    are those of the examples in both sums, where a sample does not have them in equal shares.

    >>> column = Column(torch.tensor([1.0, 3.0]), torch.tensor([3.0, 1.0]))
    >>> linearized(column).tolist()
    [0.75, 2.25]
    """
    values = column.values.double().cpu().numpy()
    if column.weights is None:
        return np.asarray(values)
    weights = column.weights.double().cpu().numpy()
    counted = weights > 0
    if not counted.any():
        return np.full(values.shape, np.nan)
    values = np.where(counted, values, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        each = np.full(values.shape, 1.0 / values.size) if shares is None else shares
        total = (each * weights).sum()
        ratio = (each * weights * values).sum() / total
        return np.asarray(ratio + weights * (values - ratio) / total)


class RatioMoments:
    """Streaming weighted mean, with the sums that its standard error needs.

    The sums are of values relative to the mean of the first part, which avoids cancellation.
    """

    def __init__(self) -> None:
        self.count = 0
        self._shift: Tensor | None = None
        self._sums: Tensor | None = None

    def add(self, column: Column) -> None:
        """Add a part."""
        assert column.weights is not None
        wide = torch.float32 if column.values.device.type == "mps" else torch.float64
        w = column.weights.to(column.values.device, wide)
        v = torch.where(w > 0, column.values.to(wide), 0.0)
        if self._shift is None:
            self._shift = (w * v).sum() / w.sum()
            self._shift = torch.where(self._shift.isfinite(), self._shift, 0.0)
        v = torch.where(w > 0, v - self._shift, 0.0)
        a, b = w * v, w * w
        sums = torch.stack([w.sum(), a.sum(), (a * a).sum(), (a * w).sum(), b.sum()])
        self._sums = sums if self._sums is None else self._sums + sums
        self.count += len(v)

    def mean_and_stderr(self, population: float) -> tuple[float, float]:
        """The mean and standard error of all parts together."""
        if self._sums is None or self._shift is None:
            raise ValueError("no values have been added")
        total, first, second, mixed, squares = self._sums.tolist()
        n = self.count
        offset = first / total if total else math.nan
        mean = offset + float(self._shift)
        if not math.isfinite(mean):
            return mean, math.nan
        if n >= population:
            return mean, 0.0
        if n < 2:
            return mean, math.nan
        variance = max(0.0, second - 2 * offset * mixed + offset**2 * squares) / (n - 1)
        return mean, math.sqrt(variance / n * (1.0 - n / population)) * n / total
