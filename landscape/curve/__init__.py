"""Mode connectivity: curves of low loss between two solutions."""

from landscape.curve.barriers import STATISTICS, losses_along
from landscape.curve.bezier import State, curve_point, line_point
from landscape.curve.file import Curve, read_curve
from landscape.curve.training import train_curve

__all__ = [
    "STATISTICS",
    "Curve",
    "State",
    "curve_point",
    "line_point",
    "losses_along",
    "read_curve",
    "train_curve",
]
