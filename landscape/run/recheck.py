"""Points that are computed a second time, to see whether the device says the same."""

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
"""By the names of quantities: by how much two computations may differ, relative and absolute."""

_BY_PRECISION = {"float64": 1e-8, "float32": 1e-4}
_COARSE = 5e-2
_OF_FRACTIONS = 2e-2  # an example on the edge between two classes falls on either side
_SHOWN = 5


def parse_share(text: str) -> float:
    """``2%`` as 0.02.

    Raises
    ------
    InputError
        If it is no percentage above 0 and up to 100.
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
    """The points that are computed again: always the same ones, at least one of any share."""
    if share == 0:
        return []
    count = min(size, int(np.ceil(share * size)))
    return sorted(np.random.default_rng(0).choice(size, count, replace=False).tolist())


def rounding_of(job: Job, surface: Surface) -> Rounding:
    """What two sound devices may differ by."""
    own = str(job.problem.dtype).removeprefix("torch.")
    precise = _COARSE if job.settings.reduced else _BY_PRECISION.get(own, _COARSE)
    return {
        name: max(precise, _OF_FRACTIONS) if surface.quantity(name).is_share else precise
        for name in surface.quantities
    }


def verify_alone(surface: Surface, measure: Measure, share: float, rounding: Rounding) -> None:
    """Compute a share of the points again on the same device.

    Raises
    ------
    InputError
        If any differs by more than rounding. Those that do are no longer done.
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
            f"this device gave other values the second time at {len({o.index for o in found})} of "
            f"{len(points)} points:\n{shown}\nit is broken, or the loss is random; do not trust "
            "the other points either: sample them anew on another device"
        )
