"""Construct a plane from the ``directions`` option: one construction per file."""

from landscape.planes.choose import DIRECTION_KINDS, Kind, span
from landscape.planes.runs import Run, key_of, read_runs
from landscape.planes.solutions import between_plane
from landscape.planes.spanned import Spanned
from landscape.planes.statistics import moving_statistics
from landscape.planes.trajectories import pca_plane

__all__ = [
    "DIRECTION_KINDS",
    "Kind",
    "Run",
    "Spanned",
    "between_plane",
    "key_of",
    "moving_statistics",
    "pca_plane",
    "read_runs",
    "span",
]
