"""The networks that are compared: one for each way to skip a layer, of about one size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SKIPS = ("with", "without")
SCENES = "scenes"
"""What a network for segmentation is trained on, whatever the others are."""


@dataclass(frozen=True)
class Variant:
    """A way to skip layers, and a network that does.

    Attributes
    ----------
    name
        What happens to what was skipped.
    network
        As on the command line.
    shortcuts
        Their kind in that network; its opposite is ``none``, at the same parameters.
    settings
        Others of the network.
    masks
        Whether it answers for every pixel.
    """

    name: str
    network: str
    shortcuts: str
    settings: Mapping[str, int] = field(default_factory=dict)
    masks: bool = False

    def options(self, skips: str) -> dict[str, str | int]:
        """Those of the network ``with`` or ``without`` shortcuts."""
        return {"shortcuts": self.shortcuts if skips == "with" else "none", **self.settings}


def folder_of(variant: str, skips: str) -> str:
    """Where a network is trained."""
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
"""By size. Each is compared with itself without shortcuts; sizes match across variants as well."""
