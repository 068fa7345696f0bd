"""Functions of a problem and a request that accept the request's fields as keyword arguments."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import fields
from typing import Concatenate, ParamSpec, TypeVar

from landscape.problem import Problem
from landscape.run.option import Option, option_of
from landscape.run.request import Request

P = ParamSpec("P")
Result = TypeVar("Result")


def takes(
    make: Callable[P, Request],
) -> Callable[[Callable[[Problem, Request], Result]], Callable[Concatenate[Problem, P], Result]]:
    """Decorate a function of a problem and a request to accept the fields of the request.

    The signature lists each option, and ``{options}`` in the docstring is replaced by their help.
    """

    def explain(
        function: Callable[[Problem, Request], Result],
    ) -> Callable[Concatenate[Problem, P], Result]:
        problem, *_ = inspect.signature(function).parameters.values()
        made = inspect.signature(make)
        signature = made.replace(
            parameters=[
                problem.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD),
                *made.parameters.values(),
            ],
            return_annotation=inspect.signature(function).return_annotation,
        )

        @functools.wraps(function)
        def called(problem: Problem, /, *args: P.args, **options: P.kwargs) -> Result:
            try:
                signature.bind(problem, *args, **options)
            except TypeError as error:
                raise TypeError(f"{function.__name__}() {error}") from None
            return function(problem, make(*args, **options))

        called.__signature__ = signature  # type: ignore[attr-defined]
        written = inspect.cleandoc(function.__doc__ or "")
        called.__doc__ = written.replace("{options}", options_explained())
        return called

    return explain


def options_explained() -> str:
    """The fields of a request, formatted for a ``Parameters`` section."""
    entries = []
    for one in fields(Request):
        words = textwrap.fill(_sentences(option_of(one)), 96)
        entries.append(f"{one.name}\n{textwrap.indent(words, '    ')}")
    return "\n".join(entries)


def _sentences(option: Option) -> str:
    begins, *_ = option.help.split()
    named = begins[-1] in ",:"  # starts with a value of the option, which is not capitalized
    first = option.help if named else option.help[0].upper() + option.help[1:]
    return ". ".join(part for part in (first, option.in_python) if part) + "."
