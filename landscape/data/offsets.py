"""Examples with directions beside them, along which their inputs can be moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from landscape.data.examples import Examples
from landscape.data.preprocess import NONE
from landscape.errors import InputError

DirectionOfExamples = Callable[[Examples], Tensor]
"""Maps examples to a direction of each, of the shape of the inputs."""

_AT_ONCE = 128


def with_directions(
    examples: Examples, dtype: torch.dtype, directions: Sequence[DirectionOfExamples]
) -> Examples:
    """The examples with inputs of shape (n, 1 + directions, …): their own, then the directions.

    Inputs are preprocessed into ``dtype``; the directions are computed batch by batch.

    Raises
    ------
    InputError
        If the inputs are integers.

    Examples
    --------
    >>> some = Examples(torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1]))
    >>> with_directions(some, torch.float32, [lambda few: -few.inputs]).inputs.tolist()
    [[[1.0], [-1.0]], [[2.0], [-2.0]]]
    """
    parts = []
    for start in range(0, len(examples), _AT_ONCE):
        few = examples[start : start + _AT_ONCE]
        inputs = few.preprocess(few.inputs, dtype)
        if not inputs.is_floating_point():
            raise InputError(
                f"{examples.source}: the inputs are {inputs.dtype}, not floating-point numbers, so "
                "they cannot be moved"
            )
        few = replace(few, inputs=inputs, preprocess=NONE)
        parts.append(torch.stack([inputs, *(make(few) for make in directions)], dim=1))
    return replace(examples, inputs=torch.cat(parts), preprocess=NONE)


def differentiable(examples: Examples) -> tuple[Tensor, Examples]:
    """The inputs as a leaf of autograd, and the examples with them."""
    inputs = examples.inputs.clone().requires_grad_()
    return inputs, replace(examples, inputs=inputs)


def random_signs(examples: Examples, generator: torch.Generator) -> Tensor:
    """−1 or 1 for every number of the inputs, with equal probability."""
    drawn = torch.randint(2, examples.inputs.shape, generator=generator, dtype=torch.int8)
    return (drawn * 2 - 1).to(examples.inputs)
