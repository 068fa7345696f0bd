"""The networks compared: one for each kind of skip connection, of similar size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SKIPS = ("with", "without")
SCENES = "scenes"
"""Data of the segmentation network, independent of the others."""


@dataclass(frozen=True)
class Variant:
    """A kind of skip connection, and a network that has it.

    ``name``: what the skip connection does. ``shortcuts``: kind of shortcuts of that network;
    ``none`` has the same number of parameters. ``masks``: whether the network predicts a class for
    each pixel.
    """

    name: str
    network: str
    shortcuts: str
    settings: Mapping[str, int] = field(default_factory=dict)
    masks: bool = False

    def options(self, skips: str) -> dict[str, str | int]:
        """Options of the network ``with`` or ``without`` shortcuts."""
        return {"shortcuts": self.shortcuts if skips == "with" else "none", **self.settings}


def folder_of(variant: str, skips: str) -> str:
    """Name of the folder a network is trained in."""
    return f"{variant.replace(' ', '-')}-{skips}"


VARIANTS: dict[str, tuple[Variant, ...]] = {
    # 246,058 to 272,440 parameters.
    "small": (
        Variant("add", "resnet20", "identity"),
        Variant("gate", "highway11", "gate"),
        Variant("concatenate", "densenet40", "concatenate", {"growth": 15}),
        Variant("long skip", "unet", "concatenate", {"levels": 3, "channels": 12}, masks=True),
    ),
    # 0.77 to 0.86 million parameters.
    "paper": (
        Variant("add", "resnet56", "identity"),
        Variant("gate", "highway29", "gate"),
        Variant("concatenate", "densenet100", "concatenate"),
        Variant("long skip", "unet", "concatenate", {"levels": 3, "channels": 21}, masks=True),
    ),
}
"""Variants by size. Each is compared with itself without shortcuts; all have similar sizes."""
