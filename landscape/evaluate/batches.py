"""A split as batches that a network takes: of examples in memory, or read in one pass."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from landscape.data import Examples, Stream
from landscape.problem import Problem


def batches(
    problem: Problem, examples: Examples | Stream, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs in the network's precision and targets, on the device, in their order.

    The batches of a stream have its own size.
    """
    if isinstance(examples, Stream):
        for inputs, targets in examples.batches():
            yield examples.preprocess(inputs, problem.dtype), targets
    else:
        for start in range(0, len(examples), batch_size):
            yield problem.prepare(examples, start, start + batch_size)
