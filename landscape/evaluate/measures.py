"""Measures of the whole network at the points of a plane, added to the values of an evaluation."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

import torch

from landscape.device import tensor_float_32
from landscape.evaluate.batch_norm import statistics_update
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.problem import Problem


def with_measures(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    measured: Iterable[tuple[int, dict[str, float]]],
) -> Iterator[tuple[int, dict[str, float]]]:
    """Add the problem's measures to the values of an evaluation.

    Parameters
    ----------
    plane, points
        Those of the evaluation.
    measured
        The evaluation: pairs of an index into ``points`` and the values there.
    """
    model = copy.deepcopy(problem.model)
    norms = statistics_update(plane, model, problem)
    for index, values in measured:
        with tensor_float_32(False):
            plane.write(points[index], model)
            with torch.no_grad():
                norms.follow(points[index])
            found = problem.measures.at(model)
        yield index, {**values, **{name: found[name] for name in problem.measured}}
