"""Bands around a curve: quantiles over random draws, or standard errors.

Besides ``train_loss``, the mean over several random draws, a surface may contain their quantiles
``train_loss_q05``, ``_q25``, ``_q75`` and ``_q95``; or, of one draw, ``train_loss_stderr``, the
standard error of the mean over examples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.grid import FloatArray
from landscape.quantity import quantile_of, stderr_of
from landscape.render.lines import NORMAL_95
from landscape.render.scale import Scale
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface

_QUANTILES = (("q05", "q95", "5 to 95 %"), ("q25", "q75", "25 to 75 %"))


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two curves of shape (n,), in the unit of the picture."""

    name: str
    low: FloatArray
    high: FloatArray


def bands_of(surface: Surface, quantity: str) -> list[Band]:
    """The bands around a quantity, the widest first; empty if the surface has none."""
    error = stderr_of(surface.quantities, quantity)
    quantiles = quantile_bands(surface, quantity)
    if quantiles or error is None:
        return quantiles
    factor = shown(surface, quantity).factor
    values, half = (_along(surface, name, factor) for name in (quantity, error))
    return [Band(error, values - NORMAL_95 * half, values + NORMAL_95 * half)]


def quantile_bands(surface: Surface, quantity: str) -> list[Band]:
    """The bands between quantiles over random draws, if the surface has them."""
    factor = shown(surface, quantity).factor
    return [
        Band(f"{low}…{high}", _along(surface, low, factor), _along(surface, high, factor))
        for low, high, _ in quantiles_of(surface, quantity)
    ]


def with_room(scale: Scale, bands: list[Band], clipped: bool) -> Scale:
    """The scale, extended to the bands; a limit that clips values is kept."""
    ends = np.concatenate(
        [[scale.low, scale.high], *(b.low for b in bands), *(b.high for b in bands)]
    )
    ends = ends[np.isfinite(ends) & ((ends > 0) | (scale.kind != "log"))]
    return replace(scale, low=ends.min(), high=scale.high if clipped else ends.max())


def _along(surface: Surface, name: str, factor: float) -> FloatArray:
    values: FloatArray = np.where(surface.done, surface[name] * factor, np.nan).ravel()
    return values


def draw_bands(
    axes: Any, at: FloatArray, bands: list[Band], colour: str, scale: Scale | None
) -> None:
    """Shade the bands on top of each other, clipped to the range of ``scale``."""
    for band in bands:
        low, high = band.low, band.high
        if scale is not None:
            low, high = np.clip(low, scale.low, scale.high), np.clip(high, scale.low, scale.high)
        axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0, gid=band.name)


def band_words(surface: Surface, quantity: str) -> str:
    """Describe the bands: ``Bands: 5 to 95 % and 25 to 75 % of the random draws…``, or empty."""
    quantiles = quantiles_of(surface, quantity)
    if quantiles:
        shares = " and ".join(words for _, _, words in quantiles)
        noun = "Bands" if len(quantiles) > 1 else "Band"
        return f"{noun}: {shares} of the random draws; line: mean."
    return "Band: ±1.96 standard errors." if stderr_of(surface.quantities, quantity) else ""


def quantiles_of(surface: Surface, quantity: str) -> list[tuple[str, str, str]]:
    """Lower end, upper end and label of each quantile band in the surface."""
    found = []
    for *ends, words in _QUANTILES:
        low, high = (quantile_of(surface.quantities, quantity, end) for end in ends)
        if low is not None and high is not None:
            found.append((low, high, words))
    return found
