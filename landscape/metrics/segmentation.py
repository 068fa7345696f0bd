"""Metrics of pixel labels: one score per image, all images with equal weight.

Logits are (n, classes, …), labels (n, …); pixels labelled −100 are ignored.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.errors import InputError
from landscape.metrics.classes import accuracy, cross_entropy
from landscape.metrics.metric import counted_positions


def pixel_loss(output: Tensor, target: Tensor) -> Tensor:
    """:func:`landscape.metrics.cross_entropy`, averaged over the pixels of each image, in nats."""
    _check_masks(target)
    return cross_entropy(output, target)


def pixel_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The fraction of an image's pixels whose label has the largest logit."""
    _check_masks(target)
    return accuracy(output, target)


def dice_loss(output: Tensor, target: Tensor) -> Tensor:
    """1 − the soft Dice coefficient, averaged over the classes in the image.

    For class c it is 2 Σ p g / (Σ p + Σ g) with p the softmax probability of c at a pixel and g
    whether the pixel is of c (Milletari et al., *V-Net*, arXiv 1606.04797; with sums instead of
    sums of squares, as in Drozdzal et al., arXiv 1608.04117). Classes absent from the image are
    left out: their coefficient is always 0.
    """
    predicted, true = _shares(output.softmax(dim=1), target)
    both = (predicted * true).sum(dim=2)
    sizes = predicted.sum(dim=2) + true.sum(dim=2)
    return 1.0 - _mean_where(2.0 * both / sizes, true.any(dim=2))


def intersection_over_union(output: Tensor, target: Tensor) -> Tensor:
    """|A ∩ B| / |A ∪ B| of predicted and true pixels, averaged over classes in either.

    The prediction is the class of the largest logit; the result is NaN where a logit is. A class
    that is predicted but absent counts as 0.
    """
    largest = F.one_hot(output.argmax(dim=1), output.shape[1]).movedim(-1, 1)
    lost = output.isnan().any(dim=1, keepdim=True)
    predicted, true = _shares(torch.where(lost, math.nan, largest.to(output.dtype)), target)
    both = (predicted * true).sum(dim=2)
    union = predicted.sum(dim=2) + true.sum(dim=2) - both
    return _mean_where(both / union, union > 0)


def _shares(predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Predictions and targets, both (n, classes, pixels), 0 for ignored pixels."""
    _check_masks(target)
    counted = counted_positions(target).flatten(1)
    labels = torch.where(counted, target.flatten(1).long(), 0)
    true = F.one_hot(labels, predicted.shape[1]).movedim(-1, 1).to(predicted.dtype)
    seen = counted[:, None]
    return torch.where(seen, predicted.flatten(2), 0), torch.where(seen, true.flatten(2), 0)


def _check_masks(target: Tensor) -> None:
    if target.ndim < 2:
        raise InputError(
            "pixel_loss, pixel_accuracy, dice_loss and iou are for the regions of an image: "
            f"expected labels (n, …) of every pixel, got {tuple(target.shape)}; for one label per "
            "image choose cross_entropy and accuracy"
        )


def _mean_where(values: Tensor, kept: Tensor) -> Tensor:
    """Mean over the kept classes, (n, classes) to (n,)."""
    return torch.where(kept, values, 0).sum(dim=1) / kept.sum(dim=1)
