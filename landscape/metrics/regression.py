"""Metrics of numeric targets."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.errors import InputError


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean over outputs of (output − target)².

    With class labels, integers of shape (n,), for outputs (n, classes), that of softmax(output)
    and the one-hot label, as the loss called mse in the code of Li et al. is.

    Raises
    ------
    InputError
        If outputs and targets differ in shape (torch would broadcast them).
    """
    if isinstance(output, Tensor) and are_labels(output, target):
        classes = torch.arange(output.shape[1], device=target.device)
        target, output = (target[:, None] == classes).to(output.dtype), output.softmax(dim=1)
    if not isinstance(output, Tensor) or output.shape != target.shape:
        came = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise InputError(
            f"mse compares each output with its target, but the network returns {came} and the "
            f"targets are {tuple(target.shape)}; for class labels choose cross_entropy"
        )
    values = F.mse_loss(output, target.to(output.dtype), reduction="none")
    return values if values.ndim == 1 else values.flatten(1).mean(dim=1)


def are_labels(output: Tensor, target: Tensor) -> bool:
    """Whether numeric targets are class labels (n,) of outputs (n, classes)."""
    one_each = target.ndim == 1 and not (target.is_floating_point() or target.is_complex())
    return one_each and output.ndim == 2 and output.shape[1] > 1
