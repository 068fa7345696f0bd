"""The one scale that all surfaces of a picture share, its range and its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray

SCALES = ("log", "linear", "symlog")
_INNER = 1e-4
"""The linear part of a signed logarithm, relative to the largest absolute value."""

# Within a decade, from few ticks to many; decades are always included.
_MANTISSAS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0))


@dataclass(frozen=True)
class Scale:
    """A range of values and its mapping to heights (and colours).

    ``kind``: ``log`` (height = log10 of the value), ``linear`` (height = value) or ``symlog``
    (height = ±log10(1 + abs(value)/c), linear for values well below c; Webber, Meas. Sci. Technol.
    24 (2013) 027001). ``low``, ``high``: the range drawn, in the unit of the picture; low < high,
    and 0 < low on a log scale. c is 10⁻⁴ of the larger end, rounded up to a power of 10.

    >>> scale = Scale("symlog", -99.0, 9999.0)
    >>> scale.heights([-99, 0, 9999]).tolist()
    [-2.0, 0.0, 4.0]
    """

    kind: str
    low: float
    high: float

    def heights(self, values: npt.ArrayLike) -> FloatArray:
        """Values to heights, any shape; NaN stays NaN, values outside are clipped."""
        clipped = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        return self.mapped(clipped)

    def mapped(self, values: FloatArray) -> FloatArray:
        """Values to heights, not clipped; on a log scale 0 counts as ``low``."""
        if self.kind == "log":
            return np.log10(np.where(values == 0, self.low, values))
        if self.kind == "symlog":
            return np.sign(values) * np.log10(1 + np.abs(values) / self.inner)
        return values

    def value(self, height: float) -> float:
        """The value at a height."""
        return float(self.values(np.asarray(height, dtype=np.float64)))

    def values(self, heights: FloatArray) -> FloatArray:
        """Heights to values, any shape: the inverse of :meth:`mapped`."""
        if self.kind == "symlog":
            return np.sign(heights) * self.inner * (10.0 ** np.abs(heights) - 1)
        return 10.0**heights if self.kind == "log" else heights

    @property
    def inner(self) -> float:
        """c of a signed logarithm, in the unit of the picture."""
        return 10.0 ** math.ceil(math.log10(_INNER * max(abs(self.low), abs(self.high))))

    @property
    def bottom(self) -> float:
        """The height of ``low``."""
        return float(self.heights(self.low))

    @property
    def top(self) -> float:
        """The height of ``high``."""
        return float(self.heights(self.high))

    def ticks(self, count: int = 8) -> FloatArray:
        """About ``count`` round values within the range, increasing (for lines and tick labels)."""
        if self.kind == "linear":
            return _even_steps(self.low, self.high, count)
        if self.kind == "symlog":
            return self._signed_ticks(count)
        choices = [_log_steps(self.low, self.high, m, 1) for m in _MANTISSAS]
        choices += [_log_steps(self.low, self.high, (1.0,), stride) for stride in (2, 3, 5, 10, 20)]
        best = min(choices, key=lambda ticks: (abs(len(ticks) - count), len(ticks)))
        if len(best) >= max(2, count // 2):
            return best
        return _even_steps(self.low, self.high, count)

    def _signed_ticks(self, count: int) -> FloatArray:
        """0 and powers of 10 on both sides, without those next to 0."""
        most = max(abs(self.low), abs(self.high))
        decades = _log_steps(10 * self.inner, most, (1.0,), 1)
        each = decades[:: -max(1, math.ceil(2 * len(decades) / count))][::-1]
        ticks = np.concatenate([-each[::-1], [0.0], each])
        inside = ticks[(ticks >= self.low) & (ticks <= self.high)]
        return inside if len(inside) >= 3 else _even_steps(self.low, self.high, count)


def inner_ticks(axis: FloatArray) -> FloatArray:
    """Round coordinates well within an axis: at its ends, labels of two axes would overlap."""
    low, high = float(axis[0]), float(axis[-1])
    ticks, room = _even_steps(low, high, 4), 0.08 * (high - low)
    return ticks[(ticks > low + room) & (ticks < high - room)]


def _log_steps(low: float, high: float, mantissas: tuple[float, ...], stride: int) -> FloatArray:
    first = math.floor(math.log10(low) / stride) * stride
    last = math.ceil(math.log10(high))
    values = [float(f"{m:g}e{e}") for e in range(first, last + 1, stride) for m in mantissas]
    ticks = np.array(values)
    return ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]


def _even_steps(low: float, high: float, count: int) -> FloatArray:
    rough = (high - low) / max(count, 1)
    decade = 10.0 ** math.floor(math.log10(rough))
    step = min((m * decade for m in (1.0, 2.0, 2.5, 5.0, 10.0)), key=lambda s: abs(s - rough))
    multiples = np.arange(math.floor(low / step), math.ceil(high / step) + 1)
    ticks = np.array([float(f"{m * step:.12g}") for m in multiples])
    # The ends are ticks too, even if rounding puts them slightly outside.
    slack = 1e-9 * (high - low)
    return ticks[(ticks >= low - slack) & (ticks <= high + slack)]
