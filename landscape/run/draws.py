"""Several random draws of a plane in one surface: each draw, their mean and quantiles.

A point of such a surface is evaluated in all R planes, at the same coordinates and on the same
examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import tee

import numpy as np

from landscape.quantity import QUANTILES, Quantity, by_name, known, stderr_of
from landscape.run.loop import Measure
from landscape.surface import Surface


def name_in_draw(quantities: Mapping[str, Quantity], name: str, draw: int) -> str:
    """Name of a quantity in the draw with the given number, from 1."""
    return known(quantities, name).beside(draw=draw).name


def quantities_of_draws(quantities: Mapping[str, Quantity], repeats: int) -> dict[str, Quantity]:
    """Quantities of a surface of R draws, from those of one draw.

    Standard errors are stored per draw only: all draws use the same examples, so the error of
    their mean is not smaller than that of one draw by any known factor.
    """
    found: list[Quantity] = []
    own = {name: known(quantities, name) for name in quantities}
    for name, q in own.items():
        if q.is_stderr:
            continue
        found.append(q.beside(long_name=f"{q.long_name}, mean of {repeats} draws"))
        for end in _quantiles(quantities, name):
            long_name = f"{q.long_name}, {QUANTILES[end]:.0%} quantile of {repeats} draws"
            found.append(q.beside(statistic=end, long_name=long_name))
    for draw in range(1, repeats + 1):
        found += [
            q.beside(draw=draw, long_name=f"{q.long_name}, draw {draw}") for q in own.values()
        ]
    return by_name(found)


def _quantiles(quantities: Mapping[str, Quantity], name: str) -> Iterable[str]:
    """The quantiles stored of a quantity: all if it has a standard error, otherwise none."""
    return QUANTILES if stderr_of(quantities, name) else ()


def measure_draws(measures: Sequence[Measure], quantities: Mapping[str, Quantity]) -> Measure:
    """Compute each point in all draws before the next one.

    ``measures``: one for each draw; they must yield points in the order given.
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
            found[name_in_draw(quantities, name, draw)] = float(value)
        own = known(quantities, name)
        if own.is_stderr:
            continue
        with np.errstate(invalid="ignore"):
            found[name] = float(values.mean())
            for end in _quantiles(quantities, name):
                found[own.beside(statistic=end).name] = float(np.quantile(values, QUANTILES[end]))
    return found


def surface_of_draw(surface: Surface, quantities: Mapping[str, Quantity], draw: int) -> Surface:
    """A view of one draw: the same grid, memory and attributes, with the names of one draw."""
    values = {name: surface.values[name_in_draw(quantities, name, draw)] for name in quantities}
    kept = {
        name: surface.kept.setdefault(name_in_draw(quantities, name, draw), {})
        for name in quantities
    }
    return Surface(
        surface.grid, dict(quantities), values, surface.done, surface.attributes, kept=kept
    )
