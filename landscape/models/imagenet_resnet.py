"""The ImageNet ResNets of He et al. (2016), table 1, with three kinds of shortcut.

``projection`` puts a 1×1 convolution and a batch normalization where the shape changes (option B
of the paper); ``identity`` subsamples and pads with zero channels there (option A); ``none`` has
no shortcut anywhere. The names in the state dict are torchvision's, and as there ("v1.5") the
stride in blocks of three layers is in the 3×3 convolution, not in the first 1×1 one.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import unknown_choice
from landscape.models.checks import check_settings
from landscape.models.family import Family
from landscape.models.resnet import SHORTCUTS, IdentityShortcut
from landscape.models.weights import initialize, numbers_in, shapes_in

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
"""Blocks of each stage by depth."""

_THREE_LAYERS = (50,)
_EXPANSION = 4


class Block(nn.Module):
    """Convolutions with batch normalization, with or without a shortcut.

    ``layers``: output channels, kernel size and stride of each convolution.
    """

    def __init__(
        self, in_channels: int, layers: list[tuple[int, int, int]], shortcuts: str
    ) -> None:
        super().__init__()
        channels, total_stride = in_channels, 1
        self.depth = len(layers)
        for number, (out_channels, kernel, stride) in enumerate(layers, start=1):
            conv = nn.Conv2d(channels, out_channels, kernel, stride, kernel // 2, bias=False)
            self.add_module(f"conv{number}", conv)
            self.add_module(f"bn{number}", nn.BatchNorm2d(out_channels))
            channels, total_stride = out_channels, total_stride * stride
        self.added = shortcuts != "none"
        self.downsample: nn.Module | None = None
        if not self.added or (channels, total_stride) == (in_channels, 1):
            return
        if shortcuts == "identity":
            self.downsample = IdentityShortcut(total_stride, channels - in_channels)
        else:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, total_stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for number in range(1, self.depth + 1):
            conv, bn = getattr(self, f"conv{number}"), getattr(self, f"bn{number}")
            out = bn(conv(out))
            if number < self.depth:
                out = F.relu(out)
        if self.added:
            out = out + (x if self.downsample is None else self.downsample(x))
        return F.relu(out)


class ImageNetResNet(nn.Module):
    """ResNet-18, 34 or 50: a stem that divides the size by four, then four stages of blocks.

    Takes images (n, in_channels, height, width), made for 224×224; gives logits (n, classes).

    Parameters
    ----------
    depth
        18, 34 (blocks of two layers) or 50 (of three).
    shortcuts
        ``projection``, ``identity`` or ``none``.
    channels
        Of the stem and the first stage; each stage has twice as many as the one before.
    """

    def __init__(
        self,
        depth: int = 34,
        shortcuts: str = "projection",
        *,
        channels: int = 64,
        in_channels: int = 3,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        if depth not in BLOCKS:
            raise unknown_choice("depth of an ImageNet ResNet", depth, map(str, BLOCKS))
        sizes = {"channels": channels, "in_channels": in_channels, "classes": classes}
        check_settings(f"resnet{depth}", shortcuts, SHORTCUTS, sizes)
        self.conv1 = nn.Conv2d(in_channels, channels, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        before = channels
        for stage, blocks in enumerate(BLOCKS[depth]):
            made = []
            for number in range(blocks):
                stride = 2 if stage > 0 and number == 0 else 1
                layers = _layers(depth, channels * 2**stage, stride)
                made.append(Block(before, layers, shortcuts))
                before = layers[-1][0]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(before, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for stage in range(1, 5):
            out = getattr(self, f"layer{stage}")(out)
        logits: Tensor = self.fc(out.mean(dim=(2, 3)))
        return logits


def _layers(depth: int, channels: int, stride: int) -> list[tuple[int, int, int]]:
    """Output channels, kernel size and stride of a block's convolutions."""
    if depth in _THREE_LAYERS:
        return [(channels, 1, 1), (channels, 3, stride), (_EXPANSION * channels, 1, 1)]
    return [(channels, 3, stride), (channels, 3, 1)]


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a ResNet-18, 34 or 50.

    The kind of shortcuts can only be inferred where it has parameters: ``identity`` and ``none``
    look the same, and ``shortcuts`` is then absent.
    """
    shapes = shapes_in(state, {"conv1": 4, "layer1.0.conv2": 4, "fc": 2})
    if shapes is None:
        return None
    (channels, in_channels, size, _), second, (classes, _) = shapes
    # Wide and grouped ResNets have the same names.
    if size != 7 or second != [channels, channels, 3, 3]:
        return None
    stages = (numbers_in(state, rf"layer{stage}\.(\d+)\.conv1\.") for stage in range(1, 5))
    blocks = tuple(map(len, stages))
    three = "layer1.0.conv3.weight" in state
    for depth, expected in BLOCKS.items():
        if blocks == expected and three == (depth in _THREE_LAYERS):
            shown: dict[str, Any] = {
                "depth": depth,
                "channels": channels,
                "in_channels": in_channels,
                "classes": classes,
            }
            if any(".downsample." in key for key in state):
                shown["shortcuts"] = "projection"
            return shown
    return None


FAMILY = Family(
    pattern="resnet(?P<depth>18|34|50)",
    forms=tuple(f"resnet{depth}" for depth in BLOCKS),
    build=ImageNetResNet,
    name_of=lambda settings: f"resnet{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"channels": 64, "in_channels": 3, "classes": 1000},
)
