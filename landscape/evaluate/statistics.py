"""From per-example values to a mean and how far it may be off."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


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
