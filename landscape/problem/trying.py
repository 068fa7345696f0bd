"""A problem tried on a few examples when it is created: what fits, and what has to be known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from landscape.data import Batch, Examples, Rows, Split, Stream
from landscape.data.integers import warn_of_lost_integers
from landscape.device import tensor_float_32
from landscape.errors import InputError, one_line
from landscape.problem.alike import alike
from landscape.problem.checks import (
    check_deterministic,
    check_labels,
    warn_of_probabilities,
)
from landscape.problem.column import Column
from landscape.problem.noise import BATCH
from landscape.problem.objective import OutputObjective
from landscape.problem.own_checks import check_own, check_parts
from landscape.problem.own_objective import Form, OwnObjective
from landscape.problem.watch import Watch, refuse_unmoved

Found = TypeVar("Found")

_TRIED = 4
"""Examples used to check a problem on creation."""


@dataclass(frozen=True, eq=False)
class Tried:
    """The result of a trial.

    Attributes
    ----------
    objective
        With what was found out.
    splits
        In the form in which they are evaluated.
    output
        The network's output for a few examples; None if the objective is the user's own.
    """

    objective: OutputObjective | OwnObjective
    splits: dict[str, Split]
    output: Tensor | None = None


def try_outputs(
    objective: OutputObjective,
    model: nn.Module,
    original: nn.Module,
    splits: Mapping[str, Examples | Stream],
    dtype: torch.dtype,
    loss: str,
) -> Tried:
    """Pass a few examples of every split through a network whose output is measured."""
    found: dict[str, Split] = {}
    output: Tensor | None = None
    copies, objective = objective.copies, replace(objective, copies=True)
    for name, examples in splits.items():
        few = examples.head(_TRIED)
        warn_of_lost_integers(examples, dtype)
        batch = few.batch(dtype)
        output, batch, gradients = _output(objective, model, original, batch, examples.source)
        check_labels(objective.metrics, output, examples, loss)
        warn_of_probabilities(objective.metrics["loss"], output)
        values = partial(objective.values_of, output, batch)
        what = "the loss or a metric"
        _, by_metrics = tried_both_ways(values, torch.Tensor.detach, original, what)
        needs = objective.needs_gradients or gradients or by_metrics
        objective = replace(objective, needs_gradients=needs)
        with _mode(needs):
            check_deterministic(objective, model, batch, dtype)
            copies = copies or _writes(replace(objective, copies=False), model, batch)
        fixed = objective.noise and isinstance(examples, Examples)
        found[name] = examples.fixed(dtype, BATCH) if fixed else examples  # type: ignore[union-attr]
    return Tried(replace(objective, copies=copies), found, output)


def _writes(objective: OutputObjective, model: nn.Module, batch: Batch) -> bool:
    """Whether the network or a metric writes into what it gets."""
    given = batch.copied()
    outputs = objective.outputs(model, given)
    with torch.no_grad():
        kept = outputs.clone()
    objective.values_of(outputs, given)
    return not (given.same_as(batch) and Batch(outputs).same_as(Batch(kept)))


def try_own(
    objective: OwnObjective,
    model: nn.Module,
    original: nn.Module,
    splits: Mapping[str, Split],
    dtype: torch.dtype,
) -> Tried:
    """Pass a batch of every split to an objective of the user's own."""
    found: dict[str, Split] = {}
    objective = replace(objective, copies=True)
    copies = False
    for name, given in splits.items():
        warn_of_lost_integers(given, dtype)
        split = given
        if isinstance(given, Rows | Examples) and objective.noise:
            split = given.fixed(dtype, BATCH)
        few = split.head(_TRIED)
        objective, by_example = _tried(objective, model, original, few.batch(dtype), split)
        if isinstance(split, Rows | Examples) and not by_example:
            split = split.fixed(dtype, len(split))
            objective, _ = _tried(objective, model, original, split.batch(dtype), split)
        found[name] = split
        copies = copies or _writes_into(objective, model, few.batch(dtype))
    return Tried(replace(objective, copies=copies), found)


def _writes_into(objective: OwnObjective, model: nn.Module, batch: Batch) -> bool:
    given = batch.copied()
    with _mode(objective.needs_gradients):
        replace(objective, copies=False).terms(model, given)
    return not given.same_as(batch)


def _tried(
    objective: OwnObjective,
    model: nn.Module,
    original: nn.Module,
    batch: Batch,
    split: Split,
) -> tuple[OwnObjective, bool]:
    """The objective with its forms, and whether it returns a number per example of a batch."""
    plain = replace(objective, forms={})
    terms, gradients = tried_both_ways(
        lambda: plain.terms(model, batch), _values_of, original, objective.name
    )
    forms = {name: form for name, (_, form) in terms.items()}
    tried = replace(
        objective,
        forms=objective.forms or forms,
        needs_gradients=gradients or objective.needs_gradients,
    )
    first = [column for column, _ in terms.values()]
    with _mode(tried.needs_gradients):
        check_own(tried, first, tried.columns(model, batch))
        sums = all(form.weighted for form in forms.values() if form.per_batch)
        rows = all(form.per_batch or len(c.values) == len(batch) for c, form in terms.values())
        by_example = sums and rows
        if by_example and isinstance(split, Rows | Examples):
            check_parts(tried, first, model, batch)
    return tried, by_example


def _values_of(terms: dict[str, tuple[Column, Form]]) -> Tensor:
    return torch.cat([column.values.detach().double().cpu() for column, _ in terms.values()])


def tried_both_ways(
    compute: Callable[[], Found],
    values_of: Callable[[Found], Tensor],
    original: nn.Module,
    what: str,
) -> tuple[Found, bool]:
    """What a computation gives, and whether it differentiates, so that inference mode stops it.

    Raises
    ------
    InputError
        If it reads the parameters of ``original``, the network of which a copy is measured.
    """
    watch = Watch(dict(original.named_parameters()))
    inferred = _in_mode(False, compute, watch) or _in_mode(False, compute)
    refuse_unmoved(watch, what)
    with _mode(True):
        found = compute()
    if inferred is not None:
        same = alike(values_of(inferred[0]), values_of(found), relative=1e-3)
        return found, watch.left_inference or not same
    _in_mode(True, compute, watch)
    refuse_unmoved(watch, what)
    return found, True


def _in_mode(
    gradients: bool, compute: Callable[[], Found], watch: Watch | None = None
) -> tuple[Found] | None:
    """The result in a mode, or None: inference mode stops autograd, a watch what is compiled."""
    try:
        with _mode(gradients), nullcontext() if watch is None else watch:
            return (compute(),)
    except torch.OutOfMemoryError:
        raise
    except Exception:  # whatever it is, it comes again without mode and watch
        return None


def _output(
    objective: OutputObjective, model: nn.Module, original: nn.Module, batch: Batch, source: str
) -> tuple[Tensor, Batch, bool]:
    def run() -> tuple[Tensor, bool]:
        def outputs() -> Tensor:
            return objective.outputs(model, batch)

        return tried_both_ways(outputs, torch.Tensor.detach, original, "the network's forward")

    try:
        try:
            output, gradients = run()
        except torch.OutOfMemoryError:
            batch = batch[:1]
            output, gradients = run()
    except InputError:
        raise
    except Exception as error:  # a network can raise any error
        raise InputError(
            f"{source}: the network does not take examples of shape {batch.shape} "
            f"({one_line(error)}); give data that fit the network"
        ) from error

    return output.detach(), batch, gradients


@contextmanager
def _mode(gradients: bool) -> Iterator[None]:
    """Inference mode or gradients, without TensorFloat-32."""
    with tensor_float_32(False), torch.enable_grad() if gradients else torch.inference_mode():
        yield
