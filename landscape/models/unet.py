"""The U-Net of Ronneberger et al. (2015), with or without its skip connections.

A contracting path halves the size ``levels`` times and doubles the channels; an expanding path goes
back up, and at each level the features of the contracting path are concatenated to its own
(``concatenate``). With ``none`` the expanding path's own features are used twice instead, so that
the networks have the same parameters.

As is usual today and unlike the paper, the 3×3 convolutions are padded, so that a mask has the size
of its image, and each is followed by batch normalization.

Ronneberger, Fischer, Brox, *U-Net: Convolutional Networks for Biomedical Image Segmentation*,
arXiv 1505.04597, figure 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.errors import InputError, argument
from landscape.models.checks import LARGEST, check_settings
from landscape.models.family import Family
from landscape.models.weights import initialize, numbers_in, shapes_in

SHORTCUTS = ("concatenate", "none")
_LARGEST = {**LARGEST, "levels": 8, "channels": 1024}


@fx.wrap
def divisible(images: Tensor, levels: int) -> Tensor:
    """Return the images if their size can be halved ``levels`` times.

    Raises an InputError if it cannot: the sizes of the two paths would not match.
    """
    height, width = images.shape[-2:]
    unit = 2**levels
    if height % unit or width % unit:
        near = " x ".join(str(max(unit, round(side / unit) * unit)) for side in (height, width))
        fewer = (
            f", or choose fewer levels, such as {argument('levels', levels - 1)}"
            if levels > 1
            else ""
        )
        raise InputError(
            f"images of {height} x {width} pixels for a unet with {levels} levels: expected height "
            f"and width divisible by 2^{levels} = {unit}; resize them to {near}{fewer}"
        )
    return images


class TwoConvolutions(nn.Module):
    """Two padded 3×3 convolutions, each with batch normalization and ReLU; the size is kept."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)))


class UNet(nn.Module):
    """U-Net for segmentation.

    Takes images (n, in_channels, height, width), height and width divisible by 2^levels; gives
    logits (n, classes, height, width).

    Parameters
    ----------
    shortcuts
        ``concatenate``: features of the contracting path and of the expanding path; ``none``: those
        of the expanding path, twice.
    levels
        The number of halvings; 4 in the paper.
    channels
        Channels at full size, 64 in the paper; doubled with each halving.
    """

    def __init__(
        self,
        shortcuts: str = "concatenate",
        *,
        levels: int = 4,
        channels: int = 64,
        in_channels: int = 3,
        classes: int = 2,
    ) -> None:
        super().__init__()
        given = {"levels": levels, "channels": channels, "in_channels": in_channels}
        check_settings("unet", shortcuts, SHORTCUTS, given | {"classes": classes}, _LARGEST)
        self.levels = levels
        self.shortcuts = shortcuts
        sizes = [channels * 2**level for level in range(levels + 1)]
        self.encoder = nn.ModuleList(
            TwoConvolutions(before, size)
            for before, size in zip([in_channels, *sizes], sizes, strict=False)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * size, size, 2, stride=2) for size in sizes[:-1]
        )
        self.decoder = nn.ModuleList(TwoConvolutions(2 * size, size) for size in sizes[:-1])
        self.head = nn.Conv2d(channels, classes, 1)
        for part in (self.encoder, self.decoder):
            initialize(part)

    def forward(self, x: Tensor) -> Tensor:
        x = divisible(x, self.levels)
        across = []
        for level, block in enumerate(self.encoder):
            x = block(F.max_pool2d(x, 2) if level else x)
            across.append(x)
        for level in reversed(range(self.levels)):
            x = self.up[level](x)
            beside = across[level] if self.shortcuts == "concatenate" else x
            x = self.decoder[level](torch.cat([beside, x], dim=1))
        logits: Tensor = self.head(x)
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not such a U-Net.

    The kind of shortcuts has no parameters, so it cannot be inferred.
    """
    shapes = shapes_in(state, {"encoder.0.conv1": 4, "head": 4})
    levels = len(numbers_in(state, r"up\.(\d+)\.weight$"))
    if shapes is None or not 1 <= levels <= _LARGEST["levels"]:
        return None
    (channels, in_channels, *_), (classes, *_) = shapes
    return {
        "levels": levels,
        "channels": channels,
        "in_channels": in_channels,
        "classes": classes,
    }


FAMILY = Family(
    pattern="unet",
    forms=("unet",),
    build=UNet,
    name_of=lambda settings: "unet",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"levels": 4, "channels": 64, "in_channels": 3, "classes": 2},
)
