"""Optimizers by name: ``(parameters, learning rate, momentum, weight decay)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer


def sgd(parameters: Iterable[Tensor], lr: float, momentum: float, weight_decay: float) -> Optimizer:
    """Stochastic gradient descent with Nesterov's momentum."""
    return SGD(parameters, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=True)


def adam(
    parameters: Iterable[Tensor], lr: float, momentum: float, weight_decay: float
) -> Optimizer:
    """Adam with β₁ = ``momentum`` and decoupled weight decay (AdamW, arXiv 1711.05101)."""
    return AdamW(parameters, lr=lr, betas=(momentum, 0.999), weight_decay=weight_decay)


OPTIMIZERS: dict[str, Callable[[Iterable[Tensor], float, float, float], Optimizer]] = {
    "sgd": sgd,
    "adam": adam,
}
