"""Earlier names of modules in checkpoint files."""

from __future__ import annotations

import re
from dataclasses import replace

from landscape.checkpoint import Checkpoint

_DENSE = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")
"""torchvision's published DenseNets call ``norm1`` of a dense layer ``norm.1``."""

_LAST_NORM = ("features.norm_final.", "features.norm5.")
"""Names in a DenseNet author's CIFAR networks, and here."""


def with_present_names(checkpoint: Checkpoint) -> Checkpoint:
    """The same checkpoint with current names of its entries."""
    state = {}
    for name, tensor in checkpoint.state.items():
        match = _DENSE.fullmatch(name)
        name = "".join(match.groups()) if match else name
        state[name.replace(*_LAST_NORM)] = tensor
    return replace(checkpoint, state=state)
