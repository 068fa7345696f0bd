"""Settings of a training run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landscape.errors import InputError, argument, check_choice
from landscape.training.optimizers import OPTIMIZERS
from landscape.training.schedules import SCHEDULES

LARGEST = 2**32 - 1  # of any integer: seed and epoch are mixed into 64 bits


@dataclass(frozen=True)
class TrainingSettings:
    """All settings of a training run, apart from network and data.

    Attributes
    ----------
    epochs
        Passes over the training examples.
    lr
        The (largest) learning rate.
    momentum, weight_decay
        Of the optimizer; Nesterov momentum for ``sgd``, β₁ for ``adam``.
    batch_size
        Examples per step; the last batch of an epoch may be smaller.
    schedule
        ``onecycle``: up to ``lr`` over the first 30% of the steps and down to zero along a cosine
        (Smith and Topin, arXiv 1708.07120); ``step``: divided by ten after half and three quarters
        of the epochs, as in He et al.; ``constant``.
    seed
        For the initial weights and the order of the examples.
    checkpoint_every
        Epochs between checkpoints; 0 keeps only the first and the last.
    optimizer
        ``sgd`` or ``adam``; see :mod:`landscape.training.optimizers`.
    """

    epochs: int = 25
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    batch_size: int = 128
    schedule: str = "onecycle"
    seed: int = 0
    checkpoint_every: int = 0
    optimizer: str = "sgd"

    def __post_init__(self) -> None:
        bounds = [("epochs", 1), ("batch_size", 1), ("checkpoint_every", 0), ("seed", 0)]
        for name, least in bounds:
            value = getattr(self, name)
            if value < least:
                raise InputError(f"{argument(name, value)}: expected at least {least}")
            if value > LARGEST:
                raise InputError(f"{argument(name, value)}: expected at most {LARGEST}")
        if not (self.lr > 0 and math.isfinite(self.lr)):
            raise InputError(f"{argument('lr', self.lr)}: expected a positive number")
        if not (0 < self.momentum < 1 and 0 <= self.weight_decay < math.inf):
            raise InputError(
                f"{argument('momentum', self.momentum)} and "
                f"{argument('weight_decay', self.weight_decay)}: expected a "
                "momentum between 0 and 1 and a weight decay of at least 0"
            )
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
