"""Sample a surface into a file: create or resume it, compute missing points, save regularly."""

from landscape.run.request import Request
from landscape.run.sampling import sample_surface

__all__ = ["Request", "sample_surface"]
