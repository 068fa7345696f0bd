"""Several random draws of a plane in one surface: each draw, their mean and their quantiles.

One draw of a random plane is one draw. A point of such a surface has been evaluated in all R
planes, at the same coordinates and on the same examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import tee

import numpy as np

from landscape.run.loop import Measure
from landscape.surface import Quantity, Surface

QUANTILES = {"q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
"""By the ends of their names; linear between the values of the draws."""


def name_in_draw(quantity: str, draw: int) -> str:
    """The name of a quantity in the draw of a number, from 1: ``train_loss_draw2_stderr``."""
    name, stderr = quantity.removesuffix("_stderr"), quantity.endswith("_stderr")
    return f"{name}_draw{draw}{'_stderr' if stderr else ''}"


def quantities_of_draws(quantities: Mapping[str, Quantity], repeats: int) -> dict[str, Quantity]:
    """What a surface of R draws holds, from what each holds.

    Standard errors belong to one draw each: all draws are of the same examples, so the error of
    their mean is no smaller than that of one by any known factor, and is not given.
    """
    found: dict[str, Quantity] = {}
    means = {name: q for name, q in quantities.items() if not name.endswith("_stderr")}
    for name, q in means.items():
        found[name] = Quantity(f"{q.long_name}, mean of {repeats} draws", q.units)
        if f"{name}_stderr" in quantities:
            for end, share in QUANTILES.items():
                words = f"{q.long_name}, {share:.0%} quantile of {repeats} draws"
                found[f"{name}_{end}"] = Quantity(words, q.units)
    for draw in range(1, repeats + 1):
        for name, q in quantities.items():
            words = f"{q.long_name}, draw {draw}"
            found[name_in_draw(name, draw)] = Quantity(words, q.units)
    return found


def measure_draws(measures: Sequence[Measure], quantities: Mapping[str, Quantity]) -> Measure:
    """Each point in all draws before the next, so that a point is done or is not.

    Parameters
    ----------
    measures
        One for each draw; they yield the points in the order in which they are given.
    quantities
        What each yields.
    """

    def measure(indices: Iterable[int]) -> Iterator[tuple[int, dict[str, float]]]:
        shared = tee(indices, len(measures))
        streams = [one(own) for one, own in zip(measures, shared, strict=True)]
        for drawn in zip(*streams, strict=True):
            yield drawn[0][0], _together([values for _, values in drawn], quantities)

    return measure


def _together(
    drawn: Sequence[Mapping[str, float]], quantities: Mapping[str, Quantity]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in quantities:
        values = np.array([one[name] for one in drawn])
        for draw, value in enumerate(values, start=1):
            found[name_in_draw(name, draw)] = float(value)
        if name.endswith("_stderr"):
            continue
        with np.errstate(invalid="ignore"):
            found[name] = float(values.mean())
            if f"{name}_stderr" in quantities:
                for end, share in QUANTILES.items():
                    found[f"{name}_{end}"] = float(np.quantile(values, share))
    return found


def surface_of_draw(surface: Surface, quantities: Mapping[str, Quantity], draw: int) -> Surface:
    """One draw by itself: the same grid and the same memory, under the names of one draw."""
    values = {name: surface.values[name_in_draw(name, draw)] for name in quantities}
    return Surface(surface.grid, dict(quantities), values, surface.done)
