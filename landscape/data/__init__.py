"""Data sources; each is loaded into :class:`Examples`, decoded once and kept compact in memory."""

from landscape.data.batch import Batch
from landscape.data.examples import Examples
from landscape.data.preprocess import Preprocess, parse_preprocess
from landscape.data.sources import load, load_splits
from landscape.data.stream import Stream, in_memory
from landscape.data.tensors import examples_from

__all__ = [
    "Batch",
    "Examples",
    "Preprocess",
    "Stream",
    "examples_from",
    "in_memory",
    "load",
    "load_splits",
    "parse_preprocess",
]
