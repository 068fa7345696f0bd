"""Checkpoints as people have them, read without running code: one form per file.

What a file or folder contains is read by :mod:`~landscape.checkpoint.torch_file`,
:mod:`~landscape.checkpoint.safetensors_file` and :mod:`~landscape.checkpoint.distributed`,
:mod:`~landscape.checkpoint.files` tells which; :mod:`~landscape.checkpoint.entries` finds the state
dict in it, and :mod:`~landscape.checkpoint.fit` fits its names to a network.
"""

from landscape.checkpoint.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_state,
    read_tensors,
    recorded_steps,
    save_checkpoint,
)
from landscape.checkpoint.entries import KEYS, Partial
from landscape.checkpoint.fit import fitted, load_state, load_weights

__all__ = [
    "KEYS",
    "Checkpoint",
    "Partial",
    "fitted",
    "load_state",
    "load_weights",
    "read_checkpoint",
    "read_state",
    "read_tensors",
    "recorded_steps",
    "save_checkpoint",
]
