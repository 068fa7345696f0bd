"""The ImageNet DenseNets of Huang et al. (2017), table 1, with or without concatenation.

A stem that divides the size by four, four dense blocks with transitions between them, and a linear
layer. See :mod:`landscape.models.dense_block`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from landscape.errors import unknown_choice
from landscape.models.checks import check_settings
from landscape.models.dense_block import SHORTCUTS, DenseNet, inferred
from landscape.models.family import Family

LAYERS = {121: (6, 12, 24, 16), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
"""Layers of each block by depth."""


class ImageNetDenseNet(DenseNet):
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
        if depth not in LAYERS:
            raise unknown_choice("depth of an ImageNet DenseNet", depth, map(str, LAYERS))
        sizes = {"growth": growth, "channels": channels, "in_channels": in_channels}
        check_settings(f"densenet{depth}", shortcuts, SHORTCUTS, sizes | {"classes": classes})
        stem = {
            "conv0": nn.Conv2d(in_channels, channels, 7, 2, padding=3, bias=False),
            "norm0": nn.BatchNorm2d(channels),
            "relu0": nn.ReLU(),
            "pool0": nn.MaxPool2d(3, 2, padding=1),
        }
        super().__init__(stem, LAYERS[depth], channels, growth, shortcuts, classes)


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a DenseNet-121, 169 or 201."""
    found = inferred(state)
    if found is None:
        return None
    (channels, _, size, _), layers, settings = found
    depths = [depth for depth, expected in LAYERS.items() if layers == expected]
    if size != 7 or not depths:
        return None
    return {"depth": depths[0], "channels": channels, **settings}


FAMILY = Family(
    pattern=f"densenet(?P<depth>{'|'.join(map(str, LAYERS))})",
    forms=tuple(f"densenet{depth}" for depth in LAYERS),
    build=ImageNetDenseNet,
    name_of=lambda settings: f"densenet{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"growth": 32, "channels": 64, "in_channels": 3, "classes": 1000},
)
