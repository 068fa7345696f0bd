"""Which surfaces of a gallery show the same network with and without shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from landscape.render.words.captions import fact_of
from landscape.surface import Surface


def siblings(surfaces: Sequence[Surface]) -> list[Surface | None]:
    """For each surface, one of the same network with and without shortcuts swapped.

    The same network means the same ``model`` and the same ``data``, as recorded in the files. Of
    several, the nearest in the list is taken; of two that are equally near, the one that has taken
    this surface, or else one that has not been taken.

    Returns
    -------
    One for each surface; None where there is none, or a file does not record its shortcuts.
    """
    places = range(len(surfaces))
    taken: dict[int, int] = {}
    for place in places:
        fitting = [k for k in places if _fit(surfaces, place, k)]
        if fitting:
            others = set(taken.values())
            taken[place] = min(
                fitting,
                key=lambda k: (abs(k - place), taken.get(k) != place, k in others, k),
            )
    return [surfaces[taken[place]] if place in taken else None for place in places]


def _fit(surfaces: Sequence[Surface], one: int, other: int) -> bool:
    pair = surfaces[one], surfaces[other]
    if not all(fact_of(surface, key) for surface in pair for key in ("model", "shortcuts")):
        return False
    without = [fact_of(surface, "shortcuts") == "none" for surface in pair]
    same = all(fact_of(pair[0], key) == fact_of(pair[1], key) for key in ("model", "data"))
    return same and without[0] != without[1]
