"""Names in files of networks whose modules have been renamed since."""

from __future__ import annotations

import re
from dataclasses import replace

from landscape.checkpoint import Checkpoint

_DENSE = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")
"""torchvision's published DenseNets: ``norm.1`` of a dense layer is now called ``norm1``."""


def with_present_names(checkpoint: Checkpoint) -> Checkpoint:
    """The same checkpoint, its entries called as the networks of today call them."""
    state = {}
    for name, tensor in checkpoint.state.items():
        match = _DENSE.fullmatch(name)
        state["".join(match.groups()) if match else name] = tensor
    return replace(checkpoint, state=state)
