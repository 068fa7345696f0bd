"""Checks of an objective of the user's own on a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from landscape.data import Batch
from landscape.errors import InputError, argument
from landscape.metrics import more_metrics
from landscape.problem.alike import alike
from landscape.problem.column import Column, joined
from landscape.problem.own_objective import OwnFunction, OwnObjective, check_function

_ROUNDING = 1e-4  # of the largest value
_OTHER_BATCH = 1e-3  # in other batches, through a hundred layers


def check_alone(objective: OwnFunction | None, loss: Any, metrics: Any) -> None:
    """Raise an InputError for what cannot be given beside an objective of whole batches."""
    if objective is not None:
        check_function(objective, "objective")
    if loss is not None:
        raise InputError(
            f"{argument('loss')} and {argument('objective')}: both say what to measure; give one"
        )
    if more_metrics(metrics):
        raise InputError(
            f"{argument('metrics')} with {argument('objective')}: metrics are computed from an "
            "output and targets; return a dict from the objective, with 'loss' and the others"
        )


def check_own(objective: OwnObjective, first: Sequence[Column], again: Sequence[Column]) -> None:
    """Check that an objective gave the same values twice, and weights that can be weights.

    Raises
    ------
    InputError
        Naming the term, and two different values of it.
    """
    for name, one, other in zip(objective.forms, first, again, strict=True):
        called = objective.name if name == "loss" else f"{name} of {objective.name}"
        for a, b in ((one.values, other.values), (one.weights, other.weights)):
            if a is not None and b is not None and not alike(b, a, of_largest=_ROUNDING):
                raise InputError(
                    f"{called} is not deterministic: {_told(a, b)} for the same weights and batch; "
                    f"if it draws random numbers on purpose, give {argument('noise', 'fixed')}, "
                    "the same ones at every point"
                )
        weights = one.weights
        if weights is not None and not bool((weights.isfinite() & (weights >= 0)).all()):
            raise InputError(
                f"{called} has weights that are negative or not finite; expected numbers from 0, "
                "such as numbers of tokens"
            )


def check_parts(
    objective: OwnObjective, whole: Sequence[Column], model: nn.Module, batch: Batch
) -> None:
    """Check that values do not depend on how examples are split into batches.

    Raises
    ------
    InputError
        Naming the term, and two different values of it.
    """
    half = len(batch) // 2
    if not half:
        return
    parts = [objective.columns(model, part) for part in (batch[:half], batch[half:])]
    for name, one, *halves in zip(objective.forms, whole, *parts, strict=True):
        other = joined(halves)
        paired = one.values.shape == other.values.shape and not objective.forms[name].per_batch
        pairs = [(one.values, other.values)] if paired else []
        pairs.append((Column.mean(one).reshape(1), Column.mean(other).reshape(1)))
        for a, b in pairs:
            if not alike(b, a, of_largest=_OTHER_BATCH):
                called = objective.name if name == "loss" else f"{name} of {objective.name}"
                raise InputError(
                    f"{called} of an example depends on the others in its batch: {_told(a, b)} for "
                    "the same examples at once and in two parts; if that is meant, give a "
                    "DataLoader or a list of batches, which are not divided"
                )


def _told(one: Tensor, other: Tensor) -> str:
    """The two values that differ most."""
    if one.shape != other.shape:
        return f"{len(one)} and {len(other)} values"
    apart = (one.double() - other.double()).abs().nan_to_num(nan=torch.inf)
    k = int(apart.argmax())
    return f"{float(one[k]):.9g} and {float(other[k]):.9g}"
