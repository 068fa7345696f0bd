"""Permutations of a network's channels that align it with another network."""

from landscape.alignment.align import Alignment, align
from landscape.alignment.graph import tied_channels
from landscape.alignment.matching import match_weights
from landscape.alignment.permutation import Group, permute

__all__ = ["Alignment", "Group", "align", "match_weights", "permute", "tied_channels"]
