"""What one unit along an axis means, for a reader who has not read the paper."""

from __future__ import annotations

from landscape.surface import Surface

_LENGTH = {
    "filter": "one unit is, for every filter, a step as long as the filter itself",
    "layer": "one unit is, for every layer, a step as long as the layer's weights themselves",
    "dfilter": "one unit is a step of length 1 for every filter",
    "dlayer": "one unit is a step of length 1 for every layer",
}


def axes_words(surface: Surface) -> str:
    """``The trained network is at x = 0, y = 0. Along each axis …``; what is known of it."""
    names = list(surface.grid.axes)
    origin = ", ".join(f"{name} = 0" for name in names)
    words = f"The trained network is at {origin}."
    norms = {str(surface.axes[name].get("normalization", "")).strip() for name in names}
    how = _LENGTH.get(next(iter(norms))) if len(norms) == 1 else None
    if how is None:
        return words
    axis = "Along each axis" if len(names) > 1 else "Along the axis"
    return f"{words} {axis} {how}."
