"""Data sources; each is loaded into :class:`Examples`, decoded once and kept compact in memory."""

from landscape.data.any_form import Split, pairs_from, splits_in, trees_from
from landscape.data.batch import Batch
from landscape.data.examples import Examples
from landscape.data.preprocess import Preprocess, parse_preprocess
from landscape.data.sources import load, load_data, load_splits
from landscape.data.stream import Stream, in_memory
from landscape.data.tensors import examples_from
from landscape.data.trees import Batches, Rows

__all__ = [
    "Batch",
    "Batches",
    "Examples",
    "Preprocess",
    "Rows",
    "Split",
    "Stream",
    "examples_from",
    "in_memory",
    "load",
    "load_data",
    "load_splits",
    "pairs_from",
    "parse_preprocess",
    "splits_in",
    "trees_from",
]
