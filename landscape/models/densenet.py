"""DenseNet-BC for images of CIFAR size (Huang et al., 2017, section 3), or without concatenation.

A 3×3 convolution to 2k channels, three dense blocks of equally many layers, with transitions that
halve the channels between them, and a linear layer; k is the growth. With ``none`` every layer sees
only its predecessor, with the same parameters. The names in the state dict are those of
torchvision's DenseNets.

Huang et al., *Densely Connected Convolutional Networks*, arXiv 1608.06993.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import InputError, unknown_choice
from landscape.models.dense_block import SHORTCUTS, add_blocks, inferred_layers, initialize
from landscape.models.family import Family
from landscape.models.sizes import check_sizes

_BLOCKS = 3


class CifarDenseNet(nn.Module):
    """DenseNet-BC of depth 6n+4: three dense blocks of n layers of two convolutions.

    Takes images (n, in_channels, height, width) of at least 4×4 pixels; gives logits (n, classes).

    Parameters
    ----------
    depth
        Convolutions in sequence plus the linear layer: 100, 190, 250, or any other 6n+4.
    shortcuts
        ``concatenate`` or ``none``.
    growth
        New channels per layer, k in the paper.
    """

    def __init__(
        self,
        depth: int = 100,
        shortcuts: str = "concatenate",
        *,
        growth: int = 12,
        in_channels: int = 3,
        classes: int = 10,
    ) -> None:
        super().__init__()
        if depth < 10 or (depth - 4) % 6 != 0:
            n = max(1, (depth - 4) // 6)
            raise InputError(
                f"densenet{depth}: the depth of a DenseNet-BC for CIFAR sizes is 6n+4 with n at "
                f"least 1; the nearest are {6 * n + 4} and {6 * n + 10}; for ImageNet sizes there "
                "are 121, 169 and 201"
            )
        if shortcuts not in SHORTCUTS:
            raise unknown_choice("kind of shortcuts", shortcuts, SHORTCUTS)
        check_sizes(f"densenet{depth}", growth=growth, in_channels=in_channels, classes=classes)
        layers = [(depth - 4) // 6] * _BLOCKS
        self.features = nn.Sequential()
        stem = nn.Conv2d(in_channels, 2 * growth, 3, padding=1, bias=False)
        self.features.add_module("conv0", stem)
        channels = add_blocks(self.features, layers, 2 * growth, growth, shortcuts)
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.features(x))
        logits: Tensor = self.classifier(out.mean(dim=(2, 3)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a CIFAR DenseNet.

    The kind of shortcuts has no parameters, so it cannot be inferred.
    """
    names = ("features.conv0.weight", "features.denseblock1.denselayer1.conv2.weight")
    first, layer = (state.get(name) for name in names)
    last, layers = state.get("classifier.weight"), inferred_layers(state)
    if first is None or layer is None or last is None or layers is None:
        return None
    if (first.ndim, layer.ndim, last.ndim) != (4, 4, 2) or 0 in (*first.shape, *last.shape):
        return None
    if len(layers) != _BLOCKS or len(set(layers)) != 1 or "features.norm0.weight" in state:
        return None
    growth = layer.shape[0]
    if growth == 0 or first.shape[0] != 2 * growth or first.shape[2] != 3:
        return None
    return {
        "depth": 6 * layers[0] + 4,
        "growth": growth,
        "in_channels": first.shape[1],
        "classes": last.shape[0],
    }


FAMILY = Family(
    pattern="densenet(?P<depth>[0-9]{1,4})",
    forms=("densenet40", "densenet100", "densenet<6n+4>"),
    build=CifarDenseNet,
    name_of=lambda settings: f"densenet{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"growth": 12, "in_channels": 3, "classes": 10},
)
