"""ResNet-18, 34 and 50 for images of CIFAR size, as in the code of Li et al. (2018).

Four stages of blocks like the ImageNet networks, but behind a 3×3 convolution of stride 1 in place
of the stem that divides the size by four. The names in the state dict are those of that code, which
are also those of other common code for CIFAR.

As there, a block of three layers without shortcuts ends in its normalization, without a ReLU; and
``projection`` is a 1×1 convolution wherever the shape changes.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import unknown_choice
from landscape.models.checks import check_settings
from landscape.models.family import Family
from landscape.models.imagenet_resnet import BLOCKS
from landscape.models.option_a import CENTRED, SETTING, IdentityShortcut
from landscape.models.resnet import SHORTCUTS, BasicBlock
from landscape.models.weights import initialize, numbers_in, shapes_in

_STAGES = (1, 2, 3, 4)
_EXPANSION = 4


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions with batch normalization, to four times the channels."""

    def __init__(
        self, in_channels: int, channels: int, stride: int, shortcuts: str, zero_channels: str
    ) -> None:
        super().__init__()
        out_channels = _EXPANSION * channels
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module | None
        if shortcuts == "none":
            self.shortcut = None
        elif stride == 1 and in_channels == out_channels:
            self.shortcut = nn.Identity()
        elif shortcuts == "identity":
            self.shortcut = IdentityShortcut(stride, out_channels - in_channels, zero_channels)
        else:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return out if self.shortcut is None else F.relu(out + self.shortcut(x))


class FourStageResNet(nn.Module):
    """ResNet-18, 34 (blocks of two layers) or 50 (of three) for small images.

    Takes images (n, in_channels, height, width) of any size; gives logits (n, classes). Parameters
    as of :class:`landscape.models.ImageNetResNet`.
    """

    def __init__(
        self,
        depth: int = 18,
        shortcuts: str = "projection",
        *,
        channels: int = 64,
        in_channels: int = 3,
        classes: int = 10,
        zero_channels: str = CENTRED,
    ) -> None:
        super().__init__()
        if depth not in BLOCKS:
            raise unknown_choice("depth of a ResNet of four stages", depth, map(str, BLOCKS))
        sizes = {"channels": channels, "in_channels": in_channels, "classes": classes}
        check_settings(f"resnet{depth}_cifar", shortcuts, SHORTCUTS, sizes)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        block, expansion = (Bottleneck, _EXPANSION) if depth == 50 else (BasicBlock, 1)
        before = channels
        for stage, count in zip(_STAGES, BLOCKS[depth], strict=True):
            made, inner = [], channels * 2 ** (stage - 1)
            for number in range(count):
                stride = 2 if stage > 1 and number == 0 else 1
                made.append(block(before, inner, stride, shortcuts, zero_channels))
                before = expansion * inner
            self.add_module(f"layer{stage}", nn.Sequential(*made))
        self.linear = nn.Linear(before, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        for stage in _STAGES:
            out = getattr(self, f"layer{stage}")(out)
        logits: Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not such a ResNet-18, 34 or 50.

    ``shortcuts`` is absent where it has no parameters.
    """
    shapes = shapes_in(state, {"conv1": 4, "layer1.0.conv2": 4, "layer4.0.conv2": 4, "linear": 2})
    if shapes is None:
        return None
    (channels, in_channels, size, _), second, _, (classes, _) = shapes
    if size != 3 or second != [channels, channels, 3, 3]:
        return None
    blocks = tuple(len(numbers_in(state, rf"layer{s}\.(\d+)\.conv1\.")) for s in _STAGES)
    three = "layer1.0.conv3.weight" in state
    depths = [d for d, expected in BLOCKS.items() if blocks == expected and three == (d == 50)]
    if not depths:
        return None
    shown: dict[str, Any] = {"depth": depths[0], "channels": channels}
    shown |= {"in_channels": in_channels, "classes": classes}
    if any(".shortcut." in key for key in state):
        shown["shortcuts"] = "projection"
    return shown


FAMILY = Family(
    pattern="resnet(?P<depth>18|34|50)_cifar",
    forms=tuple(f"resnet{depth}_cifar" for depth in BLOCKS),
    build=FourStageResNet,
    name_of=lambda settings: f"resnet{settings['depth']}_cifar",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"channels": 64, "in_channels": 3, "classes": 10, SETTING: CENTRED},
    only_with={SETTING: "identity"},
)
