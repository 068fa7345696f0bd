"""Per-example measurements of a network's output: ``(output, target) -> (n,)``.

They return one number for each example and leave the mean to the evaluator, so that the standard
error is known and the last, partial batch weighs what it should.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from landscape.errors import InputError, unknown_choice

PerExample = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Metric:
    """A per-example function with what its mean is called and the unit it is in."""

    function: PerExample
    long_name: str
    units: str = "1"


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """−log softmax(output)[target] in nats; output (n, classes, …), mean over positions."""
    return _per_example(F.cross_entropy(output, target, reduction="none"))


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """1 where the largest logit is the target's, else 0; output (n, classes, …)."""
    return _per_example((output.argmax(dim=1) == target).to(output.dtype))


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """The mean over outputs of (output − target)².

    Raises
    ------
    InputError
        If outputs and targets differ in shape; torch would broadcast them to something else.
    """
    if not isinstance(output, Tensor) or output.shape != target.shape:
        came = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise InputError(
            f"mse compares each output with its target, but the network gives {came} and the "
            f"targets are {tuple(target.shape)}; for class labels choose cross_entropy"
        )
    return _per_example(F.mse_loss(output, target.to(output.dtype), reduction="none"))


def _per_example(values: Tensor) -> Tensor:
    return values if values.ndim == 1 else values.flatten(1).mean(dim=1)


LOSSES: dict[str, dict[str, Metric]] = {
    "cross_entropy": {
        "loss": Metric(cross_entropy, "mean cross-entropy", "nats"),
        "accuracy": Metric(accuracy, "top-1 accuracy", "1"),
    },
    "mse": {"loss": Metric(squared_error, "mean squared error", "1")},
}
"""What each loss by name measures; the first is the loss itself."""


def metrics_for(loss: str | PerExample) -> dict[str, Metric]:
    """The measurements that belong to a loss: by name, or a per-example function."""
    if callable(loss):
        name = getattr(loss, "__name__", type(loss).__name__)
        return {"loss": Metric(loss, f"mean of {name}")}
    if loss not in LOSSES:
        raise unknown_choice("loss", loss, [*LOSSES, "package.module:function"])
    return dict(LOSSES[loss])


def check_targets(output: Tensor, targets: Tensor, source: str) -> None:
    """Class labels must fit the logits (n, classes, …) that the network gives.

    Raises
    ------
    InputError
        Naming the labels found and the number of classes.
    """
    if not isinstance(output, Tensor) or output.ndim < 2:
        came = tuple(output.shape) if isinstance(output, Tensor) else f"a {type(output).__name__}"
        raise InputError(
            f"cross_entropy needs logits of shape (n, classes), but the network gives {came}; "
            "choose another loss"
        )
    if targets.is_floating_point() or targets.ndim != output.ndim - 1:
        raise InputError(
            f"{source}: cross_entropy needs integer targets of shape "
            f"{('n', *tuple(output.shape[2:]))}, got {targets.dtype} {tuple(targets.shape)}"
        )
    classes, low, high = output.shape[1], int(targets.min()), int(targets.max())
    if low < 0 or high >= classes:
        raise InputError(
            f"{source}: labels run from {low} to {high}, but the network has {classes} outputs "
            f"(labels 0 to {classes - 1}); these data and this network do not belong together"
        )
