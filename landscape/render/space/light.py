"""The light that falls on a surface where nothing else lights it, the same on every picture."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LightSource

from landscape.grid import FloatArray

DIRECTION: FloatArray = LightSource(azdeg=225, altdeg=50).direction
"""Towards the light: from the left of the viewer, high."""
_AMBIENT = 0.55


def shade(normals: FloatArray) -> FloatArray:
    """The part of its colour, from 0 to 1, that a place shows; ``normals``: shape (n, 3)."""
    found: FloatArray = _AMBIENT + (1 - _AMBIENT) * np.clip(normals @ DIRECTION, 0, 1)
    return found
