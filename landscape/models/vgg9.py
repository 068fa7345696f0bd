"""VGG-9 with batch normalization, the network without shortcuts of Li et al. (2018).

Seven 3×3 convolutions in three stages, each followed by max pooling, and two linear layers. The
names in the state dict are those of the published checkpoints.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913; after Simonyan and
Zisserman, *Very Deep Convolutional Networks*, arXiv 1409.1556.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from landscape.models.checks import check_settings
from landscape.models.family import Family
from landscape.models.weights import initialize, shapes_in

SHORTCUTS = ("none",)

_CONVOLUTIONS = (2, 2, 3)
"""Convolutions per stage; the channels double from stage to stage."""

_SIDE = 4
"""Side of the last feature map for 32×32 images, which the first linear layer expects."""


class Vgg9(nn.Module):
    """VGG-9 with batch normalization after every layer but the last.

    Takes images (n, in_channels, height, width), made for 32×32; gives logits (n, classes). For
    other image sizes the feature map is averaged to 4×4 before the first linear layer, or repeated
    if it is smaller: the single position left of 8×8 digits is used 16 times.

    Parameters
    ----------
    shortcuts
        ``none``.
    channels
        Channels of the first stage.
    """

    def __init__(
        self,
        shortcuts: str = "none",
        *,
        channels: int = 64,
        in_channels: int = 3,
        classes: int = 10,
    ) -> None:
        super().__init__()
        sizes = {"channels": channels, "in_channels": in_channels, "classes": classes}
        check_settings("vgg9", shortcuts, SHORTCUTS, sizes)
        before, layers = in_channels, list[nn.Module]()
        for stage, convolutions in enumerate(_CONVOLUTIONS):
            for _ in range(convolutions):
                after = channels * 2**stage
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
                before = after
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.fc = nn.Sequential(
            nn.Linear(before * _SIDE**2, before), nn.BatchNorm1d(before), nn.ReLU()
        )
        self.classifier = nn.Linear(before, classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        out = F.adaptive_avg_pool2d(self.features(x), _SIDE)
        logits: Tensor = self.classifier(self.fc(out.flatten(1)))
        return logits


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any] | None:
    """Settings inferred from a state dict; None if it is not a VGG-9."""
    shapes = shapes_in(state, {"features.0": 4, "fc.0": 2, "classifier": 2})
    convolutions = [key for key, p in state.items() if key.startswith("features.") and p.ndim == 4]
    if shapes is None or len(convolutions) != sum(_CONVOLUTIONS):
        return None
    (channels, in_channels, *_), hidden, (classes, _) = shapes
    most = channels * 2 ** (len(_CONVOLUTIONS) - 1)
    if hidden != [most, most * _SIDE**2]:
        return None
    return {"channels": channels, "in_channels": in_channels, "classes": classes}


FAMILY = Family(
    pattern="vgg9",
    forms=("vgg9",),
    build=Vgg9,
    name_of=lambda settings: "vgg9",
    shortcuts=SHORTCUTS,
    infer=inferred_settings,
    defaults={"channels": 64, "in_channels": 3, "classes": 10},
)
