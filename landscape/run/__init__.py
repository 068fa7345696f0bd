"""Sampling a surface into a file: open or resume, measure what is missing, save as it goes."""

from landscape.run.request import Request
from landscape.run.sampling import sample_surface

__all__ = ["Request", "sample_surface"]
