"""A line or plane along eigenvectors of the Hessian of the loss."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from landscape.deprecated import renamed
from landscape.directions import Direction
from landscape.directions.hessian import hessian_direction
from landscape.errors import InputError
from landscape.hessian import HessianOperator, eigenpairs, shown, verified
from landscape.params import norm as length_of
from landscape.planes.random import facts_as_long_as, random_directions
from landscape.problem import Problem

_NAMES = {"top": 1, "bottom": -1}
_MOST = 100


@renamed(normalization="norm", ignored="ignore")
def hessian_directions(
    problem: Problem,
    which: str = "top,bottom",
    *,
    norm: str = "filter",
    ignore: str = "biasbn",
    seed: int = 0,
    tolerance: float = 1e-4,
    progress: bool = True,
) -> list[Direction]:
    """Eigenvectors of the Hessian of the mean loss of the first split, as axes.

    Each has the length of the random direction of the same axis, seed, normalization and ignored
    parameters, so that one unit is the same distance in weight space as on a random plane.

    Parameters
    ----------
    which
        One (a line) or two (a plane), separated by a comma: ``top``, ``bottom``, or a number:
        1, 2, … from the largest eigenvalue, -1, -2, … from the most negative.
    tolerance
        See :func:`landscape.hessian.eigenpairs`.
    progress
        Whether to show a progress bar.

    Raises
    ------
    InputError
        If ``which`` is invalid, names the same eigenvector twice, or the derivatives of the loss
        are not finite.
    """
    ranks = parse_ranks(which)
    random = random_directions(problem, len(ranks), norm=norm, ignore=ignore, seed=seed)
    operator = HessianOperator(problem, ignore=ignore)
    top, bottom = max(0, *ranks), max(0, *(-rank for rank in ranks))
    with shown(operator, "eigenvectors", progress=progress) as matrix:
        found = verified(matrix, eigenpairs(matrix, top, bottom, tolerance=tolerance, seed=seed))
    made = []
    for rank, other in zip(ranks, random, strict=True):
        place = found.ranks.index(rank)
        eigenvalue = float(found.values[place])
        if not math.isfinite(eigenvalue):
            raise InputError(
                "the Hessian of the loss is not finite at these weights, so it has no "
                "eigenvectors; is the loss itself finite?"
            )
        direction = hessian_direction(
            operator.named(found.vectors[place]),
            problem.origin,
            rank=rank,
            eigenvalue=eigenvalue,
            residual=float(found.residuals[place]),
            length=length_of(other.vector),
        )
        made.append(replace(direction, attributes=facts_as_long_as(other, direction)))
    return made


def parse_ranks(which: str) -> list[int]:
    """Parse ranks of eigenvectors.

    >>> parse_ranks("top,bottom"), parse_ranks("3")
    ([1, -1], [3])

    Raises
    ------
    InputError
        If a part is not a rank, or there are not one or two different ones.
    """
    form = (
        "expected one or two of top, bottom, 2, 3, … (from the largest eigenvalue) and -2, -3, … "
        "(from the most negative), as in hessian:top,bottom"
    )
    ranks = []
    for word in which.split(","):
        plain = word.strip().lower()
        number = int(plain) if re.fullmatch(r"-?[0-9]{1,4}", plain) else 0
        rank = _NAMES.get(plain, number)
        if not 0 < abs(rank) <= _MOST:
            raise InputError(f"hessian:{which}: {word!r} is not an eigenvector; {form}")
        ranks.append(rank)
    if len(ranks) > 2 or len(set(ranks)) < len(ranks):
        raise InputError(f"hessian:{which}: {len(set(ranks))} different eigenvectors; {form}")
    return ranks
