"""Loss and error of a network that is being trained."""

from __future__ import annotations

import torch
from torch import nn

from landscape.data import Examples
from landscape.metrics import accuracy, cross_entropy


def evaluate_examples(
    model: nn.Module, examples: Examples, batch_size: int = 250
) -> tuple[float, float]:
    """Mean cross-entropy and error (fraction of wrong answers) in evaluation mode."""
    training = model.training
    model.eval()
    dtype = next(model.parameters()).dtype
    losses, right = [], []
    with torch.inference_mode():
        for start in range(0, len(examples), batch_size):
            part = slice(start, start + batch_size)
            output = model(examples.preprocess(examples.inputs[part], dtype))
            target = examples.targets[part]
            losses.append(cross_entropy(output, target))
            right.append(accuracy(output, target))
    model.train(training)
    loss, correct = (torch.cat(rows).cpu().double() for rows in (losses, right))
    return loss.mean().item(), (1.0 - correct).mean().item()
