"""Rules of earlier versions, kept for the files that they wrote.

The first files moved frozen parameters too, took filters along the first axis of every parameter,
and had directions in the precision of the weights, however large the network. A run that resumes
such a file goes on by its rules, unless its options say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscape.atomic import may_overwrite
from landscape.directions.filters import FIRST_AXIS
from landscape.errors import InputError
from landscape.problem import Problem
from landscape.run.request import Request
from landscape.store import open_surface


def by_rules_of_file(
    problem: Problem, request: Request, agree: Callable[[str, Callable[[], Any]], Any]
) -> Problem:
    """The problem with the rules of the file that a request resumes, where it names none.

    Parameters
    ----------
    agree
        Gives all processes the same answer.
    """
    asked = request.filters or problem.filters.given
    other_filters = not asked and bool(problem.filters.words(problem.origin))
    fewer = bool(problem.moved.constant) and not problem.chooses
    narrow = problem.directions_in is not None
    if request.path is None or not (other_filters or fewer or narrow):
        return problem
    path = Path(request.path)
    first_axis, moves_all, wide = agree("rules of the file", lambda: list(_rules(path)))
    if wide and narrow:
        problem = problem.with_wide_directions()
    if first_axis and other_filters:
        problem = problem.with_filters(FIRST_AXIS)
    return problem.moving_all() if moves_all and fewer else problem


def _rules(path: Path) -> tuple[bool, bool, bool]:
    """Whether a file has filters along first axes only, moves all parameters, and has directions in
    the precision of the weights."""
    if not path.is_file() or may_overwrite():
        return False, False, False
    try:
        surface = open_surface(path)
    except InputError:  # the run will say why
        return False, False, False
    drawn = [facts for facts in surface.axes.values() if "seed" in facts]
    first_axis = bool(drawn) and not any("filters" in facts for facts in drawn)
    wide = bool(drawn) and not any("precision" in facts for facts in drawn)
    return first_axis, "moved" not in surface.attributes, wide
