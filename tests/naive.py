"""The obvious loop, in float64.

It is the reference that every faster method is tested against.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from landscape.evaluate.statistics import mean_and_stderr
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.quantity import stderr_name


def evaluate_naive(
    problem: Problem, plane: Plane, points: FloatArray, indices: Sequence[int]
) -> Iterator[tuple[int, dict[str, float]]]:
    """Like :func:`landscape.evaluate.evaluate`, in float64 on the CPU, and slow."""
    model = copy.deepcopy(problem.model).double().cpu()
    origin = {name: p.double().cpu() for name, p in plane.origin.items()}
    axes = [{name: d.double().cpu() for name, d in axis.items()} for axis in plane.axes]
    for index in indices:
        with torch.no_grad():
            own = dict(model.named_parameters())
            for name, p in origin.items():
                shift = sum(float(c) * d[name] for c, d in zip(points[index], axes, strict=True))
                own[name].copy_(p + shift)
        found: dict[str, float] = {}
        for split, given in problem.splits.items():
            examples = given.head(len(given))
            rows: dict[str, list[float]] = {name: [] for name in problem.metrics}
            for i in range(len(examples)):
                inputs = examples.preprocess(examples.inputs[i : i + 1].cpu(), torch.float64)
                target = examples.targets[i : i + 1].cpu()
                with torch.no_grad():
                    output = model(inputs)
                    for name, metric in problem.metrics.items():
                        rows[name].append(float(metric.function(output, target)))
            for name, values in rows.items():
                key = problem.prefixed(split, name)
                mean, stderr = mean_and_stderr(np.array(values), examples.population)
                found[key], found[stderr_name(key)] = mean, stderr
            found[problem.prefixed(split, "count")] = float(len(examples))
        yield index, found
