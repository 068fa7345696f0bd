"""The ImageNet DenseNets of Huang et al. (2017), table 1, with or without concatenation.

A stem that divides the size by four, four dense blocks with transitions between them, and a linear
layer. With ``none`` every layer sees only its predecessor, with the same parameters. The names in
the state dict are torchvision's.

Huang et al., *Densely Connected Convolutional Networks*, arXiv 1608.06993.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import unknown_choice
from landscape.models.dense_block import SHORTCUTS, add_blocks, inferred_layers, initialize
from landscape.models.family import Family
from landscape.models.sizes import check_sizes

LAYERS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
"""Layers of each block by depth."""


class ImageNetDenseNet(nn.Module):
    """DenseNet-121, 169 or 201.

    Takes images (n, in_channels, height, width) of at least 29×29, made for 224×224; gives logits
    (n, classes).

    Parameters
    ----------
    depth
        121, 169 or 201.
    shortcuts
        ``concatenate`` or ``none``.
    growth
        New channels per layer, k in the paper.
    channels
        Of the stem.
    """

    def __init__(
        self,
        depth: int = 121,
        shortcuts: str = "concatenate",
        *,
        growth: int = 32,
        channels: int = 64,
        in_channels: int = 3,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        if depth not in LAYERS:
            raise unknown_choice("depth of an ImageNet DenseNet", depth, map(str, LAYERS))
        if shortcuts not in SHORTCUTS:
            raise unknown_choice("kind of shortcuts", shortcuts, SHORTCUTS)
        sizes = {"growth": growth, "channels": channels, "in_channels": in_channels}
        check_sizes(f"densenet{depth}", **sizes, classes=classes)
        self.features = nn.Sequential()
        stem = nn.Conv2d(in_channels, channels, 7, 2, padding=3, bias=False)
        self.features.add_module("conv0", stem)
        self.features.add_module("norm0", nn.BatchNorm2d(channels))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, padding=1))
        channels = add_blocks(self.features, LAYERS[depth], channels, growth, shortcuts)
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.features(x))
        logits: Tensor = self.classifier(out.mean(dim=(2, 3)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a DenseNet-121, 169 or 201.

    The kind of shortcuts has no parameters, so it cannot be inferred.
    """
    names = ("features.conv0.weight", "features.denseblock1.denselayer1.conv2.weight")
    first, layer = (state.get(name) for name in names)
    last, layers = state.get("classifier.weight"), inferred_layers(state)
    if first is None or layer is None or last is None or layers is None:
        return None
    if (first.ndim, layer.ndim, last.ndim) != (4, 4, 2) or 0 in (*first.shape, *last.shape):
        return None
    if first.shape[2] != 7 or layer.shape[0] == 0:
        return None
    for depth, expected in LAYERS.items():
        if layers == expected:
            return {
                "depth": depth,
                "growth": layer.shape[0],
                "channels": first.shape[0],
                "in_channels": first.shape[1],
                "classes": last.shape[0],
            }
    return None


FAMILY = Family(
    pattern=f"densenet(?P<depth>{'|'.join(map(str, LAYERS))})",
    forms=tuple(f"densenet{depth}" for depth in LAYERS),
    build=ImageNetDenseNet,
    name_of=lambda settings: f"densenet{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"growth": 32, "channels": 64, "in_channels": 3, "classes": 1000},
)
