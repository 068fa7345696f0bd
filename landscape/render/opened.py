"""Open a surface file for drawing."""

from __future__ import annotations

from pathlib import Path

from landscape.render.words.captions import network
from landscape.store import open_surface
from landscape.surface import Surface


def opened(path: str | Path) -> Surface:
    """The surface in a file, named after the file if it does not record its network.

    Raises an InputError if it cannot be read: see :func:`landscape.store.open_surface`.
    """
    surface = open_surface(path)
    if not network(surface):
        # Otherwise panels would be indistinguishable.
        surface.attributes.setdefault("title", Path(path).stem)
    return surface
