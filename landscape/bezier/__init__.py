"""Curves of low loss between two solutions."""

from landscape.bezier.barriers import STATISTICS, losses_along
from landscape.bezier.curve import State, curve_point, line_point
from landscape.bezier.file import Curve, read_curve
from landscape.bezier.training import train_bezier

__all__ = [
    "STATISTICS",
    "Curve",
    "State",
    "curve_point",
    "line_point",
    "losses_along",
    "read_curve",
    "train_bezier",
]
