"""An objective of the user's own: a function of the network and a whole batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

from landscape.data import Batch
from landscape.data.tree import as_precise_as
from landscape.errors import InputError, argument, one_line
from landscape.metrics import Metric
from landscape.problem.column import Column
from landscape.problem.noise import fixed_noise
from landscape.problem.objective import Network
from landscape.quantity import is_reserved

OwnFunction = Callable[[nn.Module, Any], Any]
"""Maps a network and a batch to values: see :class:`landscape.Problem`."""


@dataclass(frozen=True)
class Form:
    """What a term returns for a batch.

    Attributes
    ----------
    per_batch
        A single number, so that the batch is the example; otherwise a number per example.
    weighted
        With weights.
    """

    per_batch: bool
    weighted: bool


@dataclass(frozen=True, eq=False)
class OwnObjective:
    """Values ``function(network, batch)``, where the batch is a tree as the loader yields it.

    Attributes
    ----------
    function
        Returns a number, a tensor (n,), a pair (values, weights) or a dict of these.
    name
        Its name in messages and files.
    forms
        What every term returns, found out by a first batch; the first is ``loss``.
    needs_gradients
        Whether the function differentiates.
    noise
        Whether random numbers are the same for a batch at every point.
    copies
        Whether the function gets a copy of every batch, as it writes into it.

    Examples
    --------
    >>> def squared(model, batch):
    ...     return {"loss": model(batch["x"]).square().mean(), "size": batch["x"][:, 0]}
    >>> objective = OwnObjective(squared, "squared")
    >>> found = objective.terms(torch.nn.Identity(), Batch({"x": torch.tensor([[1.0], [3.0]])}))
    >>> [(name, column.values.tolist(), form.per_batch) for name, (column, form) in found.items()]
    [('loss', [5.0], True), ('size', [1.0, 3.0], False)]
    """

    function: OwnFunction
    name: str
    forms: Mapping[str, Form] = field(default_factory=dict)
    needs_gradients: bool = False
    noise: bool = False
    copies: bool = False

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The terms by name; the first is ``loss``."""
        return {name: Metric(self._unused, f"mean of {self._called(name)}") for name in self.forms}

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """All values one after the other."""
        return torch.cat([column.values.double().cpu() for column in self.columns(network, batch)])

    def columns(self, network: Network, batch: Batch) -> list[Column]:
        """The values of every term.

        Raises
        ------
        InputError
            If the function raises, or does not return what it did for the first batch.
        """
        found = self.terms(network, batch)
        self._check(found, batch)
        return [Column(c.values.detach(), c.weights) for c, _ in (found[n] for n in self.forms)]

    def loss_column(self, network: Network, batch: Batch) -> Column:
        """The loss."""
        found = self.terms(network, batch)
        self._check(found, batch)
        return found["loss"][0]

    def terms(self, network: Network, batch: Batch) -> dict[str, tuple[Column, Form]]:
        """The values of every term with their form, the loss first."""
        module = _module(network)
        first = next(module.parameters(), None)
        batch = batch.copied() if self.copies else batch
        tree = batch.content if first is None else as_precise_as(batch.content, first.dtype)
        try:
            with fixed_noise(batch.number, batch.device) if self.noise else nullcontext():
                result = self.function(module, tree)
        except (InputError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # a user's function can raise any error
            raise InputError(f"{self.name} raised {one_line(error)} for {batch}") from error
        given = dict(result) if isinstance(result, Mapping) else {"loss": result}
        if "loss" not in given:
            raise InputError(
                f"{self.name} returned a dict with {', '.join(map(repr, given)) or 'nothing'}: "
                "expected an entry 'loss', which the surface is of"
            )
        found = {"loss": self._term("loss", given.pop("loss"))}
        for name, value in given.items():
            if not isinstance(name, str) or is_reserved(name):
                raise InputError(
                    f"{self.name} returned an entry {name!r}: count and names that end in _stderr "
                    "or contain a slash are reserved; give it another name"
                )
            found[name] = self._term(name, value)
        return found

    def _unused(self, output: Tensor, targets: Tensor) -> Tensor:
        raise TypeError(f"{self.name} is a function of the network and a batch")

    def _term(self, name: str, value: Any) -> tuple[Column, Form]:
        weighted = isinstance(value, tuple | list) and len(value) == 2
        parts = [_number(part) for part in (value if weighted else (value,))]
        if (
            any(part is None or part.ndim > 1 for part in parts)
            or len({part.shape for part in parts if part is not None}) != 1
        ):
            raise InputError(
                f"{self._called(name)} is {_told(value)}: expected a number (the batch is one "
                "example), a tensor (n,) of one number per example, or a pair (values, weights) of "
                "one shape"
            )
        values, *weights = [part for part in parts if part is not None]
        form = Form(values.ndim == 0, weighted)
        flat = [part.reshape(-1) for part in (values, *weights)]
        return Column(flat[0], flat[1].detach() if weighted else None), form

    def _called(self, name: str) -> str:
        return self.name if name == "loss" else name

    def _check(self, found: Mapping[str, tuple[Column, Form]], batch: Batch) -> None:
        forms = {name: form for name, (_, form) in found.items()}
        if forms != dict(self.forms):
            name = next(n for n in {**forms, **self.forms} if forms.get(n) != self.forms.get(n))
            raise InputError(
                f"{self.name} returned {_of_form(forms.get(name))} as {name!r} for batch "
                f"{batch.number}, but {_of_form(self.forms.get(name))} for the first one; return "
                "the same for every batch"
            )


class _Called(nn.Module):
    """Any callable as a module."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._network(*args, **kwargs)


def _module(network: Network) -> nn.Module:
    """The module to hand to the user, who may call its methods: not one that stands for it."""
    module = getattr(network, "module", None) if not isinstance(network, nn.Module) else network
    return module if isinstance(module, nn.Module) else _Called(network)


def name_of(function: Any) -> str:
    """The name of a function in messages and files."""
    if isinstance(function, functools.partial):
        function = function.func
    called = getattr(function, "__name__", type(function).__name__)
    return "the objective" if called == "<lambda>" else str(called)


def check_function(function: Any, what: str) -> None:
    """Raise an InputError unless it can be called."""
    if not callable(function):
        raise InputError(f"{argument(what)} is a {type(function).__name__}; expected a function")


def _number(value: Any) -> Tensor | None:
    """A value as a floating tensor in single precision or better; None if it is no number."""
    if isinstance(value, Tensor):
        number = value
    elif isinstance(value, Real) or hasattr(value, "__array__"):
        try:
            number = torch.as_tensor(value, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            return None
    else:
        return None
    if number.is_complex():
        return None
    short = number.dtype in (torch.float16, torch.bfloat16) or not number.is_floating_point()
    return number.float() if short else number


def _told(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {', '.join(map(_told, value)) or 'nothing'}"
    return f"a {type(value).__name__}"


def _of_form(form: Form | None) -> str:
    if form is None:
        return "nothing"
    values = "a number" if form.per_batch else "a number per example"
    return f"{values} with weights" if form.weighted else values
