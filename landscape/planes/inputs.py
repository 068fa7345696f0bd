"""A line or plane in the space of inputs: every example is moved, the weights stay.

Along ``gradient`` every number of an input moves by ε in the sign of the gradient of its example's
loss: the step of largest rise, to first order, among those of at most ε in every number (Goodfellow
et al., arXiv 1412.6572, equation 2). Along ``random`` it moves by ε in a random sign. Both are
different for each example, as in the usual pictures of adversarial robustness (Tramèr et al., arXiv
1705.07204, figure 3; Qin et al., arXiv 1907.02610, figure 5), and the value at a point is the mean
over examples. A coordinate is ε, in units of the network's input.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from landscape.data import Batch, Examples, Split, in_memory
from landscape.data.preprocess import NONE
from landscape.directions import Direction, generator_for
from landscape.directions.filters import Filters
from landscape.errors import InputError, argument, unknown_choice
from landscape.planes.spanned import Spanned
from landscape.problem import Problem
from landscape.problem.output import return_tensor, take_tensor
from landscape.problem.parameters import Moved

RANGE = "-0.1:0.1:25"
_BATCH = 128
_NAME = "offset"


class OffsetNetwork(nn.Module):
    """A network of inputs moved along directions of their own.

    Its one parameter, of shape (directions,), is the coordinate along each; its input of shape
    (n, 1 + directions, …) holds the inputs and the directions.

    >>> moved = OffsetNetwork(nn.Identity(), 1, torch.float32)
    >>> _ = moved.offset.data.fill_(0.5)
    >>> moved(torch.tensor([[[1.0, 2.0], [1.0, -1.0]]]))
    tensor([[1.5000, 1.5000]])
    """

    def __init__(self, network: nn.Module, directions: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network
        zeros = torch.zeros(directions, dtype=dtype)
        self.offset = nn.Parameter(zeros, requires_grad=False)
        self.directions = directions

    def forward(self, packed: Tensor) -> Tensor:
        inputs = packed[:, 0]
        for k in range(self.directions):
            inputs = inputs + self.offset[k] * packed[:, k + 1]
        out: Tensor = self.network(inputs)
        return out


def input_plane(problem: Problem, which: str, axes: int, seed: int = 0) -> Spanned:
    """The line or plane of inputs moved along ``gradient`` and ``random``.

    Parameters
    ----------
    which
        One or two of ``gradient`` and ``random``, separated by a comma.
    axes
        1 or 2.
    seed
        Seed of random signs.

    Raises
    ------
    InputError
        If the names do not fit the axes, or the inputs are not numbers that can be moved.
    """
    names = [name.strip() for name in which.split(",")]
    for name in names:
        if name not in _SIGNS:
            raise unknown_choice("direction of inputs", name, _SIGNS)
    if len(names) != axes or names == ["gradient"] * 2:
        raise InputError(
            f"{argument('directions', f'input:{which}')} on {axes} ax{'is' if axes == 1 else 'es'}"
            ": expected one direction for each, as in input:gradient,random"
        )
    splits = {
        name: _packed(problem, in_memory(examples), names, seed)
        for name, examples in problem.splits.items()
    }
    directions = []
    for axis, name in enumerate(names):
        vector = torch.zeros(axes, dtype=problem.dtype)
        vector[axis] = 1.0
        facts = {"kind": f"input {name}", "normalization": "none", "ignore": "none"}
        seeded = {"seed": seed} if name == "random" else {}
        directions.append(Direction({_NAME: vector}, {**facts, **seeded}))
    moving = _moving_inputs(problem, splits, axes)
    return Spanned(directions, ranges=[RANGE] * axes, problem=moving)


def _moving_inputs(problem: Problem, splits: dict[str, Examples], axes: int) -> Problem:
    network = copy.deepcopy(problem.model)
    for key, hook in list(network._forward_hooks.items()):
        if hook is take_tensor:
            del network._forward_hooks[key]
    moving = problem.with_splits(splits)
    moving.model = OffsetNetwork(network, axes, problem.dtype).to(problem.device).eval()
    return_tensor(moving.model)
    moving.origin = {_NAME: torch.zeros(axes, dtype=problem.dtype)}
    constant = tuple(name for name, _ in moving.model.named_parameters() if name != _NAME)
    moving.moved = Moved((_NAME,), constant, axes, "")
    moving.filters = Filters()
    moved = problem.moved.attributes
    moving.attributes = {k: v for k, v in problem.attributes.items() if k not in moved}
    return moving


def _packed(problem: Problem, examples: Split, names: list[str], seed: int) -> Examples:
    """Inputs in the network's precision, with the direction of each beside it."""
    parts = []
    generators = [generator_for(seed, axis) for axis in range(len(names))]
    for batch in examples.batches(problem.dtype, _BATCH):
        content = batch.content
        pairs = isinstance(examples, Examples) and isinstance(content, tuple)
        if not (pairs and isinstance(content[0], Tensor) and content[0].is_floating_point()):
            raise InputError(
                f"{argument('directions', 'input')}: the inputs of {examples.source} are not one "
                "tensor of floating-point numbers, so they cannot be moved"
            )
        signs = [
            _SIGNS[name](problem, batch, generator)
            for name, generator in zip(names, generators, strict=True)
        ]
        parts.append(torch.stack([content[0], *signs], dim=1))
    assert isinstance(examples, Examples)
    return replace(examples, inputs=torch.cat(parts), preprocess=NONE)


def _signs_of_gradient(problem: Problem, batch: Batch, generator: torch.Generator) -> Tensor:
    inputs, targets = batch.content
    with torch.inference_mode(False), torch.enable_grad():
        inputs = inputs.clone().requires_grad_()
        batch = Batch((inputs, targets))
        loss = problem.objective.loss_column(problem.model, batch).values.sum()
        if not loss.requires_grad:
            raise InputError(
                f"{argument('directions', 'input:gradient')}: the loss has no derivative with "
                "respect to the inputs; choose input:random"
            )
        gradient: Tensor = torch.autograd.grad(loss, inputs)[0]
    return gradient.sign()


def _random_signs(problem: Problem, batch: Batch, generator: torch.Generator) -> Tensor:
    inputs, _ = batch.content
    drawn = torch.randint(2, inputs.shape, generator=generator, dtype=torch.int8)
    return (drawn * 2 - 1).to(inputs)


_SIGNS: dict[str, Callable[[Problem, Batch, torch.Generator], Tensor]] = {
    "gradient": _signs_of_gradient,
    "random": _random_signs,
}
