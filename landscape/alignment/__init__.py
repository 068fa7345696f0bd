"""Permutations of the channels of a network that bring it near to another one."""

from landscape.alignment.align import Alignment, align
from landscape.alignment.graph import tied_channels
from landscape.alignment.matching import match_weights
from landscape.alignment.permutation import Group, permute

__all__ = ["Alignment", "Group", "align", "match_weights", "permute", "tied_channels"]
