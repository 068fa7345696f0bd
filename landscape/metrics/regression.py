"""Metrics of numeric targets."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from landscape.errors import InputError


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean over outputs of (output − target)².

    Raises
    ------
    InputError
        If outputs and targets differ in shape (torch would broadcast them).
    """
    if not isinstance(output, Tensor) or output.shape != target.shape:
        came = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise InputError(
            f"mse compares each output with its target, but the network returns {came} and the "
            f"targets are {tuple(target.shape)}; for class labels choose cross_entropy"
        )
    values = F.mse_loss(output, target.to(output.dtype), reduction="none")
    return values if values.ndim == 1 else values.flatten(1).mean(dim=1)
