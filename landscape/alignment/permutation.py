"""Permutations of channels, and their application to a state dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Positions = npt.NDArray[np.int64]
Permutation = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Group:
    """Channels that may be permuted with each other.

    Attributes
    ----------
    size
        The number of channels, n.
    places
        By name of a parameter or buffer and dimension, the positions of the channels along it,
        shape (n, k): after flattening, a channel is a block of k positions.
    """

    size: int
    places: dict[tuple[str, int], Positions]


def permute(
    state: Mapping[str, Tensor], groups: Sequence[Group], permutations: Sequence[Permutation]
) -> dict[str, Tensor]:
    """A state dict with permuted channels: new channel i is the old channel ``permutation[i]``."""
    index: dict[tuple[str, int], Tensor] = {}
    for group, permutation in zip(groups, permutations, strict=True):
        for (name, dim), positions in group.places.items():
            if name in state:
                whole = torch.arange(state[name].shape[dim])
                chosen = index.setdefault((name, dim), whole)
                chosen[positions.reshape(-1)] = torch.from_numpy(positions[permutation].reshape(-1))
    permuted = dict(state)
    for (name, dim), chosen in index.items():
        permuted[name] = permuted[name].index_select(dim, chosen.to(permuted[name].device))
    return permuted
