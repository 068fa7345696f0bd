"""Measures of surfaces, with their ranges, in the results of an experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from landscape import measures
from landscape.errors import InputError
from landscape.experiments.results import Results
from landscape.measures.table import guessing, origin_loss
from landscape.surface import Surface

Measure = Callable[[Surface], measures.Estimate]


MEASURES: dict[str, tuple[Measure, str, str]] = {
    "origin_loss": (
        lambda s: origin_loss(s, s.main_quantity),
        "loss of the network itself on the examples of the surface",
        "nats",
    ),
    "flat_radius": (
        lambda s: measures.flat_radius(s, measures.risen_by(0.1)),
        "distance in coordinates until the loss has risen by 0.1 nats",
        "1",
    ),
    "radius_of_guessing": (
        lambda s: measures.flat_radius(s, measures.reaching(guessing(s))),
        "distance in coordinates until the loss is that of guessing",
        "1",
    ),
    "share_below_guessing": (
        lambda s: measures.share_below(s, guessing(s)),
        "share of the plane with a loss below that of guessing",
        "1",
    ),
    "roughness": (
        measures.roughness,
        "total rise out of dips on straight lines across the plane",
        "decades",
    ),
    "convexity_share": (
        measures.convexity_share,
        "share of the plane where the surface curves upwards in every direction",
        "1",
    ),
    "basins": (measures.number_of_basins, "number of basins, allowing for sampling error", "1"),
    "second_depth": (measures.second_depth, "depth of the second deepest basin", "nats"),
}
"""Function, description and unit of each measure; see :mod:`landscape.measures`."""


def add_measures(
    results: Results, dims: Sequence[str], surfaces: Mapping[tuple[int, ...], Surface]
) -> None:
    """Add every measure, with its range as ``NAME_low`` and ``NAME_high``.

    NaN means that a surface does not have the measure; an infinite ``high`` that the value is a
    lower bound.

    ``surfaces``: surfaces by their indices in the dimensions.
    """
    shape = tuple(len(results.coordinates[dim]) for dim in dims)
    for name, (measure, long_name, units) in MEASURES.items():
        found = {end: np.full(shape, np.nan) for end in ("", "_low", "_high")}
        for place, surface in surfaces.items():
            estimate = _estimate(measure, surface)
            found[""][place] = estimate.value
            found["_low"][place], found["_high"][place] = estimate.low, estimate.high
        results.add(name, dims, found[""], long_name, units)
        results.add(f"{name}_low", dims, found["_low"], f"{long_name}: at least", units)
        results.add(f"{name}_high", dims, found["_high"], f"{long_name}: at most", units)


def estimate_of(results: Results, name: str, **labels: str | float) -> measures.Estimate:
    """The estimate stored by :func:`add_measures` for one surface."""
    value, low, high = (
        float(results.select(f"{name}{end}", **labels)) for end in ("", "_low", "_high")
    )
    return measures.Estimate(value, low, high, at_least=math.isinf(high))


def _estimate(measure: Measure, surface: Surface) -> measures.Estimate:
    try:
        return measure(surface)
    except InputError:  # NaN or infinite values in the region of the measure
        return measures.Estimate(math.nan, math.nan, math.nan)
