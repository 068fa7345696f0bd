"""Networks by name."""

from landscape.models.resnet import SHORTCUTS, CifarResNet

__all__ = ["SHORTCUTS", "CifarResNet"]
