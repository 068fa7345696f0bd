"""Recompute some points to check that the device gives the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from landscape.errors import InputError, argument
from landscape.run.agreement import disagreements
from landscape.run.job import Job
from landscape.run.loop import Measure
from landscape.surface import Surface

Rounding = Mapping[str, float]
"""Largest allowed difference of two computations, relative and absolute, per quantity."""

_BY_PRECISION = {"float64": 1e-8, "float32": 1e-4}
_COARSE = 5e-2
_OF_FRACTIONS = 2e-2  # an example on a decision boundary may change class
_SHOWN = 5


def parse_share(text: str) -> float:
    """Parse a percentage: ``2%`` is 0.02.

    Raises an InputError if it is not a percentage above 0 and up to 100.
    """
    match = re.fullmatch(r"\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*%\s*", text)
    share = float(match[1]) / 100 if match else 0.0
    if not 0 < share <= 1:
        raise InputError(
            f"{argument('verify', text)}: expected a percentage of the points, above 0 and at most "
            f"100, as in {argument('verify', '2%')}"
        )
    return share


def chosen(size: int, share: float) -> list[int]:
    """The points to recompute: a fixed pseudo-random choice, at least one unless ``share`` is 0."""
    if share == 0:
        return []
    count = min(size, int(np.ceil(share * size)))
    return sorted(np.random.default_rng(0).choice(size, count, replace=False).tolist())


def rounding_of(job: Job, surface: Surface) -> Rounding:
    """Largest difference expected between two working devices."""
    own = str(job.problem.dtype).removeprefix("torch.")
    precise = _COARSE if job.settings.reduced else _BY_PRECISION.get(own, _COARSE)
    return {
        name: max(precise, _OF_FRACTIONS) if surface.quantity(name).is_share else precise
        for name in surface.quantities
    }


def verify_alone(surface: Surface, measure: Measure, share: float, rounding: Rounding) -> None:
    """Recompute a share of the points on the same device.

    Raises an InputError if any differs by more than rounding; these are marked as not done.
    """
    points = [index for index in chosen(surface.grid.size, share) if surface.done.flat[index]]
    found = []
    for index, values in measure(points):
        known = {name: surface.values[name].ravel()[[index]] for name in surface.quantities}
        again = {name: np.array([values[name]]) for name in surface.quantities}
        found += disagreements(known, again, np.array([index]), rounding)
    if found:
        for one in found:
            surface.done.flat[one.index] = False
        shown = "\n".join(f"  {one.at(surface.grid)}" for one in found[:_SHOWN])
        raise InputError(
            f"recomputed points differ at {len({o.index for o in found})} of {len(points)}:\n"
            f"{shown}\nthe device is broken or the loss is random; do not trust the other points "
            "either: sample the surface again on another device"
        )
