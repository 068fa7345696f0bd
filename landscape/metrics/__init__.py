"""Per-example measurements of a network's output: ``(output, target) -> (n,)``.

They return one number per example and leave the mean to the evaluator, so that the standard error
is known and the last, partial batch has its correct weight. One file per family.
"""

from landscape.metrics.classes import accuracy, cross_entropy, top_k
from landscape.metrics.language import (
    next_token_accuracy,
    next_token_loss,
    token_accuracy,
    token_loss,
)
from landscape.metrics.metric import IGNORED, Metric, PerExample, check_targets
from landscape.metrics.named import (
    LOSSES,
    METRICS,
    metrics_for,
    more_metrics,
    names_in,
    usual_loss,
)
from landscape.metrics.regression import squared_error
from landscape.metrics.segmentation import (
    dice_loss,
    intersection_over_union,
    pixel_accuracy,
    pixel_loss,
)
from landscape.metrics.whole_network import WHOLE_NETWORK, whole_network_in

__all__ = [
    "IGNORED",
    "LOSSES",
    "METRICS",
    "WHOLE_NETWORK",
    "Metric",
    "PerExample",
    "accuracy",
    "check_targets",
    "cross_entropy",
    "dice_loss",
    "intersection_over_union",
    "metrics_for",
    "more_metrics",
    "names_in",
    "next_token_accuracy",
    "next_token_loss",
    "pixel_accuracy",
    "pixel_loss",
    "squared_error",
    "token_accuracy",
    "token_loss",
    "top_k",
    "usual_loss",
    "whole_network_in",
]
