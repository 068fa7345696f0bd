"""The height drawn for each point, and the notes that go with it.

The stored values are never altered. A point that is not computed, or whose value is not finite,
is a hole (NaN) in the heights; each value that is not drawn at its own height is counted in a note.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.errors import InputError, check_choice
from landscape.grid import FloatArray
from landscape.render.scale import SCALES, Scale
from landscape.render.words.captions import name_of
from landscape.render.words.numerals import share, short
from landscape.render.words.quantity_words import DisplayedQuantity, shown
from landscape.surface import Surface

_TAIL = 0.05
_WORTH_ON_LOG = 0.1
_WORTH_ON_LINEAR = 1.5


@dataclass(frozen=True, eq=False)
class Heights:
    """One quantity of one surface, ready to be drawn.

    Attributes
    ----------
    values
        In the unit of the picture, shape of the grid, NaN for a hole; not clipped.
    heights
        The same on the shared scale (log10 or unchanged), clipped to the range.
    chance
        The chance level if it lies among the values and within the range, else None.
    not_finite
        Boolean, shape of the grid: computed, but NaN or infinite.
    cuts
        Which values are clipped, one sentence each.
    notes
        What a reader has to know about this panel, one sentence each: clipped values and holes.
    left_out
        The number of points of each of these, by a few words: ``clipped at 7 nats``.
    """

    surface: Surface
    quantity: DisplayedQuantity
    values: FloatArray
    heights: FloatArray
    chance: float | None
    not_finite: npt.NDArray[np.bool_]
    cuts: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, int]

    @property
    def best(self) -> tuple[int, ...]:
        """The index of the smallest value, or of the largest where higher is better."""
        find = np.nanargmax if self.quantity.best_is_highest else np.nanargmin
        return tuple(int(i) for i in np.unravel_index(find(self.values), self.values.shape))

    def best_words(self, digits: int = 3) -> str:
        """``lowest 0.135 nats at x = 0, y = 0``."""
        index, surface = self.best, self.surface
        where = [f"x = {short(surface.x[index[-1]])}"]
        if surface.y is not None:
            where.append(f"y = {short(surface.y[index[0]])}")
        value = f"{short(float(self.values[index]), digits)} {self.quantity.unit}".strip()
        word = "highest" if self.quantity.best_is_highest else "lowest"
        return f"{word} {value} at {', '.join(where)}"


def prepare(
    chosen: Sequence[tuple[Surface, str]],
    *,
    scale: str | None = None,
    clip: str | float = "auto",
    norm_range: tuple[float, float] | None = None,
) -> tuple[list[Heights], Scale]:
    """Put quantities of one or more surfaces on one scale.

    Raises an InputError if units differ, there is nothing finite to draw, or a log scale meets
    negative values.

    Parameters
    ----------
    chosen
        Pairs of a surface and the name of one of its quantities, all of one unit.
    scale, clip, norm_range
        See :data:`landscape.render.figure.options.HELP`. On a log scale a value of exactly 0 is
        drawn at the smallest positive one, and counted; the clip ``auto`` is :func:`upper_clip`;
        a range replaces ``clip``.
    """
    shows = [shown(surface, name) for surface, name in chosen]
    if len({s.unit for s in shows}) > 1:
        listed = ", ".join(f"{s.name} in {s.unit or 'no unit'}" for s in shows)
        raise InputError(f"one scale cannot show different units: {listed}; draw them separately")
    finite = [
        finite_values(surface, show) for (surface, _), show in zip(chosen, shows, strict=True)
    ]
    kind = _kind(scale, shows[0], finite)
    for (surface, _), show, values in zip(chosen, shows, finite, strict=True):
        _check_drawable(surface, show, values, kind)
    low, high = _span(finite, kind, shows[0])
    if norm_range is not None:
        low, high = _checked_range(norm_range, kind)
    else:
        top = _clip_value(clip, finite, kind, shows[0], low)
        high = high if top is None else min(high, top)
        if kind == "linear" and (reach := shows[0].reach):
            low, high = min(low, reach[0]), (max(high, reach[1]) if clip == "auto" else high)
    drawn = Scale(kind, *_widened(low, high, kind))
    panels = [
        _panel(surface, show, values, drawn)
        for (surface, _), show, values in zip(chosen, shows, finite, strict=True)
    ]
    return panels, drawn


def upper_clip(finite: Sequence[FloatArray], kind: str) -> float | None:
    """The limit that ``clip="auto"`` chooses, or None where nothing needs to be clipped.

    The corners of a plane can lie orders of magnitude above everything else and would take most
    of the colours. At most 5 % of the points of a surface are clipped; the limit is the largest of
    the surfaces' 95 % quantiles, rounded up to one significant digit (so that one surface is never
    judged by another's walls). It is used only where it pays: on a log scale if the part
    above it is more than a tenth of the whole range, on a linear one if the largest value is more
    than 1.5 times the limit. A bowl, whose corners belong to it, is therefore left whole.

    ``finite``: per surface the values, NaN for holes, any shape. ``kind``: of the scale.
    """
    pooled = np.concatenate([v[np.isfinite(v)] for v in finite])
    limit = max(float(np.nanquantile(v, 1 - _TAIL)) for v in finite)
    if limit < np.finfo(np.float64).smallest_normal:  # the power of ten below may be 0
        return None
    decade = 10.0 ** math.floor(math.log10(limit))
    limit = float(f"{math.ceil(limit / decade - 1e-9) * decade:.12g}")
    most = float(pooled.max())
    if kind != "log":
        return limit if most > _WORTH_ON_LINEAR * limit else None
    least = float(pooled[pooled > 0].min())
    cut, whole = math.log10(most / limit), math.log10(most / least)
    return limit if cut > _WORTH_ON_LOG * whole else None


def _kind(scale: str | None, show: DisplayedQuantity, finite: Sequence[FloatArray]) -> str:
    if scale is None:
        positive = any((v > 0).any() for v in finite) and not any((v < 0).any() for v in finite)
        return "log" if show.over_decades and positive else "linear"
    check_choice("scale", scale, SCALES)
    return scale


def finite_values(surface: Surface, show: DisplayedQuantity) -> FloatArray:
    """Values in the unit of the picture; NaN where not computed or not finite."""
    values = surface[show.name]
    return np.where(surface.done & np.isfinite(values), values * show.factor, math.nan)


def _check_drawable(
    surface: Surface, show: DisplayedQuantity, values: FloatArray, kind: str
) -> None:
    where = f"{show.name} of {name_of(surface)}"
    if np.isnan(values).all():
        done = int(surface.done.sum())
        raise InputError(
            f"{where} has nothing to draw: {share(done, values.size)} computed, none of them "
            "finite; expected at least one finite value"
        )
    if kind != "log":
        return
    negative = int((values < 0).sum())
    if negative:
        raise InputError(
            f"{where} is negative at {share(negative, values.size)} (down to "
            f"{short(float(np.nanmin(values)))}), which a log scale cannot show: "
            "use scale linear, or symlog"
        )
    if not (values > 0).any():
        raise InputError(f"{where} is 0 everywhere, which a log scale cannot show: use linear")


def _span(finite: Sequence[FloatArray], kind: str, show: DisplayedQuantity) -> tuple[float, float]:
    pooled = np.concatenate([v[np.isfinite(v)] for v in finite])
    if kind == "log":
        pooled = pooled[pooled > 0]
    low, high = float(pooled.min()), float(pooled.max())
    if kind == "log" and show.span is not None:
        low = max(low, 10.0 ** math.floor(math.log10(show.span * high)))
    return low, high


def _widened(low: float, high: float, kind: str) -> tuple[float, float]:
    # A constant (or a clip just above the minimum) still needs a range to have a colour in.
    if kind == "log" and high < low * 1.0001:
        return low / 2, high * 2
    if kind != "log" and high - low <= 1e-9 * max(abs(low), abs(high), 1e-300):
        half = 0.5 * max(abs(low), 1e-6)
        return (max(low - half, 0.0) if low >= 0 else low - half), high + half
    return low, high


def _checked_range(norm_range: tuple[float, float], kind: str) -> tuple[float, float]:
    low, high = (float(v) for v in norm_range)
    positive = kind != "log" or low > 0
    if not (math.isfinite(low) and math.isfinite(high) and low < high and positive):
        raise InputError(
            f"range {norm_range}: expected two finite numbers, low below high, both positive on "
            "a log scale"
        )
    return low, high


def _clip_value(
    clip: str | float, finite: Sequence[FloatArray], kind: str, show: DisplayedQuantity, low: float
) -> float | None:
    if clip == "none":
        return None
    if clip == "auto":
        return None if show.is_fraction or kind == "symlog" else upper_clip(finite, kind)
    try:
        top = float(clip)
    except (TypeError, ValueError):
        top = math.nan
    if not math.isfinite(top):
        raise InputError(f"clip {clip!r}: expected auto, none or a number")
    if top <= low:
        raise InputError(
            f"clip {short(top)} is not above the smallest value, {short(low)}: nothing would be "
            "visible; expected a larger number, auto or none"
        )
    return top


def _panel(surface: Surface, show: DisplayedQuantity, values: FloatArray, drawn: Scale) -> Heights:
    not_finite = surface.done & ~np.isfinite(surface[show.name])
    total = values.size
    high, low = (f"{short(end)} {show.unit}".rstrip() for end in (drawn.high, drawn.low))
    # A small relative margin: a limit that is itself a value must not count as clipped.
    margin = 1e-12 if drawn.high > 0 else 0.0
    zeros = int((values == 0).sum()) if drawn.kind == "log" else 0
    cut = {
        f"clipped at {high}": int((values > drawn.high * (1 + margin)).sum()),
        f"equal to 0, drawn at {low}": zeros,
        f"below {low}, drawn at {low}": int((values < drawn.low).sum()) - zeros,
    }
    blank = {"not finite": int(not_finite.sum()), "not computed yet": int((~surface.done).sum())}
    cuts = tuple(f"{share(n, total)} {words}." for words, n in cut.items() if n)
    open_ = tuple(f"{share(n, total)} {words} (left blank)." for words, n in blank.items() if n)
    left_out = {words: n for words, n in {**cut, **blank}.items() if n}
    heights, chance = drawn.heights(values), _chance(show, values, drawn)
    notes = (*cuts, *open_)
    return Heights(surface, show, values, heights, chance, not_finite, cuts, notes, left_out)


def _chance(show: DisplayedQuantity, values: FloatArray, drawn: Scale) -> float | None:
    if show.chance is None:
        return None
    low = max(drawn.low, float(np.nanmin(values)))
    high = min(drawn.high, float(np.nanmax(values)))
    return show.chance if low < show.chance < high else None
