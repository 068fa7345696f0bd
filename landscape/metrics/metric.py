"""The metric type, and shared checks for metrics of class labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.quantity import HIGHER, LOWER

PerExample = Callable[[Tensor, Tensor], Tensor]

IGNORED = -100
"""The label of ignored positions (pixels, tokens), as in torch and Hugging Face."""


@dataclass(frozen=True)
class Metric:
    """A per-example function with the name and the unit of its mean.

    Attributes
    ----------
    class_dim
        For class labels, the dimension of the output that runs over the classes.
    higher_is_better
        Which way is better, to mark the best point in pictures; None if unknown.
    """

    function: PerExample
    long_name: str
    units: str = "1"
    class_dim: int | None = None
    higher_is_better: bool | None = None

    def __post_init__(self) -> None:
        if self.higher_is_better not in (None, True, False):
            raise InputError(
                f"higher_is_better {self.higher_is_better!r}: expected True, False or None"
            )

    @property
    def better(self) -> str | None:
        """``higher``, ``lower`` or None, as in a quantity."""
        if self.higher_is_better is None:
            return None
        return HIGHER if self.higher_is_better else LOWER


def metric_of(function: PerExample | Metric, long_name: str) -> Metric:
    """A metric unchanged, or one made from a function, which may have ``higher_is_better``."""
    if isinstance(function, Metric):
        return function
    declared = getattr(inspect.unwrap(function), "higher_is_better", None)
    return Metric(function, long_name, higher_is_better=declared)


def mean_over_positions(values: Tensor, targets: Tensor) -> Tensor:
    """Mean over the counted positions of each example, (n, …) to (n,).

    So examples have equal weight, however many of their positions count. Raises an InputError if an
    example has no counted position: its mean would be 0/0.
    """
    if values.ndim == 1:
        return values
    counted = counted_positions(targets)
    kept = torch.where(counted, values, torch.zeros_like(values))
    return kept.flatten(1).sum(dim=1) / counted.flatten(1).sum(dim=1)


def _hint(output: Tensor, targets: Tensor) -> str:
    """A hint for labels whose shape does not match the logits."""
    if output.ndim == 3 and targets.shape[1:] == output.shape[1:2]:
        return "; for logits (n, tokens, vocabulary) there are token_loss and next_token_loss"
    if output.ndim == 2 and targets.ndim > 2:
        return (
            ": these are masks, but the network has one prediction per image; choose a network "
            "for segmentation, such as unet"
        )
    if output.ndim == 4 and targets.ndim == 1:
        return (
            ": each image has one label, but the network has one prediction per pixel; choose "
            "data with masks, such as scenes, or a classifier, such as resnet20"
        )
    if output.ndim == 4 and targets.ndim == 3:
        came, own = (" x ".join(map(str, t.shape[-2:])) for t in (targets, output))
        return (
            f": masks of {came} pixels, outputs of {own} pixels; resize the masks like the images, "
            "with the nearest pixel's label"
        )
    return ""


def counted_positions(targets: Tensor) -> Tensor:
    """A mask of the counted positions, of the targets' shape, at least one per example."""
    counted = targets != IGNORED
    empty = ~counted.flatten(1).any(dim=1)
    if empty.any():
        raise InputError(
            f"example {int(empty.int().argmax())} of a batch of {len(targets)} has only ignored "
            f"labels ({IGNORED}), so its mean is undefined: leave such examples out"
        )
    return counted


def check_targets(
    output: Tensor,
    targets: Tensor,
    source: str,
    name: str = "cross_entropy",
    class_dim: int = 1,
) -> None:
    """Check that class labels fit the network's logits.

    Parameters
    ----------
    output
        Logits (n, classes, …), or with the classes in the dimension ``class_dim``.
    targets
        Labels (n, …), or a subset with the smallest and the largest.
    name
        Name of the metric in messages.

    Raises
    ------
    InputError
        Naming the labels found and the number of classes.
    """
    least = 2 if class_dim == 1 else 3
    if not isinstance(output, Tensor) or output.ndim < least:
        came = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
        wanted = "(n, classes)" if class_dim == 1 else "(n, tokens, vocabulary)"
        raise InputError(
            f"{name} needs logits of shape {wanted}, but the network returns {came}; choose "
            "another loss"
        )
    positions = list(output.shape[1:])
    classes = positions.pop(class_dim if class_dim < 0 else class_dim - 1)
    if targets.is_floating_point() or list(targets.shape[1:]) != positions:
        raise InputError(
            f"{source}: {name} needs integer targets of shape "
            f"({', '.join(map(str, ('n', *positions)))}), "
            f"got {targets.dtype} {tuple(targets.shape)}"
            f"{_hint(output, targets)}"
        )
    counted = targets[targets != IGNORED] if positions else targets
    low, high = (int(counted.min()), int(counted.max())) if counted.numel() else (0, 0)
    if low < 0 or high >= classes:
        raise InputError(
            f"{source}: labels run from {low} to {high}, but the network has {classes} outputs "
            f"(labels 0 to {classes - 1}); use data and network with the same classes"
        )
