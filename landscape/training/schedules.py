"""Learning-rate schedules by name, advanced once a step: ``(optimizer, epochs, steps)``."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, MultiStepLR, OneCycleLR


def one_cycle(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """Up to the learning rate over the first 30% of all steps, down to zero along a cosine.

    Smith and Topin, arXiv 1708.07120; ``steps`` is the number of steps in an epoch.
    """
    if epochs * steps == 1:
        # The only step would be the cycle's last one, at next to no learning rate.
        return constant(optimizer, epochs, steps)
    return OneCycleLR(
        optimizer,
        max_lr=optimizer.defaults["lr"],
        total_steps=epochs * steps,
        cycle_momentum=False,
        pct_start=0.3,
    )


def tenths(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """A tenth after half and after three quarters of the epochs, as in He et al. (2016)."""
    milestones = [steps * math.ceil(epochs * part) for part in (0.5, 0.75)]
    return MultiStepLR(optimizer, milestones, gamma=0.1)


def constant(optimizer: Optimizer, epochs: int, steps: int) -> LRScheduler:
    """The learning rate as it is, whatever the numbers of epochs and steps."""
    return MultiStepLR(optimizer, [], gamma=1.0)


SCHEDULES: dict[str, Callable[[Optimizer, int, int], LRScheduler]] = {
    "onecycle": one_cycle,
    "step": tenths,
    "constant": constant,
}
