"""Random directions in the parameters of a problem, and axes as long as they are."""

from __future__ import annotations

from landscape.directions import Direction, make_directions
from landscape.problem import Problem
from landscape.surface import Attribute

_SHARED = ("ignore", "seed", "filters")


def random_directions(
    problem: Problem, axes: int, *, norm: str, ignore: str, seed: int
) -> list[Direction]:
    """Random directions in the parameters that move, one for each axis."""
    return make_directions(
        problem.origin, axes, norm=norm, ignore=ignore, seed=seed, filters=problem.filters
    )


def facts_as_long_as(random: Direction, direction: Direction) -> dict[str, Attribute]:
    """The attributes of an axis that has the length of a random one, with those of its length."""
    shared = {name: random.attributes[name] for name in _SHARED if name in random.attributes}
    return {**direction.attributes, **shared}
