"""The loss along a path between two networks, for each treatment of batch-norm statistics."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np
from tqdm import tqdm

from landscape.curve.bezier import State
from landscape.data import in_memory
from landscape.errors import check_choice
from landscape.evaluate.in_memory import mean_loss
from landscape.evaluate.statistics_of_norms import norms_with_statistics, reestimate_statistics
from landscape.grid import FloatArray
from landscape.problem import Problem

STATISTICS = ("stored", "interpolated", "re-estimated")
"""Running statistics along a path: those of A everywhere, those of the path's states, or
recomputed at every point from the examples."""


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
        Provides network, loss and examples.
    path
        Maps t to parameters and buffers, as :func:`landscape.curve.line_point` does.
    t
        Shape (n,).
    statistics
        One of :data:`STATISTICS`.
    batch_size
        Batch size for recomputing statistics.

    Returns
    -------
    ndarray
        Shape (n,), float64.
    """
    check_choice("batch-norm statistics", statistics, STATISTICS)
    examples = in_memory(next(iter(problem.splits.values())))
    model = copy.deepcopy(problem.model)
    stored = {name: path(0.0)[name] for name, _ in model.named_buffers()}
    losses = []
    for place in tqdm(t.tolist(), desc=title, unit="point", disable=not progress):
        state = path(place)
        model.load_state_dict({**state, **stored} if statistics == "stored" else state)
        if statistics == "re-estimated":
            batches = examples.even_batches(problem.dtype, batch_size)
            reestimate_statistics(model, batches, partial(problem.objective.outputs, model))
        losses.append(mean_loss(problem, model))
    return np.array(losses)


def has_statistics(problem: Problem) -> bool:
    """Whether the network has batch-norm running statistics."""
    return bool(norms_with_statistics(problem.model))
