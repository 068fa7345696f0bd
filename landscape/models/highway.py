"""Convolutional highway networks (Srivastava et al., 2015), with gates or without their shortcut.

A layer learns a transform H of its input x and a gate T (equation 3):

    y = H(x) · T(x) + x · (1 − T(x)),    T(x) = σ(W_T ∗ x + b_T)

With ``none`` the carry term is omitted, y = H(x) · T(x), with the same parameters. The three stages
are those of the CIFAR ResNets, so that networks of equal depth can be compared. Where the shape
changes, x is subsampled and padded with zero channels, as section 2.1 of the paper proposes. H is a
3×3 convolution with batch normalization (not in the paper), so that these networks train with the
same settings as the other kinds.

Srivastava et al., *Highway Networks*, arXiv 1505.00387.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.models.checks import check_settings, number_of_blocks
from landscape.models.family import Family
from landscape.models.resnet import IdentityShortcut
from landscape.models.weights import blocks_in_stages, shapes_in

SHORTCUTS = ("gate", "none")
_LARGEST_BIAS = 100.0


class HighwayLayer(nn.Module):
    """y = H(x) · T(x) + x · (1 − T(x)), or only the first term.

    ``carry_bias``: the initial value of b_T; the lower, the more of x is carried.
    """

    def __init__(
        self, in_channels: int, channels: int, stride: int, shortcuts: str, carry_bias: float
    ) -> None:
        super().__init__()
        self.transform = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.gate = nn.Conv2d(in_channels, channels, 3, stride, padding=1)
        nn.init.kaiming_normal_(self.transform.weight, mode="fan_out", nonlinearity="relu")
        nn.init.kaiming_normal_(self.gate.weight, nonlinearity="sigmoid")
        assert self.gate.bias is not None
        nn.init.constant_(self.gate.bias, carry_bias)
        self.carry: nn.Module | None = None
        if shortcuts == "gate":
            changes_shape = stride != 1 or in_channels != channels
            extra = channels - in_channels
            self.carry = IdentityShortcut(stride, extra) if changes_shape else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        changed = F.relu(self.norm(self.transform(x)))
        gate = torch.sigmoid(self.gate(x))
        if self.carry is None:
            return changed * gate
        mixed: Tensor = changed * gate + self.carry(x) * (1 - gate)
        return mixed


class HighwayNetwork(nn.Module):
    """A convolution, three stages of n highway layers of 16, 32 and 64 channels, a linear layer.

    Takes images (n, in_channels, height, width) of any size; gives logits (n, classes).

    Parameters
    ----------
    depth
        Layers in sequence: 3n+2.
    shortcuts
        ``gate`` or ``none``.
    width
        Factor on the numbers of channels.
    carry_bias
        The initial bias of the gates: before training a gate lets σ(carry_bias) of the transform
        through, 12% at −2.
    """

    def __init__(
        self,
        depth: int = 20,
        shortcuts: str = "gate",
        *,
        width: int = 1,
        carry_bias: float = -2.0,
        in_channels: int = 3,
        classes: int = 10,
    ) -> None:
        super().__init__()
        name = f"highway{depth}"
        blocks = number_of_blocks(depth, name, "highway network", 3, 2)
        sizes = {"width": width, "in_channels": in_channels, "classes": classes}
        check_settings(name, shortcuts, SHORTCUTS, sizes)
        if not abs(carry_bias) <= _LARGEST_BIAS:
            raise InputError(
                f"{name}: carry_bias is {carry_bias:g}; expected a number from "
                f"{-_LARGEST_BIAS:g} to {_LARGEST_BIAS:g}, such as -2"
            )
        before = 16 * width
        self.conv1 = nn.Conv2d(in_channels, before, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(before)
        nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        for stage in (1, 2, 3):
            channels, layers = 2 ** (stage - 1) * 16 * width, []
            for number in range(blocks):
                stride = 2 if stage > 1 and number == 0 else 1
                layers.append(HighwayLayer(before, channels, stride, shortcuts, carry_bias))
                before = channels
            self.add_module(f"stage{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        for stage in (1, 2, 3):
            out = getattr(self, f"stage{stage}")(out)
        logits: Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a highway network.

    The kind of shortcuts (which has no parameters) and the initial bias of the gates cannot be
    inferred.
    """
    shapes = shapes_in(state, {"conv1": 4, "linear": 2})
    n = blocks_in_stages(state, r"stage{}\.(\d+)\.gate\.")
    if shapes is None or n == 0 or shapes[0][0] % 16 != 0:
        return None
    (channels, in_channels, *_), (classes, _) = shapes
    return {
        "depth": 3 * n + 2,
        "width": channels // 16,
        "in_channels": in_channels,
        "classes": classes,
    }


FAMILY = Family(
    pattern="highway(?P<depth>[0-9]{1,4})",
    forms=("highway20", "highway<3n+2>"),
    build=HighwayNetwork,
    name_of=lambda settings: f"highway{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"width": 1, "carry_bias": -2.0, "in_channels": 3, "classes": 10},
)
