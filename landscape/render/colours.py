"""Values as colours: the norm and the map that suit them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap, Normalize

from landscape.render.scale import Scale
from landscape.render.style import DIVERGING_CMAP, colour_map

_DARK_ENOUGH = 0.5


def colours_of(shared: Scale, cmap: str | None) -> tuple[Any, Any]:
    """The norm of heights and the colour map.

    Values of both signs get a diverging map with 0 in its middle, unless another one is asked for.
    """
    if cmap is None and shared.kind == "linear" and shared.low < 0 < shared.high:
        most = max(-shared.low, shared.high)
        return Normalize(-most, most), colour_map(DIVERGING_CMAP)
    return Normalize(shared.bottom, shared.top), colour_map(cmap)


def on_white(cmap: Any) -> Any:
    """The colour map with its light colours darkened until thin lines show on white paper."""
    colours = cmap(np.linspace(0, 1, 256))
    luminance = colours[:, :3] @ (0.2126, 0.7152, 0.0722)
    colours[:, :3] *= np.minimum(1, _DARK_ENOUGH / np.maximum(luminance, 1e-9))[:, None]
    return ListedColormap(colours)
