"""Colours and levels of a scale that panels of very different ranges share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import FuncNorm, Normalize

from landscape.grid import FloatArray
from landscape.render.heights import Heights
from landscape.render.scale import Scale

_SMALL = 0.35
"""A panel that spans less than this part of the scale would be almost of one colour."""
_OWN = 0.6
"""The part of the colours that is dealt out equally among the panels."""
_FEWEST = 4


def norm_by_use(shared: Scale, panels: Sequence[Heights]) -> Any:
    """The norm of heights: even, unless a panel spans only a small part of a log scale.

    Then a part of the colours is dealt out equally among the panels, each evenly over its own
    range, so that each shows its form. Colours still rise with the value.
    """
    plain = Normalize(shared.bottom, shared.top)
    spans = [_span(panel) for panel in panels]
    whole = shared.top - shared.bottom
    small = [high - low < _SMALL * whole for low, high in spans]
    if shared.kind != "log" or len(spans) < 2 or not any(small):
        return plain
    known = [(low, high) for low, high in spans if high - low > 1e-6 * whole]
    ends = np.unique([shared.bottom, shared.top, *(end for span in known for end in span)])
    part = (1 - _OWN) * (ends - shared.bottom) / whole
    for low, high in known:
        part += _OWN / len(known) * np.clip((ends - low) / (high - low), 0, 1)
    part = (part - part[0]) / (part[-1] - part[0])
    functions = (lambda h: np.interp(h, ends, part), lambda p: np.interp(p, part, ends))
    return FuncNorm(functions, shared.bottom, shared.top)


def levels_by_use(shared: Scale, panels: Sequence[Heights], levels: FloatArray) -> FloatArray:
    """The levels, with round values between them for a panel that only a few of them cross."""
    found = set(levels.tolist())
    for panel in panels:
        low, high = (shared.value(end) for end in _span(panel))
        crossing = (levels > low) & (levels < high)
        if crossing.sum() < _FEWEST and high > low * 1.01:
            found.update(Scale("log", low, high).ticks(_FEWEST + 1).tolist())
    return np.array(sorted(found))


def _span(panel: Heights) -> tuple[float, float]:
    return float(np.nanmin(panel.heights)), float(np.nanmax(panel.heights))
