"""Building blocks of DenseNets: dense layers, dense blocks and transitions.

A dense layer computes ``growth`` new channels from all earlier channels and concatenates them: x_l
= H_l([x_0, x_1, …, x_{l−1}]), equation 2 of Huang et al. With ``none`` a layer sees only its
predecessor, x_l = H_l(x_{l−1}), whose channels are repeated to the same number, so every layer has
the same parameters as with concatenation.

Modules have the names of torchvision's.

Huang et al., *Densely Connected Convolutional Networks*, arXiv 1608.06993.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.models.weights import shapes_in

SHORTCUTS = ("concatenate", "none")
BOTTLENECK = 4
"""Channels between the two convolutions of a dense layer, as a multiple of the growth."""


class DenseLayer(nn.Module):
    """BN-ReLU-conv(1×1)-BN-ReLU-conv(3×3): (n, channels, …) to (n, growth, …)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * growth)
        self.conv2 = nn.Conv2d(BOTTLENECK * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(F.relu(self.norm1(x)))
        made: Tensor = self.conv2(F.relu(self.norm2(out)))
        return made


class DenseBlock(nn.Module):
    """Dense layers: (n, channels, …) to (n, channels + layers · growth, …)."""

    def __init__(self, layers: int, channels: int, growth: int, shortcuts: str) -> None:
        super().__init__()
        self.concatenates = shortcuts == "concatenate"
        self.growth = growth
        self.sizes = [channels + number * growth for number in range(1, layers + 1)]
        for number in range(layers):
            layer = DenseLayer(channels + number * growth, growth)
            self.add_module(f"denselayer{number + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        for number, size in enumerate(self.sizes, start=1):
            new = getattr(self, f"denselayer{number}")(x)
            if self.concatenates:
                x = torch.cat([x, new], dim=1)
            else:
                x = repeated(new, self.growth, size)
        return x


def repeated(new: Tensor, growth: int, channels: int) -> Tensor:
    """The ``growth`` new channels of a layer, repeated up to a number of channels."""
    # Reading the tensor's shape would add a node to a traced graph.
    copies = -(-channels // growth)
    return torch.cat([new] * copies, dim=1)[:, :channels]


class Transition(nn.Module):
    """BN-ReLU-conv(1×1) to half as many channels, then 2×2 average pooling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, compressed(channels), 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


def compressed(channels: int) -> int:
    """The channels after a transition: θ in the paper, 0.5 throughout."""
    return channels // 2


class DenseNet(nn.Module):
    """A stem, dense blocks with transitions between them, and a linear layer.

    ``stem``: the first modules by name.
    """

    def __init__(
        self,
        stem: Mapping[str, nn.Module],
        layers: Sequence[int],
        channels: int,
        growth: int,
        shortcuts: str,
        classes: int,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(stem))
        for number, count in enumerate(layers, start=1):
            block = DenseBlock(count, channels, growth, shortcuts)
            self.features.add_module(f"denseblock{number}", block)
            channels = block.sizes[-1]
            if number < len(layers):
                self.features.add_module(f"transition{number}", Transition(channels))
                channels = compressed(channels)
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)
        # As in section 4.2 of the paper: He et al. for convolutions, zero for biases.
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.features(x))
        logits: Tensor = self.classifier(out.mean(dim=(2, 3)))
        return logits


def inferred(
    state: Mapping[str, Tensor],
) -> tuple[list[int], tuple[int, ...], dict[str, Any]] | None:
    """The shape of the first convolution, the layers of each block, and settings of a DenseNet.

    None if it is none. The kind of shortcuts has no parameters, so it cannot be inferred.
    """
    names = {"features.conv0": 4, "features.denseblock1.denselayer1.conv2": 4, "classifier": 2}
    shapes, layers = shapes_in(state, names), inferred_layers(state)
    if shapes is None or layers is None:
        return None
    first, (growth, *_), (classes, _) = shapes
    return first, layers, {"growth": growth, "in_channels": first[1], "classes": classes}


def inferred_layers(state: Mapping[str, Tensor]) -> tuple[int, ...] | None:
    """The number of layers of each block of a state dict; None if a number is missing."""
    found: dict[int, set[int]] = {}
    for key in state:
        if m := re.fullmatch(r"features\.denseblock(\d+)\.denselayer(\d+)\.conv2\.weight", key):
            found.setdefault(int(m[1]), set()).add(int(m[2]))
    if not found or any(set(n) != set(range(1, len(n) + 1)) for n in (found, *found.values())):
        return None
    return tuple(len(found[number]) for number in sorted(found))
