"""The measures of a comparison: how each is computed, what it requires, and its sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from landscape.errors import InputError
from landscape.measures.basins import number_of_basins, second_depth
from landscape.measures.convexity import convexity_share
from landscape.measures.estimate import SIGMAS, Estimate
from landscape.measures.flatness import flat_distance, flat_radius, reaching, risen_by, risen_to
from landscape.measures.persistence import bottleneck_distance
from landscape.measures.roughness import roughness
from landscape.measures.sampled import sampled, usable_origin
from landscape.measures.share import chance_level, share_below
from landscape.measures.sharpness import sharpness
from landscape.measures.topology import smad
from landscape.quantity import HIGHER, draw_of
from landscape.surface import Surface

_VALUE = frozenset({"loss", "data", "statistics"})
_LOCAL = _VALUE | {"directions"}
_WHOLE = _LOCAL | {"range", "points"}


@dataclass(frozen=True)
class Measure:
    """One row of a comparison.

    Attributes
    ----------
    name
        Including the unit, unless that is 1.
    compute
        ``(surface, quantity) -> Estimate``.
    needs
        What must be equal for two values to be comparable: some of
        :data:`~landscape.measures.comparable.ASPECTS`.
    says
        The sentence for a larger value, with ``{high}`` and ``{low}`` for the names of
        the surfaces, ``{more}`` and ``{less}`` for their values, ``{times}`` for the ratio.
    """

    name: str
    compute: Callable[[Surface, str], Estimate]
    needs: frozenset[str]
    says: str
    show: Callable[[float], str] = lambda value: f"{value:.3g}"


def measures_for(
    surfaces: Sequence[Surface], quantities: Sequence[str], rise: float, epsilon: float
) -> list[Measure]:
    """The measures that apply to at least one of these surfaces.

    ``rise``: the rise that defines the flat radius, in the unit of the loss. ``epsilon``: half the
    side of the box of the sharpness, in coordinates.
    """
    units = {s.quantities[q].units for s, q in zip(surfaces, quantities, strict=True)} - {"1"}
    unit = f", {'/'.join(sorted(units))}" if units else ""
    own = surfaces[0].quantity(quantities[0])
    if not own.is_loss:
        return _of_any(own.base, "highest" if own.better == HIGHER else "lowest", unit)
    lines = all(surface.y is None for surface in surfaces)
    shape, across = ("line", "") if lines else ("plane", "on a straight line across the plane, ")
    rows = [
        Measure(
            f"loss at the origin{unit}",
            origin_loss,
            _VALUE,
            "The network of {high} has the higher loss: {more} vs {less} for {low}.",
        ),
        Measure(
            f"flat radius, loss + {rise:g}",
            lambda s, q: flat_radius(s, risen_by(rise), q),
            _LOCAL,
            f"{{high}} is flatter: its loss stays within {rise:g} of that at the origin {{times}} "
            "as far out as that of {low}.",
        ),
        Measure(
            "flat radius, loss × 2",
            lambda s, q: flat_radius(s, risen_to(2.0), q),
            _LOCAL,
            "The loss of {high} doubles {times} as far out as that of {low}.",
        ),
        Measure(
            f"flat distance in weight space, loss + {rise:g}",
            lambda s, q: flat_distance(s, risen_by(rise), q),
            _VALUE | {"network"},
            "In weight space {high} is flatter: its loss stays low {times} as far out as that of "
            "{low}.",
        ),
        Measure(
            f"sharpness, ε = {epsilon:g}, %",
            lambda s, q: sharpness(s, epsilon, q),
            _LOCAL,
            f"{{high}} is sharper: within ±{epsilon:g} its loss rises {{times}} as much as that of "
            "{low}, relative to 1 + L.",
        ),
        Measure(
            "roughness, decades",
            roughness,
            _WHOLE | {"spacing"},
            f"{{high}} is rougher: {across}the climbs out of dips multiply the loss by {{more}} on "
            "average, by {less} for {low}.",
            lambda decades: f"{10.0**decades:.3g}",
        ),
        Measure(
            "convexity share",
            convexity_share,
            _WHOLE | {"spacing"},
            "{high} curves upwards in all directions of the plane at {more} of the points, {low} "
            "at {less}.",
            _percent,
        ),
        Measure(
            "basins",
            number_of_basins,
            _WHOLE | {"spacing"},
            "{high} has more basins, beyond sampling error: {more} vs {less} for {low}.",
        ),
        Measure(
            f"depth of the second basin{unit}",
            second_depth,
            _WHOLE | {"spacing"},
            "{high} has the deeper second basin: {more} vs {less} for {low}.",
        ),
        *_of_topology(surfaces[0], quantities[0], unit),
    ]
    if any(chance_level(surface) is not None for surface in surfaces):
        rows[3:3] = [
            Measure(
                "flat radius, loss of guessing",
                lambda s, q: flat_radius(s, reaching(guessing(s)), q),
                _LOCAL,
                "{high} stays better than guessing {times} as far out as {low}.",
            ),
        ]
        rows[6:6] = [
            Measure(
                "share below the loss of guessing",
                lambda s, q: share_below(s, guessing(s), q),
                _WHOLE,
                f"{{high}} is better than guessing on more of the {shape}: {{more}} vs {{less}} "
                "for {low}.",
                _percent,
            ),
        ]
    if any("barrier" in surface.attributes for surface in surfaces):
        says = (
            "The loss rises higher between the solutions of {high}: by {more} vs {less} for {low}."
        )
        rows.append(Measure(f"barrier{unit}", _barrier, _LOCAL | {"range"}, says))
    return rows


def _of_topology(first: Surface, quantity: str, unit: str) -> list[Measure]:
    """The rows of basins and the saddles between them, and the distance from the first surface."""
    needs = _WHOLE | {"spacing"}
    says = "The basins of {high} are deeper before they meet: {more} vs {less} for {low}"
    return [
        Measure(f"SMAD{unit}", lambda s, q: smad(s, q).plain, needs, f"{says}."),
        Measure(
            "SMAD, share of the range of the loss",
            lambda s, q: smad(s, q).normalized,
            needs,
            f"{says}, relative to the range of the loss.",
        ),
        Measure(
            f"SMAD weighted by basin volume{unit}",
            lambda s, q: smad(s, q).weighted,
            needs,
            f"{says}, weighted by their volumes.",
        ),
        Measure(
            f"bottleneck distance from the first{unit}",
            lambda s, q: _from_first(first, quantity, s, q),
            needs,
            "The basins of {high} differ most from those of {low}: a floor or a saddle by {more}.",
        ),
    ]


def _from_first(first: Surface, quantity: str, other: Surface, of_other: str) -> Estimate:
    if other is first:
        return Estimate.exact(0.0)
    own = of_other if of_other in first.quantities else quantity  # the same draw, if there are some
    return bottleneck_distance(first, other, own, of_other=of_other)


def _of_any(word: str, best: str, unit: str) -> list[Measure]:
    """The rows of a quantity that is not a loss: its value at the origin, and its best."""
    says = f"{{high}} has the higher {word.replace('{', '{{').replace('}', '}}')}"
    return [
        Measure(
            f"{word} at the origin{unit}",
            origin_loss,
            _VALUE,
            f"{says} at the origin: {{more}} vs {{less}} for {{low}}.",
        ),
        Measure(
            f"{best} {word}{unit}",
            best_value,
            _WHOLE | {"spacing"},
            f"{says} at its {best}: {{more}} vs {{less}} for {{low}}.",
        ),
    ]


def best_value(surface: Surface, quantity: str) -> Estimate:
    """The best value on the grid, ± two standard errors of it, in its unit.

    Raises an InputError if no point has a finite value.
    """
    found = sampled(surface, quantity)
    value, index = surface.best(quantity)
    off = SIGMAS * float(found.errors[index])
    return Estimate(value, value - off, value + off)


def origin_loss(surface: Surface, quantity: str) -> Estimate:
    """The loss of the network itself, ± two standard errors, in its unit."""
    found, index = sampled(surface, quantity), usable_origin(surface, quantity)
    value, off = float(found.values[index]), SIGMAS * float(found.errors[index])
    return Estimate(value, value - off, value + off)


def measured(measure: Measure, surface: Surface, quantity: str) -> Estimate:
    """A measure of a surface; of one with several draws, the median and range over the draws.

    Raises an InputError if the surface does not have it; the message says why.
    """
    draws = [
        name
        for k in range(1, _repeats(surface) + 1)
        if (name := draw_of(surface.quantities, quantity, k)) is not None
    ]
    if len(draws) < 2:
        return measure.compute(surface, quantity)
    found = sorted((measure.compute(surface, draw) for draw in draws), key=lambda e: e.value)
    middle = (found[(len(found) - 1) // 2].value + found[len(found) // 2].value) / 2.0
    at_least = any(e.at_least for e in found)
    high = max(e.high for e in found) if at_least else found[-1].value
    return Estimate(middle, found[0].value, high, at_least)


def _repeats(surface: Surface) -> int:
    repeats = surface.attributes.get("repeats", 1)
    return repeats if isinstance(repeats, int) else 1


def guessing(surface: Surface) -> float:
    """The loss of guessing, in nats; an InputError where it is unknown."""
    level = chance_level(surface)
    if level is None:
        raise InputError("the file does not record the number of classes")
    return level


def _barrier(surface: Surface, quantity: str) -> Estimate:
    barrier = surface.attributes.get("barrier")
    if not isinstance(barrier, int | float):
        raise InputError("the file contains no barrier")
    return Estimate.exact(float(barrier))


def _percent(share: float) -> str:
    return f"{share:.1%}"
