"""Names in files of networks whose modules have been renamed since."""

from __future__ import annotations

import re
from dataclasses import replace

from landscape.checkpoint import Checkpoint

_DENSE = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")
"""torchvision's published DenseNets: ``norm.1`` of a dense layer is now called ``norm1``."""

_LAST_NORM = ("features.norm_final.", "features.norm5.")
"""What it is called in DenseNets for CIFAR by one of their authors, and here."""


def with_present_names(checkpoint: Checkpoint) -> Checkpoint:
    """The same checkpoint, its entries called as the networks of today call them."""
    state = {}
    for name, tensor in checkpoint.state.items():
        match = _DENSE.fullmatch(name)
        name = "".join(match.groups()) if match else name
        state[name.replace(*_LAST_NORM)] = tensor
    return replace(checkpoint, state=state)
