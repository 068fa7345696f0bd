"""Learning-rate schedules by name, advanced once per step: ``(optimizer, epochs, steps)``."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, MultiStepLR, OneCycleLR


def one_cycle(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """Rise to the learning rate over the first 30% of all steps, then fall to zero along a cosine.

    Smith and Topin, arXiv 1708.07120; ``steps`` is the number of steps in an epoch.
    """
    if epochs * steps == 1:
        # A single step would be the cycle's last one, with a learning rate near zero.
        return constant(optimizer, epochs, steps)
    return OneCycleLR(
        optimizer,
        max_lr=optimizer.defaults["lr"],
        total_steps=epochs * steps,
        cycle_momentum=False,
        pct_start=0.3,
    )


def tenths(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """Divide the learning rate by ten after half and three quarters of the epochs (He et al.,
    2016)."""
    milestones = [steps * math.ceil(epochs * part) for part in (0.5, 0.75)]
    return MultiStepLR(optimizer, milestones, gamma=0.1)


def constant(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """Keep the learning rate constant."""
    return MultiStepLR(optimizer, [], gamma=1.0)


SCHEDULES: dict[str, Callable[[Optimizer, int, int], LRScheduler]] = {
    "onecycle": one_cycle,
    "step": tenths,
    "constant": constant,
}
