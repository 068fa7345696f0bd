"""Initial weights of convolutions, and what the weights of a file reveal about its network."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn


def initialize(network: nn.Module) -> None:
    """Initialize all convolutions as He et al. (arXiv 1502.01852), by the fan out."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def shapes_in(state: Mapping[str, Tensor], dims: Mapping[str, int]) -> list[list[int]] | None:
    """The shapes of the weights of some modules, which have these numbers of dimensions.

    None if one is missing, has another number of dimensions, or is empty.
    """
    found = [(state.get(f"{name}.weight"), n) for name, n in dims.items()]
    shapes = [list(p.shape) for p, n in found if p is not None and p.ndim == n and p.numel()]
    return shapes if len(shapes) == len(dims) else None


def numbers_in(state: Mapping[str, Tensor], pattern: str) -> set[int]:
    """The numbers that the group of a pattern matches at the beginning of names."""
    return {int(m[1]) for key in state if (m := re.match(pattern, key))}


def blocks_in_stages(state: Mapping[str, Tensor], pattern: str) -> int:
    """The number of blocks of each of three stages, by a pattern with ``{}`` for the stage.

    0 if the stages differ, or numbers are missing.
    """
    blocks = [numbers_in(state, pattern.format(stage)) for stage in (1, 2, 3)]
    n = len(blocks[0])
    return n if all(found == set(range(n)) for found in blocks) else 0
