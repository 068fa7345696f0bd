"""Lines and planes through several solutions of one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from landscape.alignment import align
from landscape.directions import Direction
from landscape.errors import InputError
from landscape.params import Params, norm
from landscape.planes.runs import parameters_in
from landscape.planes.spanned import Spanned
from landscape.problem import Problem

RANGE = "-0.5:1.5:25"
"""Extends by half the distance on either side; 0 and 1, the solutions, are on the grid."""

_SAME = 1e-6  # of the norm of the weights: the same checkpoint, possibly in half precision

State = Mapping[str, Tensor]


def between_plane(
    problem: Problem, solutions: Sequence[State], names: Sequence[str] = ("A", "B", "C")
) -> Spanned:
    """The line from the problem's network to one solution, or the plane to two.

    Coordinate 0 is the problem's own network, 1 along an axis the solution at its end (Goodfellow,
    Vinyals and Saxe, arXiv 1412.6544). All parameters are included; otherwise 1 would be a
    different network.

    Parameters
    ----------
    solutions
        One or two state dicts: parameters and buffers.
    names
        Names of the problem's own network and of the solutions.

    Raises
    ------
    InputError
        If there are not one or two, one is of another network, or two are equal.
    """
    if not 1 <= len(solutions) <= 2:
        raise InputError(
            f"{len(solutions) + 1} solutions given: expected two (a line) or three (a plane)"
        )
    directions = []
    for state, name in zip(solutions, names[1:], strict=False):
        what = f"solution {name}"
        vector = difference(parameters_in(state, problem.origin, what), problem.origin)
        check_apart(vector, problem.origin, names[0], name)
        facts = {"kind": "between", "start": names[0], "end": name}
        directions.append(Direction(vector, {**facts, "normalization": "none", "ignore": "none"}))
    if len(directions) == 2 and _parallel(*(d.vector for d in directions)):
        raise InputError(
            f"{', '.join(names[:3])} lie on one line: expected three solutions that span a plane"
        )
    return Spanned(directions, ranges=[RANGE] * len(directions), solutions=list(solutions))


def aligned_plane(
    problem: Problem, solutions: Sequence[State], names: Sequence[str] = ("A", "B", "C")
) -> Spanned:
    """The same, with the channels of each solution permuted to match the problem's network.

    See :func:`landscape.alignment.align`: the function of each solution does not change.
    """
    found = [align(problem, state) for state in solutions]
    plane = between_plane(problem, [state for state, _ in found], names)
    directions = [
        Direction(d.vector, {**d.attributes, **done.attributes})
        for d, (_, done) in zip(plane.directions, found, strict=True)
    ]
    return replace(plane, directions=directions)


def difference(end: Params, start: Params) -> Params:
    """end − start, in the precision of ``start``."""
    return {name: (end[name].double() - p.double()).to(p.dtype) for name, p in start.items()}


def is_network_of(problem: Problem, state: State, what: str) -> bool:
    """Whether a state dict contains the weights of the problem's network."""
    offset = difference(parameters_in(state, problem.origin, what), problem.origin)
    return norm(offset) <= _SAME * norm(problem.origin)


def check_apart(offset: Params, origin: Params, first: str, second: str) -> None:
    """Raise an InputError if two solutions, the first at the origin, are the same."""
    if not norm(offset) > _SAME * norm(origin):
        raise InputError(
            f"{first} and {second} have the same weights; expected two different solutions"
        )


def _parallel(a: Params, b: Params) -> bool:
    lengths = norm(a) * norm(b)
    inner = sum(float(torch.dot(a[n].double().flatten(), b[n].double().flatten())) for n in a)
    return lengths**2 - inner**2 <= _SAME**2 * lengths**2
