"""When to save: often enough to lose little work, and seldom enough to take little of the time."""

from __future__ import annotations

import time
from pathlib import Path

from landscape.atomic import check_writable
from landscape.store import save_surface
from landscape.surface import Surface

SAVE_EVERY_S = 2.0
"""Seconds between two saves of a surface that is written quickly."""

MOST = 0.03
"""Largest share of the time that saving takes, the last save included."""

_SAVES_APART = 10
_BYTES_A_SECOND, _SECONDS_A_QUANTITY = 1e8, 1e-4
_SHORT_S = 0.05


class Saver:
    """Saves a surface to a file now and then.

    An abrupt end loses the work since the last save: two seconds, or, where a save takes longer
    than a thirtieth of that, about thirty times as long as a save. ``most``: the largest share of
    the time.
    """

    def __init__(self, surface: Surface, path: Path, most: float = MOST) -> None:
        self._surface, self.path, self._most = surface, path, most
        size = (len(surface.quantities) + 1) * surface.grid.size * 8
        # A guess, until a save has been timed.
        self._takes = size / _BYTES_A_SECOND + len(surface.quantities) * _SECONDS_A_QUANTITY
        self._began = self._last = time.monotonic()
        self._spent = 0.0

    def begin(self) -> None:
        """Save before the first point; of a large surface only check that this is possible."""
        if self._takes < _SHORT_S:
            self.save()
        else:
            check_writable(self.path)

    def save(self) -> None:
        """Save now."""
        began = time.monotonic()
        save_surface(self._surface, self.path)
        self._last = time.monotonic()
        self._takes = self._last - began
        self._spent += self._takes

    def save_sometimes(self) -> bool:
        """Save if it is time to; returns whether it was."""
        now = time.monotonic()
        due = now - self._last > max(SAVE_EVERY_S, _SAVES_APART * self._takes)
        if due and self._spent + 2 * self._takes <= self._most * (now - self._began):
            self.save()
            return True
        return False
