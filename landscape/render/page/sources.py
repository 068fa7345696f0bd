"""The files of surfaces, as a command names them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from landscape.examples import example_of
from landscape.surface import Surface


def sources(surfaces: Sequence[Surface]) -> list[str]:
    """Their paths from the folder that holds them all, or ``example:NAME``.

    Folders above are not named, because a page is shared. Empty if a surface has no file.
    """
    paths = [os.path.abspath(surface.file) for surface in surfaces if surface.file]
    if len(paths) < len(surfaces):
        return []
    own = [path for path in paths if not example_of(path)]
    folder = os.path.commonpath([os.path.dirname(path) for path in own]) if own else ""
    return [
        example_of(path) or os.path.relpath(path, folder).replace(os.sep, "/") for path in paths
    ]
