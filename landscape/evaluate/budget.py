"""How much time choosing a way of computing may take: a small part of that of the run."""

from __future__ import annotations

import math
import time

import torch

from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.settings import Settings
from landscape.plane import Plane
from landscape.problem import Problem

SHARE = 0.03
"""Largest part of the time that the run is expected to take in the plain way."""

LEAST_IMAGES = 1_000
"""A run of fewer examples is over before anything is tried."""

_MEASURED = 0.005  # of the examples of the run: two passes of these show its speed


class Budget:
    """Time for trials, from when it is made on.

    ``seconds``: infinite is no limit.

    Attributes
    ----------
    per_example
        Seconds of an example in a forward pass, as far as is known.
    refused
        Whether something was not tried for lack of time.
    """

    def __init__(self, seconds: float = math.inf, per_example: float = 0.0) -> None:
        self._end, self.per_example = time.perf_counter() + seconds, per_example
        self.refused = False

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - time.perf_counter()

    def allows(self, examples: int) -> bool:
        """Whether forward passes of so many examples are expected to end in time.

        >>> Budget(60.0, per_example=0.1).allows(500), Budget(60.0, per_example=0.1).allows(700)
        (True, False)
        """
        fits = examples * self.per_example < self.left
        self.refused |= not fits
        return fits

    @staticmethod
    def of_run(problem: Problem, plane: Plane, settings: Settings, examples: int) -> Budget:
        """That of a run of so many examples, whose speed is measured in one batch.

        ``settings``: the plain ones.
        """
        if examples < LEAST_IMAGES:
            return Budget(0.0)
        start = time.perf_counter()
        few = next(iter(problem.splits.values()))
        few = few.head(max(1, min(settings.batch_size, int(_MEASURED * examples))))
        batch = few.batch(problem.dtype)
        with exactly(problem.objective.needs_gradients):
            network = PointNetwork(problem, plane.to(problem.device), settings)
            network.move_to([0.0] * len(plane.axes))
            for _ in range(2):  # the first is slower
                begin = time.perf_counter()
                problem.objective.outputs(network, batch)
                synchronize(batch.device)
                per_example = (time.perf_counter() - begin) / len(batch)
        seconds = SHARE * per_example * examples
        return Budget(seconds - (time.perf_counter() - start), per_example)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
