"""Networks by name."""

from landscape.models.imagenet_resnet import ImageNetResNet
from landscape.models.resnet import SHORTCUTS, CifarResNet

__all__ = ["SHORTCUTS", "CifarResNet", "ImageNetResNet"]
