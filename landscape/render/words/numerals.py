"""Numbers formatted for readers: 0.03, 12.5, 31,200, 3×10⁻⁵."""

from __future__ import annotations

import math

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value: float, digits: int = 3) -> str:
    """``value`` to ``digits`` significant digits, in text that needs no mathematical markup.

    >>> [short(v) for v in (0.0, 2.302585, 40.0, 31234.0, 0.00056928, -1.5)]
    ['0', '2.3', '40', '31,200', '5.69×10⁻⁴', '−1.5']
    """
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    rounded = float(f"{value:.{digits}g}")
    sign = "−" if rounded < 0 else ""
    size = abs(rounded)
    if size == 0:
        return "0"
    if 1e-3 <= size < 1e5:
        return sign + f"{size:,.{max(digits, 6)}g}"
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    mantissa = f"{float(mantissa):g}"
    return sign + (power if mantissa == "1" else f"{mantissa}×{power}")


def share(count: int, total: int) -> str:
    """``31 of 625 points``."""
    return f"{count:,} of {total:,} points"
