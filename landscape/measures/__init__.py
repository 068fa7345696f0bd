"""Summaries of a surface, each a single number with its uncertainty.

All take a :class:`~landscape.surface.Surface` and, for anything but its main loss, the name of a
quantity. They depend on numpy only.
"""

from __future__ import annotations

from landscape.measures.basins import Basin, basins, number_of_basins, second_depth
from landscape.measures.comparison import Comparison
from landscape.measures.convexity import convexity_share
from landscape.measures.estimate import Estimate
from landscape.measures.flatness import (
    Level,
    flat_distance,
    flat_radius,
    reaching,
    risen_by,
    risen_to,
)
from landscape.measures.roughness import roughness
from landscape.measures.share import chance_level, share_below, share_below_chance
from landscape.measures.sharpness import sharpness
from landscape.measures.side_by_side import compare_surfaces

__all__ = [
    "Basin",
    "Comparison",
    "Estimate",
    "Level",
    "basins",
    "chance_level",
    "compare_surfaces",
    "convexity_share",
    "flat_distance",
    "flat_radius",
    "number_of_basins",
    "reaching",
    "risen_by",
    "risen_to",
    "roughness",
    "second_depth",
    "share_below",
    "share_below_chance",
    "sharpness",
]
