"""The paths that training took through the plane, where a surface holds them."""

from __future__ import annotations

from landscape.grid import FloatArray
from landscape.surface import Surface


def trajectories_of(surface: Surface) -> dict[str, dict[str, FloatArray]]:
    """By name the arrays ``x``, ``y`` and perhaps ``loss``, each of shape (steps,)."""
    found: dict[str, dict[str, FloatArray]] = getattr(surface, "trajectories", {})
    return found
