"""The meaning of one unit along an axis, for readers who have not read the paper."""

from __future__ import annotations

from landscape.render.solutions import solutions
from landscape.render.words.directions import kind_of
from landscape.render.words.numerals import short
from landscape.surface import Surface

_LENGTH = {
    "filter": "one unit moves every filter by its own norm",
    "layer": "one unit moves every layer by the norm of its weights",
    "model": "one unit moves the network by the norm of its weights",
    "dfilter": "one unit moves every filter by a distance of 1",
    "dlayer": "one unit moves every layer by a distance of 1",
}


def axes_words(surface: Surface) -> str:
    """``The trained network is at x = 0, y = 0. Along each axis …``; as far as it is known."""
    names = list(surface.grid.axes)
    if any(kind_of(surface, name) == "eigenvalue" for name in names):
        return ""
    places = [(s.name, dict(zip(names, (s.x, s.y), strict=False))) for s in solutions(surface)]
    places = places or [("The trained network", dict.fromkeys(names, 0.0))]
    words = "; ".join(f"{name} is at {_place(place)}" for name, place in places) + "."
    norms = {str(surface.axes[name].get("normalization", "")).strip() for name in names}
    how = _LENGTH.get(next(iter(norms))) if len(norms) == 1 else None
    how = how or _step(surface, names)
    if not how:
        return words
    axis = "Along each axis," if len(names) > 1 else "Along the axis,"
    return f"{words} {axis} {how}."


def _place(place: dict[str, float]) -> str:
    return ", ".join(f"{name} = {short(value)}" for name, value in place.items())


def _step(surface: Surface, names: list[str]) -> str:
    """The meaning of a unit where directions are principal components, which have unit length."""
    components = all(kind_of(surface, name) == "pca" for name in names)
    return "one unit is a distance of 1 in weight space" if components else ""
