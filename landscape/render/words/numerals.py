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
    power = _power_of_ten(int(exponent))
    mantissa = f"{float(mantissa):g}"
    return sign + (power if mantissa == "1" else f"{mantissa}×{power}")


def with_error(value: float, error: float) -> str:
    """A value with its standard error: two digits of the error, and none of the value beyond them.

    The value alone where either is not finite.

    >>> with_error(0.54781, 0.0112), with_error(9.528, 3.6), with_error(31234.0, 678.0)
    ('0.548 ± 0.011', '9.5 ± 3.6', '31,230 ± 680')
    >>> with_error(4.88661e-4, 5.69e-4)
    '(4.9 ± 5.7)×10⁻⁴'
    """
    if not (math.isfinite(value) and math.isfinite(error)):
        return short(value, 4)
    off = float(f"{error:.2g}")
    size = max(abs(value), off)
    if off <= 1e-6 * size:
        return f"{short(value, 6 if off else 4)} ± {short(error, 2)}"
    last, first = _exponent(off) - 1, _exponent(size)
    power = 0 if -3 <= first < 5 else first
    digits = max(power - last, 0)
    held = (round(v, -last) / 10.0**power + 0.0 for v in (value, off))
    words = " ± ".join(f"{v:,.{digits}f}" for v in held).replace("-", "−")
    return f"({words})×{_power_of_ten(power)}" if power else words


def _exponent(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def _power_of_ten(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def share(count: int, total: int) -> str:
    """``31 of 625 points``."""
    return f"{count:,} of {total:,} points"
