"""Loss and error of a network during training."""

from __future__ import annotations

import torch
from torch import nn

from landscape.data import Examples
from landscape.metrics import METRICS, Metric, accuracy
from landscape.problem import OutputObjective, per_example


def error_rate(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """1 where the prediction is wrong, else 0; for masks the fraction of wrong pixels."""
    return 1.0 - accuracy(output, target)


OF_CLASSES = OutputObjective(
    {"loss": METRICS["cross_entropy"], "error": Metric(error_rate, "error rate")}, copies=True
)
OF_MASKS = OutputObjective({**OF_CLASSES.metrics, "iou": METRICS["iou"]}, copies=True)


def means_of(
    model: nn.Module, examples: Examples, objective: OutputObjective, batch_size: int
) -> dict[str, float]:
    """Mean of every metric over all examples, in evaluation mode, by name."""
    training = model.training
    model.eval()
    dtype = next(model.parameters()).dtype
    with torch.inference_mode():
        rows = per_example(objective, model, examples.batches(dtype, batch_size))
    model.train(training)
    means = rows.cpu().double().mean(dim=1).tolist()
    return dict(zip(objective.metrics, means, strict=True))


def evaluate_examples(
    model: nn.Module, examples: Examples, batch_size: int = 250
) -> tuple[float, float]:
    """Mean cross-entropy and error rate (fraction misclassified) in evaluation mode."""
    found = means_of(model, examples, OF_CLASSES, batch_size)
    return found["loss"], found["error"]
