"""DenseNet-BC for images of CIFAR size (Huang et al., 2017, section 3), or without concatenation.

A 3×3 convolution to 2k channels, three dense blocks of equally many layers, with transitions that
halve the channels between them, and a linear layer; k is the growth. See
:mod:`landscape.models.dense_block`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from landscape.models.checks import check_settings, number_of_blocks
from landscape.models.dense_block import SHORTCUTS, DenseNet, inferred
from landscape.models.family import Family

_BLOCKS = 3


class CifarDenseNet(DenseNet):
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
        name = f"densenet{depth}"
        more = "; for ImageNet sizes there are 121, 169 and 201"
        layers = number_of_blocks(depth, name, "DenseNet-BC for CIFAR sizes", 6, 4, more)
        sizes = {"growth": growth, "in_channels": in_channels, "classes": classes}
        check_settings(name, shortcuts, SHORTCUTS, sizes)
        stem = {"conv0": nn.Conv2d(in_channels, 2 * growth, 3, padding=1, bias=False)}
        super().__init__(stem, [layers] * _BLOCKS, 2 * growth, growth, shortcuts, classes)


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a CIFAR DenseNet."""
    found = inferred(state)
    if found is None:
        return None
    (channels, _, size, _), layers, settings = found
    if len(layers) != _BLOCKS or len(set(layers)) != 1 or "features.norm0.weight" in state:
        return None
    if channels != 2 * settings["growth"] or size != 3:
        return None
    return {"depth": 6 * layers[0] + 4, **settings}


FAMILY = Family(
    pattern="densenet(?P<depth>[0-9]{1,4})",
    forms=("densenet40", "densenet100", "densenet<6n+4>"),
    build=CifarDenseNet,
    name_of=lambda settings: f"densenet{settings['depth']}",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"growth": 12, "in_channels": 3, "classes": 10},
)
