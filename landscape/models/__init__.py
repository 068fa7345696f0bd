"""Built-in networks."""

from landscape.models.densenet import CifarDenseNet
from landscape.models.four_block_densenet import FourBlockDenseNet
from landscape.models.four_stage_resnet import FourStageResNet
from landscape.models.highway import HighwayNetwork
from landscape.models.imagenet_densenet import ImageNetDenseNet
from landscape.models.imagenet_resnet import ImageNetResNet
from landscape.models.resnet import SHORTCUTS, CifarResNet
from landscape.models.vgg9 import Vgg9

__all__ = [
    "SHORTCUTS",
    "CifarDenseNet",
    "CifarResNet",
    "FourBlockDenseNet",
    "FourStageResNet",
    "HighwayNetwork",
    "ImageNetDenseNet",
    "ImageNetResNet",
    "Vgg9",
]
