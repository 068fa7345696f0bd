"""Loss and error of a network that is being trained."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from landscape.data import Examples
from landscape.metrics import PerExample, accuracy, cross_entropy


def means_of(
    model: nn.Module, examples: Examples, metrics: Mapping[str, PerExample], batch_size: int
) -> dict[str, float]:
    """The mean over all examples of every metric, in evaluation mode, by name."""
    training = model.training
    model.eval()
    dtype = next(model.parameters()).dtype
    values: dict[str, list[torch.Tensor]] = {name: [] for name in metrics}
    with torch.inference_mode():
        for start in range(0, len(examples), batch_size):
            part = slice(start, start + batch_size)
            output = model(examples.preprocess(examples.inputs[part], dtype))
            for name, metric in metrics.items():
                values[name].append(metric(output, examples.targets[part]))
    model.train(training)
    return {name: torch.cat(rows).cpu().double().mean().item() for name, rows in values.items()}


def evaluate_examples(
    model: nn.Module, examples: Examples, batch_size: int = 250
) -> tuple[float, float]:
    """Mean cross-entropy and error (fraction of wrong answers) in evaluation mode."""
    metrics = {"loss": cross_entropy, "error": error_rate}
    found = means_of(model, examples, metrics, batch_size)
    return found["loss"], found["error"]


def error_rate(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """1 where the answer is wrong, else 0; of masks the share of the pixels that are wrong."""
    return 1.0 - accuracy(output, target)
