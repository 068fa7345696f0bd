"""A line or plane whose first axis is the direction of steepest ascent."""

from __future__ import annotations

from dataclasses import replace

from landscape.deprecated import renamed
from landscape.directions import Direction
from landscape.directions.ascent import ascent_direction
from landscape.hessian import HessianOperator
from landscape.params import norm as length_of
from landscape.planes.random import facts_as_long_as, random_directions
from landscape.problem import Problem


@renamed(normalization="norm", ignored="ignore")
def ascent_directions(
    problem: Problem,
    axes: int,
    *,
    adaptive: bool,
    norm: str = "filter",
    ignore: str = "biasbn",
    seed: int = 0,
) -> list[Direction]:
    """The ascent direction of the mean loss of the first split and, on a plane, a random one.

    The first axis has the length of the random direction of the same seed, normalization and
    ignored parameters, so that one unit is the same distance in weight space; the second axis is
    that of the random plane of this seed.

    Parameters
    ----------
    axes
        1 for a line, 2 for a plane.
    adaptive
        See :func:`landscape.directions.ascent.ascent_direction`.

    Raises
    ------
    InputError
        If the gradient is zero or not finite.
    """
    random = random_directions(problem, axes, norm=norm, ignore=ignore, seed=seed)
    operator = HessianOperator(problem, ignore=ignore)
    direction = ascent_direction(
        operator.named(operator.gradient()),
        problem.origin,
        adaptive=adaptive,
        length=length_of(random[0].vector),
    )
    return [replace(direction, attributes=facts_as_long_as(random[0], direction)), *random[1:]]
