"""Point by point over examples that stay on the device."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from landscape.data import Examples
from landscape.evaluate.statistics import mean_and_stderr
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem


def evaluate(
    problem: Problem, plane: Plane, points: FloatArray, indices: Sequence[int]
) -> Iterator[tuple[int, dict[str, float]]]:
    """Measure the problem at chosen points of a plane.

    Parameters
    ----------
    problem, plane
        What is measured, and where.
    points
        Shape (size, number of axes): all coordinates of the grid.
    indices
        Which rows of ``points`` to measure, in this order.

    Yields
    ------
    tuple
        The index, and for every quantity of the problem its value there. Values do not depend on
        which other points are measured, or in which order. NaN and infinity come as they are.
    """
    model = copy.deepcopy(problem.model)
    plane = plane.to(problem.device)
    for index in indices:
        yield index, _measure(problem, model, plane, points[index])


def _measure(
    problem: Problem, model: nn.Module, plane: Plane, point: FloatArray
) -> dict[str, float]:
    found: dict[str, float] = {}
    # TensorFloat-32 keeps 10 bits of the mantissa and is cuDNN's silent default: not for us.
    with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
        plane.write(point, model)
        for split, examples in problem.splits.items():
            # One transfer per split and point: nothing is fetched batch by batch.
            per_example = _per_example(problem, model, examples).cpu().double().numpy()
            for name, values in zip(problem.metrics, per_example, strict=True):
                key = problem.prefixed(split, name)
                mean, stderr = mean_and_stderr(values, examples.population)
                found[key], found[f"{key}_stderr"] = mean, stderr
            found[problem.prefixed(split, "count")] = float(len(examples))
    return found


def _per_example(problem: Problem, model: nn.Module, examples: Examples) -> torch.Tensor:
    """Every metric of every example at the model's present weights, shape (metrics, n)."""
    batches = []
    for start in range(0, len(examples), problem.batch_size):
        inputs, targets = problem.prepare(examples, start, start + problem.batch_size)
        output = model(inputs)
        batches.append(torch.stack([m.function(output, targets) for m in problem.metrics.values()]))
    return torch.cat(batches, dim=1)
