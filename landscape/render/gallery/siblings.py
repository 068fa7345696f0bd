"""Which surfaces of a gallery show the same network with and without shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from landscape.surface import Surface


def siblings(surfaces: Sequence[Surface]) -> list[Surface | None]:
    """For each surface one of the same network that has no shortcuts, or has them.

    The same network is the same ``model``, as the files say it, on the same ``data``. Where there
    are several, pairs are made from the first surface on, each with the nearest that follows it
    and has no partner yet; what is left over takes the nearest of all.

    Returns
    -------
    One for each surface; None where there is none, or a file does not say its shortcuts.
    """
    places = range(len(surfaces))
    partner: dict[int, int] = {}
    for place in places:
        free = [k for k in places[place + 1 :] if k not in partner and _fit(surfaces, place, k)]
        if place not in partner and free:
            partner[place], partner[free[0]] = free[0], place
    for place in places:
        fitting = [(abs(k - place), k) for k in places if _fit(surfaces, place, k)]
        if fitting:
            partner.setdefault(place, min(fitting)[1])
    return [surfaces[partner[k]] if k in partner else None for k in places]


def _fit(surfaces: Sequence[Surface], one: int, other: int) -> bool:
    pair = surfaces[one], surfaces[other]
    if not all(_said(surface, key) for surface in pair for key in ("model", "shortcuts")):
        return False
    without = [_said(surface, "shortcuts") == "none" for surface in pair]
    same = all(_said(pair[0], key) == _said(pair[1], key) for key in ("model", "data"))
    return same and without[0] != without[1]


def _said(surface: Surface, key: str) -> str:
    return str(surface.attributes.get(key, "")).strip()
