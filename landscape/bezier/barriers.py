"""The loss along a path between two networks, by what becomes of batch-norm statistics."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from landscape.bezier.curve import State
from landscape.data import Examples, in_memory
from landscape.errors import unknown_choice
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.statistics_of_norms import (
    even_batches,
    norms_with_statistics,
    reestimate_statistics,
)
from landscape.grid import FloatArray
from landscape.problem import Problem

STATISTICS = ("stored", "interpolated", "re-estimated")
"""Running statistics along a path: those of A everywhere, those of the path's own states, or
computed anew at every point from the examples."""

_BATCH = 250


def losses_along(
    problem: Problem,
    path: Callable[[float], State],
    t: FloatArray,
    statistics: str,
    *,
    batch_size: int = 128,
    progress: bool = False,
    title: str = "path",
) -> FloatArray:
    """Mean losses over the examples of the problem's first split.

    Parameters
    ----------
    problem
        Network, loss and examples.
    path
        From t to parameters and buffers, as :func:`landscape.bezier.line_point` makes them.
    t
        Shape (n,).
    statistics
        One of :data:`STATISTICS`.
    batch_size
        Of the batches that statistics are computed from.

    Returns
    -------
    ndarray
        Shape (n,), float64.
    """
    if statistics not in STATISTICS:
        raise unknown_choice("batch-norm statistics", statistics, STATISTICS)
    examples = in_memory(next(iter(problem.splits.values())))
    model = copy.deepcopy(problem.model)
    stored = {name: path(0.0)[name] for name, _ in model.named_buffers()}
    losses = []
    for place in tqdm(t.tolist(), desc=title, unit="point", disable=not progress):
        state = path(place)
        model.load_state_dict({**state, **stored} if statistics == "stored" else state)
        if statistics == "re-estimated":
            reestimate_statistics(model, even_batches(examples, problem.dtype, batch_size))
        losses.append(_mean_loss(problem, model, examples))
    return np.array(losses)


def loss_of(problem: Problem, state: Mapping[str, Tensor]) -> float:
    """The mean loss of a network as it is, over the examples of the problem's first split."""
    model = copy.deepcopy(problem.model)
    model.load_state_dict(dict(state))
    return _mean_loss(problem, model, in_memory(next(iter(problem.splits.values()))))


def has_statistics(problem: Problem) -> bool:
    """Whether the network normalizes by running statistics at all."""
    return bool(norms_with_statistics(problem.model))


def _mean_loss(problem: Problem, model: nn.Module, examples: Examples) -> float:
    losses = []
    with exactly():
        for start in range(0, len(examples), _BATCH):
            inputs, targets = problem.prepare(examples, start, start + _BATCH)
            losses.append(problem.metrics["loss"].function(model(inputs), targets))
        return torch.cat(losses).cpu().double().mean().item()
