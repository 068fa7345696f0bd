"""Metrics by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from landscape.errors import InputError, argument, unknown_choice
from landscape.metrics.classes import accuracy, cross_entropy, top_k
from landscape.metrics.language import (
    next_token_accuracy,
    next_token_loss,
    token_accuracy,
    token_loss,
)
from landscape.metrics.metric import Metric, PerExample, metric_of
from landscape.metrics.regression import squared_error
from landscape.metrics.segmentation import (
    dice_loss,
    intersection_over_union,
    pixel_accuracy,
    pixel_loss,
)
from landscape.metrics.whole_network import WHOLE_NETWORK, whole_network_in
from landscape.quantity import is_reserved

METRICS: dict[str, Metric] = {
    "cross_entropy": Metric(cross_entropy, "mean cross-entropy", "nats", 1, higher_is_better=False),
    "accuracy": Metric(accuracy, "top-1 accuracy", "1", 1, higher_is_better=True),
    "mse": Metric(squared_error, "mean squared error", higher_is_better=False),
    "pixel_loss": Metric(
        pixel_loss, "mean cross-entropy of pixels", "nats", 1, higher_is_better=False
    ),
    "pixel_accuracy": Metric(pixel_accuracy, "accuracy of pixels", "1", 1, higher_is_better=True),
    "dice_loss": Metric(
        dice_loss, "one minus the soft Dice coefficient", "1", 1, higher_is_better=False
    ),
    "iou": Metric(
        intersection_over_union, "intersection over union", "1", 1, higher_is_better=True
    ),
    "token_loss": Metric(
        token_loss, "mean cross-entropy of tokens", "nats", -1, higher_is_better=False
    ),
    "token_accuracy": Metric(token_accuracy, "accuracy of tokens", "1", -1, higher_is_better=True),
    "next_token_loss": Metric(
        next_token_loss, "mean cross-entropy of next tokens", "nats", -1, higher_is_better=False
    ),
    "next_token_accuracy": Metric(
        next_token_accuracy, "accuracy of next tokens", "1", -1, higher_is_better=True
    ),
}
"""In addition there is ``topK`` for any number, such as ``top5``."""

LOSSES: dict[str, dict[str, Metric]] = {
    "cross_entropy": {"loss": METRICS["cross_entropy"], "accuracy": METRICS["accuracy"]},
    "mse": {"loss": METRICS["mse"]},
    "pixel_loss": {
        "loss": METRICS["pixel_loss"],
        "accuracy": METRICS["pixel_accuracy"],
        "iou": METRICS["iou"],
    },
    "dice_loss": {"loss": METRICS["dice_loss"], "iou": METRICS["iou"]},
    "token_loss": {"loss": METRICS["token_loss"], "accuracy": METRICS["token_accuracy"]},
    "next_token_loss": {
        "loss": METRICS["next_token_loss"],
        "accuracy": METRICS["next_token_accuracy"],
    },
}
"""The metrics of each named loss; the first is the loss itself."""


def names_in(text: str) -> list[str]:
    """Split ``accuracy,top5`` into a list.

    Raises
    ------
    InputError
        If a name is empty.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(
            f"{argument('metrics')} {text!r}: an empty name; expected comma-separated names, such "
            f"as {argument('metrics', 'accuracy,top5')}"
        )
    return names


def usual_loss(masks: bool) -> str:
    """``pixel_loss`` for masks, ``cross_entropy`` for one label per example."""
    return "pixel_loss" if masks else "cross_entropy"


def metrics_for(loss: str | PerExample | Metric) -> dict[str, Metric]:
    """The metrics of a loss, given by name or as a per-example function."""
    if isinstance(loss, Metric) or callable(loss):
        return {"loss": metric_of(loss, f"mean of {_name_of(loss)}")}
    if loss not in LOSSES:
        raise unknown_choice("loss", loss, [*LOSSES, "package.module:function"])
    return dict(LOSSES[loss])


def more_metrics(
    asked: Mapping[str, PerExample | Metric] | Sequence[str | PerExample | Metric],
) -> dict[str, Metric]:
    """Per-example metrics in addition to the loss, by the names of their quantities.

    Names of :data:`landscape.metrics.WHOLE_NETWORK` are left out: they are not means over examples.

    Parameters
    ----------
    asked
        Names of :data:`METRICS`, ``topK``, and functions, named after themselves; or a dict of
        functions by name. An attribute ``higher_is_better`` of a function declares which way is
        better; a :class:`Metric` declares this and a unit.

    Raises
    ------
    InputError
        For an unknown, duplicate or reserved name.
    """
    if isinstance(asked, str):
        raise InputError(f"metrics={asked!r} is a string; expected a list, such as [{asked!r}]")
    whole = whole_network_in(asked)
    pairs = (
        [(name, metric_of(function, f"mean of {name}")) for name, function in asked.items()]
        if isinstance(asked, Mapping)
        else [_named(one) for one in asked if one not in whole]
    )
    found: dict[str, Metric] = {}
    for name, metric in pairs:
        if name in found and found[name] != metric:
            raise InputError(f"two metrics are called {name!r}; give one of them another name")
        if is_reserved(name):
            raise InputError(
                f"a metric called {name!r}: loss, count and names that end in _stderr or contain a "
                "slash are reserved; give it another name"
            )
        found[name] = metric
    return found


def _named(asked: str | PerExample | Metric) -> tuple[str, Metric]:
    if not isinstance(asked, str):
        return _name_of(asked), metric_of(asked, f"mean of {_name_of(asked)}")
    match = re.fullmatch(r"top([1-9][0-9]{0,5})", asked)
    if match:
        return asked, Metric(
            top_k(int(match[1])), f"top-{match[1]} accuracy", "1", 1, higher_is_better=True
        )
    if asked not in METRICS:
        raise unknown_choice(
            "metric", asked, [*METRICS, *WHOLE_NETWORK, "top5", "package.module:function"]
        )
    return asked, METRICS[asked]


def _name_of(metric: PerExample | Metric) -> str:
    """The name of a function, or of a metric's function."""
    function = metric.function if isinstance(metric, Metric) else metric
    return getattr(function, "__name__", type(function).__name__)
