"""Resolve what to draw for all surfaces of a picture: style, quantity, levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.errors import InputError, unknown_choice
from landscape.grid import FloatArray
from landscape.render.scale import Scale
from landscape.render.styles import BOTH, STYLES
from landscape.render.words.captions import name_of
from landscape.surface import Surface

GALLERY = "gallery"
"""A page of many planes with their numbers: a style for pages, not for figures."""
RENDERERS = ("pyvista", "matplotlib")
"""Renderers of 3-D surfaces."""
_FEWEST, _MOST = 1, 200


def is_line(surface: Surface) -> bool:
    """Whether the points form a line (or a single point): at most one axis has several."""
    return sum(axis.size > 1 for axis in surface.grid.axes.values()) < 2


def one_kind(surfaces: Sequence[Surface], style: str | None) -> str:
    """The style for all surfaces: ``style`` itself, or contour for planes and curve for lines.

    Raises an InputError if there is no surface, lines are mixed with planes, or the style does not
    suit them. ``path`` draws trajectories alone, so it suits lines and planes alike.
    """
    if not surfaces:
        raise InputError("no surface to draw; expected at least one")
    if style is not None and style not in STYLES:
        raise unknown_choice("style", style, STYLES)
    if style is not None and STYLES[style].suits == BOTH:
        return style
    lines = [is_line(s) for s in surfaces]
    sizes = ", ".join(f"{name_of(s)}: {s.grid}" for s in surfaces)
    if any(lines) and not all(lines):
        raise InputError(f"lines and planes cannot share a picture ({sizes}); draw them separately")
    suits = "curve" if lines[0] else "contour"
    if style is None:
        return suits
    if not STYLES[style].draws(lines[0]):
        needs = "at least 2 × 2 points" if lines[0] else "a line"
        raise InputError(f"style {style} needs {needs} ({sizes}); use style {suits}")
    return style


def quantity_of_all(surfaces: Sequence[Surface], quantity: str | None) -> str:
    """The quantity to draw: ``quantity``, or the first loss of the first surface.

    Raises an InputError if a surface does not have it.
    """
    name = quantity or surfaces[0].main_quantity
    for number, surface in enumerate(surfaces, start=1):
        if name not in surface.quantities:
            where = f"surface {number} of {len(surfaces)} ({name_of(surface)})"
            raise InputError(
                f"{where} has no {name!r}, only {', '.join(surface.quantities)}; "
                "choose a quantity that all surfaces have"
            )
    return name


def chosen_levels(
    levels: int | Sequence[float] | None,
    scale: Scale,
    bar: tuple[float, float] | None = None,
) -> FloatArray:
    """The values of lines or ticks: the given ones, or about that many round ones.

    ``bar``: the heights at the ends of the colour bar, if they differ from those of the scale.
    Raises an InputError if the number is not between 1 and 200, or the values are not finite and
    increasing, or none of them is within the range of the picture.
    """
    if levels is None and scale.kind == "linear" and bar is not None:
        ticks = Scale("linear", *bar).ticks()
        return ticks[(ticks >= scale.low) & (ticks <= scale.high)]
    if levels is None:
        return scale.ticks()
    if isinstance(levels, int):
        if not _FEWEST <= levels <= _MOST:
            raise InputError(f"{levels} levels: expected between {_FEWEST} and {_MOST}")
        return scale.ticks(levels)
    values = np.array([float(v) for v in levels])
    if values.size == 0 or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        raise InputError(f"levels {list(levels)}: expected finite, strictly increasing numbers")
    inside = values[(values >= scale.low) & (values <= scale.high)]
    if inside.size == 0:
        low, high = f"{scale.low:.4g}", f"{scale.high:.4g}"
        raise InputError(f"levels {list(levels)}: none is within the drawn range {low} to {high}")
    return inside
