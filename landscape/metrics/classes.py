"""Metrics of class labels, per example or per position (pixel)."""

from __future__ import annotations

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.errors import InputError
from landscape.metrics.metric import IGNORED, PerExample, mean_over_positions


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """−log softmax(output)[target] in nats; output (n, classes, …), mean over positions.

    Positions labelled −100 are ignored.
    """
    values = F.cross_entropy(output, target.long(), reduction="none", ignore_index=IGNORED)
    return mean_over_positions(values, target)


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """1 where the target has the largest logit, else 0, NaN where a logit is; (n, classes, …).

    Mean over the positions, as in :func:`cross_entropy`.
    """
    return mean_over_positions(found_in(output, output.argmax(dim=1) == target), target)


def found_in(output: Tensor, right: Tensor) -> Tensor:
    """Yes and no as 1 and 0, but NaN where an output is NaN, which has no largest class.

    ``output``: shape (n, classes, …); ``right``: shape (n, …).
    """
    return torch.where(output.isnan().any(dim=1), math.nan, right.to(output.dtype))


@cache  # so that the same name is the same metric
def top_k(k: int) -> PerExample:
    """A metric: 1 where the target is among the k largest logits, else 0.

    Raises
    ------
    InputError
        From the metric, if the network has fewer than k classes.
    """

    def top(output: Tensor, target: Tensor) -> Tensor:
        if output.shape[1] < k:
            raise InputError(
                f"top{k} needs {k} or more classes, but the network has {output.shape[1]} "
                f"outputs; choose a smaller number, such as top{output.shape[1]}"
            )
        found = output.topk(k, dim=1).indices == target.unsqueeze(1)
        return mean_over_positions(found_in(output, found.any(dim=1)), target)

    return top
