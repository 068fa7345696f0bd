"""Automatic extent of a plane: the distance at which the loss has risen to a given level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError, argument
from landscape.evaluate import evaluate
from landscape.plane import Plane
from landscape.problem import Problem

CHANCE_MULTIPLE = 2.0
"""The level for a cross-entropy: this multiple of ln(classes), the loss of guessing."""

ORIGIN_MULTIPLE = 100.0
"""The level for any other loss: this multiple of the trained network's loss."""

_EXAMPLES = 256
_LARGEST, _SMALLEST = 64.0, 2.0**-20
_STEPS = 6  # bisections of the logarithm: accurate to about 1% of the distance


@dataclass(frozen=True)
class Extent:
    """A distance from the trained network, in multiples of the directions, with its level.

    ``distance``: the grid runs from ``-distance`` to ``distance``; two significant digits.
    ``level``: the loss reached there, averaged over both ends of all axes.
    """

    distance: float
    level: float


def common_extent(problems: Sequence[tuple[Problem, Plane]], level: float | None = None) -> Extent:
    """The distance at which the loss of every network has risen to ``level``.

    The loss is the mean over both ends of each axis, on a few hundred examples; NaN and infinity
    count as above the level. Networks to be compared share one distance, the largest that any of
    them needs. Raises an InputError if the loss of a network does not reach the level within 64
    times its directions.

    ``problems``: networks with their planes. ``level``: None is 2 ln(classes) for a cross-entropy,
    otherwise a hundred times the loss at the origin; for several networks the largest of these.
    """
    if level is None:
        level = max(_level(problem, plane) for problem, plane in problems)
    return Extent(max(_distance(problem, plane, level) for problem, plane in problems), level)


def _level(problem: Problem, plane: Plane) -> float:
    classes = problem.attributes.get("classes")
    if problem.metrics["loss"].units == "nats" and isinstance(classes, int):
        return CHANCE_MULTIPLE * math.log(classes)
    return ORIGIN_MULTIPLE * _risen(problem, plane, 0.0)


def _distance(problem: Problem, plane: Plane, level: float) -> float:
    few = problem.with_splits({n: e.head(_EXAMPLES) for n, e in problem.splits.items()})
    high = 1.0 / 16
    while not _at_least(_risen(few, plane, high), level):
        high *= 2
        if high > _LARGEST:
            raise InputError(
                f"{argument('x', 'auto')}: the loss does not rise to {level:.4g} within "
                f"{_LARGEST:g} times the directions; give a range, such as "
                f"{argument('x', '-1:1:51')}"
            )
    low = high / 2
    while low > _SMALLEST and _at_least(_risen(few, plane, low), level):
        low, high = low / 2, low
    for _ in range(_STEPS):
        middle = math.sqrt(low * high)
        if _at_least(_risen(few, plane, middle), level):
            high = middle
        else:
            low = middle
    return _rounded_up(high)


def _risen(problem: Problem, plane: Plane, distance: float) -> float:
    """The loss of the first split, averaged over both ends of each axis at a distance."""
    axes = len(plane.axes)
    ends = np.concatenate([np.eye(axes), -np.eye(axes)]) * distance
    name = problem.prefixed(next(iter(problem.splits)), "loss")
    found = evaluate(problem, plane, ends, range(len(ends)))
    return float(np.mean([values[name] for _, values in found]))


def _at_least(loss: float, level: float) -> bool:
    return not loss < level  # NaN counts as above


def _rounded_up(value: float) -> float:
    """Round up to two significant digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.2g}")
