"""The CIFAR ResNets of He et al. (2016), section 4.2, with three kinds of shortcut.

``projection`` puts a 1×1 convolution and a batch normalization where the shape changes, as in the
networks of Li et al. (2018); ``identity`` subsamples and pads with zero channels there, without
parameters (option A of He et al., :mod:`landscape.models.option_a`); ``none`` has no shortcut
anywhere. The names in the state dict are those of the published checkpoints of Li et al.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385.
Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.models.checks import check_settings, number_of_blocks
from landscape.models.family import Family
from landscape.models.option_a import CENTRED, SETTING, IdentityShortcut
from landscape.models.weights import blocks_in_stages, initialize, shapes_in

SHORTCUTS = ("projection", "identity", "none")


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with batch normalization, with or without a shortcut."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int,
        shortcuts: str,
        zero_channels: str = CENTRED,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        changes_shape = stride != 1 or in_channels != channels
        self.shortcut: nn.Module | None
        if shortcuts == "none":
            self.shortcut = None
        elif not changes_shape:
            self.shortcut = nn.Identity()
        elif shortcuts == "identity":
            self.shortcut = IdentityShortcut(stride, channels - in_channels, zero_channels)
        else:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out = out + self.shortcut(x)
        return F.relu(out)


class CifarResNet(nn.Module):
    """ResNet of depth 6n+2: three stages of n blocks with 16, 32 and 64 channels (times width).

    Takes images (n, in_channels, height, width) of any size; gives logits (n, classes).

    Parameters
    ----------
    depth
        Layers with weights: 20, 32, 44, 56, 110, or any other 6n+2.
    shortcuts
        ``projection``, ``identity`` or ``none``.
    width
        Factor on the numbers of channels.
    zero_channels
        ``centred`` or ``behind``: the place of the zero channels of identity shortcuts
        (:mod:`landscape.models.option_a`).
    """

    def __init__(
        self,
        depth: int = 56,
        shortcuts: str = "projection",
        *,
        width: int = 1,
        in_channels: int = 3,
        classes: int = 10,
        zero_channels: str = CENTRED,
    ) -> None:
        super().__init__()
        name = f"resnet{depth}"
        blocks = number_of_blocks(depth, name, "CIFAR ResNet", 6, 2)
        sizes = {"width": width, "in_channels": in_channels, "classes": classes}
        check_settings(name, shortcuts, SHORTCUTS, sizes)
        stem, channels = 16 * width, [16 * width, 32 * width, 64 * width]
        self.conv1 = nn.Conv2d(in_channels, stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        kind = (shortcuts, zero_channels)
        self.layer1 = _stage(stem, channels[0], 1, blocks, *kind)
        self.layer2 = _stage(channels[0], channels[1], 2, blocks, *kind)
        self.layer3 = _stage(channels[1], channels[2], 2, blocks, *kind)
        self.linear = nn.Linear(channels[2], classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        logits: Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


def _stage(in_channels: int, channels: int, stride: int, blocks: int, *kind: str) -> nn.Sequential:
    first = BasicBlock(in_channels, channels, stride, *kind)
    rest = [BasicBlock(channels, channels, 1, *kind) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, int | str] | None:
    """Settings inferred from a state dict; None if it is not a CIFAR ResNet.

    Depth, width, input channels and classes are always found. The kind of shortcuts is found only
    where it has parameters: ``identity`` and ``none`` look the same, and ``shortcuts`` is then
    absent.
    """
    shapes = shapes_in(state, {"conv1": 4, "linear": 2})
    n = blocks_in_stages(state, r"layer{}\.(\d+)\.conv1\.")
    if shapes is None or n == 0 or shapes[0][0] % 16 != 0 or "layer4.0.conv1.weight" in state:
        return None
    (channels, in_channels, *_), (classes, _) = shapes
    shown: dict[str, int | str] = {
        "depth": 6 * n + 2,
        "width": channels // 16,
        "in_channels": in_channels,
        "classes": classes,
    }
    if any(".shortcut." in key for key in state):
        shown["shortcuts"] = "projection"
    return shown


def name_of(settings: Mapping[str, Any]) -> str:
    """``resnet56``; ``cifar_resnet50`` where the ImageNet ResNet has the short name."""
    prefix = "cifar_" if settings["depth"] == 50 else ""
    return f"{prefix}resnet{settings['depth']}"


FAMILY = Family(
    pattern="(?:cifar_)?resnet(?P<depth>[0-9]{1,4})",
    forms=(
        "resnet20",
        "resnet32",
        "resnet44",
        "resnet56",
        "resnet110",
        "resnet<6n+2>",
        "cifar_resnet50",
    ),
    build=CifarResNet,
    name_of=name_of,
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"width": 1, "in_channels": 3, "classes": 10, SETTING: CENTRED},
    only_with={SETTING: "identity"},
)
