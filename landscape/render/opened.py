"""A surface file that is to be drawn."""

from __future__ import annotations

from pathlib import Path

from landscape.render.words.captions import network
from landscape.store import open_surface
from landscape.surface import Surface


def opened(path: str | Path) -> Surface:
    """The surface in a file; where it does not say which network it is of, called by the file.

    Raises
    ------
    InputError
        If it cannot be read: see :func:`landscape.store.open_surface`.
    """
    surface = open_surface(path)
    if not network(surface):
        surface.attributes.setdefault("title", Path(path).stem)  # or panels could not be told apart
    return surface
