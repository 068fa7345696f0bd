"""Option A of He et al. (2016): shortcuts without parameters, whose new channels are zero.

Nothing in the weights shows where the zero channels are. ``centred`` puts half of them before the
others and half behind, as the common code for CIFAR and its published checkpoints do; ``behind``
puts all of them behind. A network evaluated with the other placement gives a loss far above that of
guessing.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import unknown_choice

CENTRED, BEHIND = PLACES = ("centred", "behind")
SETTING = "zero_channels"
"""The name of the setting, in records and on the command line."""


class IdentityShortcut(nn.Module):
    """Parameter-free shortcut: subsampling, and zero channels.

    >>> import torch
    >>> shortcut = IdentityShortcut(stride=2, extra_channels=2)
    >>> shortcut(torch.ones(1, 1, 4, 4))[0, :, 0, 0].tolist()
    [0.0, 1.0, 0.0]
    """

    def __init__(self, stride: int, extra_channels: int, zero_channels: str = CENTRED) -> None:
        super().__init__()
        if zero_channels not in PLACES:
            raise unknown_choice("place of the zero channels", zero_channels, PLACES)
        self.stride = stride
        before = extra_channels // 2 if zero_channels == CENTRED else 0
        self.zeros = (before, extra_channels - before)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, *self.zeros))


def with_place(records: Mapping[str, Any]) -> dict[str, Any]:
    """The records of a network in a file; those without the setting were made with ``behind``."""
    earlier = {SETTING: BEHIND} if records.get("shortcuts") == "identity" else {}
    return {**earlier, **records}


def suspect(records: Mapping[str, Any]) -> str:
    """Why the loss at trained weights may be far above that of guessing; empty if no reason."""
    place = records.get(SETTING)
    if place not in PLACES:
        return ""
    (other,) = {*PLACES} - {place}
    return (
        f"the zero channels of its identity shortcuts are {place}, which weights do not show; try "
        f"{SETTING}={other} among its settings"
    )
