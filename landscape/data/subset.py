"""A fixed random subset of examples."""

from __future__ import annotations

import torch
from torch import Tensor

from landscape.errors import InputError, argument


def drawn(count: int, limit: int | None, seed: int) -> Tensor | None:
    """``limit`` of ``count`` numbers, drawn without replacement; None for all, in their order.

    The first 100 of a limit of 1,000 are those of a limit of 100 with the same seed.
    """
    if limit is None or limit >= count:
        return None
    if limit < 1:
        raise InputError(f"{argument('limit', limit)}: expected at least 1 example")
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:limit]
