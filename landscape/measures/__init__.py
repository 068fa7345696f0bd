"""Summaries of a surface, each a single number with its uncertainty.

All take a :class:`~landscape.surface.Surface` and, for anything but its main loss, the name of a
quantity. They depend on numpy only, but for the persistence of higher dimensions (gudhi).
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
from landscape.measures.persistence import Pair, bottleneck_distance, diagram, persistence
from landscape.measures.profile import Hollow, landscape_profile
from landscape.measures.roughness import roughness
from landscape.measures.share import chance_level, share_below, share_below_chance
from landscape.measures.sharpness import sharpness
from landscape.measures.side_by_side import compare_surfaces
from landscape.measures.topology import Smad, Topology, smad, topology_of

__all__ = [
    "Basin",
    "Comparison",
    "Estimate",
    "Hollow",
    "Level",
    "Pair",
    "Smad",
    "Topology",
    "basins",
    "bottleneck_distance",
    "chance_level",
    "compare_surfaces",
    "convexity_share",
    "diagram",
    "flat_distance",
    "flat_radius",
    "landscape_profile",
    "number_of_basins",
    "persistence",
    "reaching",
    "risen_by",
    "risen_to",
    "roughness",
    "second_depth",
    "share_below",
    "share_below_chance",
    "sharpness",
    "smad",
    "topology_of",
]
