"""DenseNet-121, 169 and 201 for images of CIFAR size, as in the code of Li et al. (2018).

Dense blocks as in the ImageNet networks, but behind a 3×3 convolution to 2k channels in place of
the stem that divides the size by four. The names in the state dict are those of that code, which
are also those of other common code for CIFAR; as there, the new channels of a layer come before the
earlier ones. With ``none`` a layer sees only the channels of its predecessor, repeated.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, figure 4.
Huang et al., *Densely Connected Convolutional Networks*, arXiv 1608.06993.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import unknown_choice
from landscape.models.checks import check_settings
from landscape.models.dense_block import BOTTLENECK, SHORTCUTS, compressed, repeated
from landscape.models.family import Family
from landscape.models.imagenet_densenet import LAYERS
from landscape.models.weights import initialize, numbers_in, shapes_in

_BLOCKS = (1, 2, 3, 4)


class Layer(nn.Module):
    """BN-ReLU-conv(1×1)-BN-ReLU-conv(3×3), whose ``growth`` new channels come first."""

    def __init__(self, channels: int, growth: int, shortcuts: str) -> None:
        super().__init__()
        self.concatenates, self.channels = shortcuts == "concatenate", channels + growth
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(BOTTLENECK * growth)
        self.conv2 = nn.Conv2d(BOTTLENECK * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))
        if self.concatenates:
            return torch.cat([new, x], dim=1)
        return repeated(new, self.conv2.out_channels, self.channels)


class Transition(nn.Module):
    """BN-ReLU-conv(1×1) to half as many channels, then 2×2 average pooling."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, compressed(channels), 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)


class FourBlockDenseNet(nn.Module):
    """DenseNet-121, 169 or 201 for small images.

    Takes images (n, in_channels, height, width) of at least 8×8 pixels; gives logits (n, classes).

    Parameters
    ----------
    depth
        121, 169 or 201.
    shortcuts
        ``concatenate`` or ``none``.
    growth
        New channels per layer, k in the paper; the first convolution has 2k.
    """

    def __init__(
        self,
        depth: int = 121,
        shortcuts: str = "concatenate",
        *,
        growth: int = 32,
        in_channels: int = 3,
        classes: int = 10,
    ) -> None:
        super().__init__()
        if depth not in LAYERS:
            raise unknown_choice("depth of a DenseNet of four blocks", depth, map(str, LAYERS))
        sizes = {"growth": growth, "in_channels": in_channels, "classes": classes}
        check_settings(f"densenet{depth}_cifar", shortcuts, SHORTCUTS, sizes)
        channels = 2 * growth
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        for block, count in zip(_BLOCKS, LAYERS[depth], strict=True):
            layers = [Layer(channels + k * growth, growth, shortcuts) for k in range(count)]
            self.add_module(f"dense{block}", nn.Sequential(*layers))
            channels += count * growth
            if block != _BLOCKS[-1]:
                self.add_module(f"trans{block}", Transition(channels))
                channels = compressed(channels)
        self.bn = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(x)
        for block in _BLOCKS:
            out = getattr(self, f"dense{block}")(out)
            if block != _BLOCKS[-1]:
                out = getattr(self, f"trans{block}")(out)
        logits: Tensor = self.linear(F.relu(self.bn(out)).mean(dim=(2, 3)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not such a DenseNet.

    The kind of shortcuts has no parameters, so it cannot be inferred.
    """
    shapes = shapes_in(state, {"conv1": 4, "dense1.0.conv2": 4, "linear": 2})
    if shapes is None:
        return None
    (channels, in_channels, size, _), (growth, *_), (classes, _) = shapes
    layers = tuple(len(numbers_in(state, rf"dense{b}\.(\d+)\.conv2\.")) for b in _BLOCKS)
    depths = [depth for depth, expected in LAYERS.items() if layers == expected]
    if size != 3 or channels != 2 * growth or not depths:
        return None
    return {"depth": depths[0], "growth": growth, "in_channels": in_channels, "classes": classes}


FAMILY = Family(
    pattern=f"densenet(?P<depth>{'|'.join(map(str, LAYERS))})_cifar",
    forms=tuple(f"densenet{depth}_cifar" for depth in LAYERS),
    build=FourBlockDenseNet,
    name_of=lambda settings: f"densenet{settings['depth']}_cifar",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"growth": 32, "in_channels": 3, "classes": 10},
)
