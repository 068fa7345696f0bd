"""Measures of the whole network at a point: a benchmark score, the return of a rollout."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from landscape.errors import InputError, argument, one_line
from landscape.problem.noise import fixed_noise
from landscape.problem.watch import Watch, refuse_unmoved
from landscape.quantity import HIGHER, LOWER, Quantity, by_name, is_reserved

Measure = Callable[[nn.Module], Any]
"""Maps a network to a number, or to a dict of numbers."""

_ROUNDING = 1e-4


@dataclass(frozen=True, eq=False)
class Measures:
    """Functions of the whole network, called at every point; they have no standard error.

    A measure that returns a number is a quantity of its name; of a dict every entry is one, called
    ``name_entry``.

    Attributes
    ----------
    functions
        By name. An attribute ``higher_is_better`` of a function declares which way is better.
    noise
        Whether random numbers are the same at every point.

    Examples
    --------
    >>> measures = Measures({"size": lambda model: model.weight.norm()})
    >>> list(measures.at(torch.nn.Linear(2, 1)))
    ['size']
    """

    functions: Mapping[str, Measure] = field(default_factory=dict)
    noise: bool = False

    def __post_init__(self) -> None:
        for name, function in self.functions.items():
            if not isinstance(name, str) or is_reserved(name):
                raise InputError(
                    f"a measure called {name!r}: loss, count and names that end in _stderr or "
                    "contain a slash are reserved; give it another name"
                )
            if not callable(function):
                raise InputError(
                    f"measure {name!r} is a {type(function).__name__}; expected a function of the "
                    "network that returns a number or a dict of numbers"
                )

    def at(self, model: nn.Module) -> dict[str, float]:
        """All measures of a network, by the names of their quantities.

        Raises
        ------
        InputError
            Naming a measure that raises or returns something else than numbers.
        """
        found: dict[str, float] = {}
        device = next(model.parameters()).device
        for name, function in self.functions.items():
            try:
                # The parameters do not require gradients: none are recorded unless asked for.
                noise = fixed_noise(0, device) if self.noise else nullcontext()
                with torch.inference_mode(False), torch.enable_grad(), noise:
                    result = function(model)
            except InputError:
                raise
            except Exception as error:  # a user's function can raise any error
                raise InputError(f"measure {name!r} raised {one_line(error)}") from error
            entries = result if isinstance(result, Mapping) else {"": result}
            for key, value in entries.items():
                found[f"{name}_{key}" if key else name] = _number(name, value)
        return found

    def tried(self, model: nn.Module, original: nn.Module) -> dict[str, Quantity]:
        """The quantities, found out by measuring a network twice.

        Raises
        ------
        InputError
            If a measure differs the second time, or reads the parameters of ``original``.
        """
        if not self.functions:
            return {}
        with Watch(dict(original.named_parameters())) as watch:
            first = self.at(model)
        second = self.at(model)
        refuse_unmoved(watch, "a measure")
        for name in first:
            one, other = first[name], second.get(name, math.nan)
            same = math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
            if not same and not (math.isnan(one) and math.isnan(other)):
                raise InputError(
                    f"measure {name!r} is not deterministic: {one:.9g} and {other:.9g} for the "
                    f"same network; give {argument('noise', 'fixed')} for the same random numbers "
                    "at every point, or seed it"
                )
        return by_name(
            Quantity(
                f"{name} of the whole network (no standard error)",
                better=_better(self.functions, name),
                base=name,
            )
            for name in first
        )


def _better(functions: Mapping[str, Measure], name: str) -> str | None:
    declared = {
        own: getattr(inspect.unwrap(function), "higher_is_better", None)
        for own, function in functions.items()
        if name == own or name.startswith(f"{own}_")
    }
    chosen = declared[max(declared, key=len)]
    return None if chosen is None else (HIGHER if chosen else LOWER)


def _number(name: str, value: Any) -> float:
    try:
        return float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(
            f"measure {name!r} returned a {type(value).__name__}; expected a number or a dict of "
            "numbers"
        ) from None
