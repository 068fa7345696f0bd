"""Replace batch normalization by its scale and shift only."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScaleAndShift(nn.Module):
    """The affine part of batch normalization: a scale and a shift per channel.

    They are initialized to 1 and 0 as in ``BatchNorm2d``, so the layer is initially the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight[:, None, None] + self.bias[:, None, None]


def without_normalization(model: nn.Module) -> None:
    """Replace every batch normalization by a new :class:`ScaleAndShift`, in place.

    Names and number of parameters do not change.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, ScaleAndShift(child.num_features))
