"""Checks of a problem, made on creation rather than after hours of sampling."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from landscape.data import Batch, Examples, Stream
from landscape.errors import InputError, argument
from landscape.metrics import Metric, check_targets
from landscape.metrics.metric import counted_positions
from landscape.metrics.regression import are_labels, squared_error
from landscape.problem.alike import alike
from landscape.problem.objective import Network, OutputObjective
from landscape.problem.parameters import movable

_OTHER_BATCH = 0.01  # of the largest output: other kernels round differently, over a hundred layers
_PROBABILITY = 1e-3  # of the sum over classes
_METRIC = 1e-4  # of the largest value, which comes from the same outputs


def check_is_module(model: object) -> None:
    """Raise an InputError unless it is a network of torch."""
    if not isinstance(model, nn.Module):
        hint = "an instance of it" if isinstance(model, type) else "one whose forward calls it"
        raise InputError(
            f"{argument('model')} is a {type(model).__name__}; expected a torch.nn.Module: give "
            f"{hint}"
        )


def check_parameters(model: nn.Module) -> None:
    """Check that all parameters can be moved along a direction.

    Raises
    ------
    InputError
        Naming the first that cannot be moved, or if there are none.
    """
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise InputError(
            "the network is compiled by torch.jit, so its weights cannot be moved in a copy; give "
            "the original torch.nn.Module"
        )
    for name, p in model.named_parameters():
        if isinstance(p, UninitializedParameter):
            raise InputError(
                f"uninitialized parameter {name!r}: run one batch through the network first, then "
                "train it"
            )
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_meta:
            raise InputError(
                f"{name!r} is on the device meta, which holds no numbers: load the weights first"
            )
    if not any(movable(p) or p.is_complex() for p in model.parameters()):
        raise InputError("the network has no parameters: there is no weight space to sample")


def check_labels(
    metrics: Mapping[str, Metric], output: Tensor, examples: Examples | Stream, loss: str
) -> None:
    """Check that class labels fit the network's output, for every metric that uses them.

    Parameters
    ----------
    loss
        Name of the loss in messages.

    Raises
    ------
    InputError
        Naming labels and classes; or an example without any label that counts.
    """
    for name, metric in metrics.items():
        dim = metric.class_dim
        if metric.function is squared_error and are_labels(output, examples.extreme_targets):
            dim = 1
        if dim is not None:
            called = loss if name == "loss" else name
            extremes = examples.extreme_targets
            check_targets(output, extremes, examples.source, called, dim)
            if isinstance(examples, Examples) and extremes.ndim > 1:
                counted_positions(extremes)


def warn_of_probabilities(loss: Metric, output: Tensor) -> None:
    """Warn if class scores are probabilities where the loss takes the softmax of its input."""
    if loss.class_dim is None or not output.is_floating_point():
        return
    sums = output.sum(dim=loss.class_dim)
    if bool((output >= 0).all()) and bool(((sums - 1.0).abs() < _PROBABILITY).all()):
        warnings.warn(
            "the network's outputs are probabilities (not negative, with a sum of 1 over the "
            "classes), but the loss takes logits and applies a softmax to them: leave the "
            "network's last softmax out, or give a loss of probabilities, such as "
            "-log of the target's",
            stacklevel=5,
        )


def check_deterministic(
    objective: OutputObjective, network: Network, batch: Batch, precision: torch.dtype
) -> None:
    """Check that results are deterministic: evaluate a few examples twice, and once in two parts.

    GPUs add in any order, so outputs count as equal to within the square root of the network's
    machine epsilon (3.5e-4 in float32), relative to the largest output, or 0.01 if that is larger
    where the batches differ; metrics of the same outputs to within 1e-4.

    Parameters
    ----------
    objective
        The objective; its first metric is the loss.
    network
        The network at some weights.
    batch
        A few examples; a single one cannot be split.
    precision
        The network's precision.

    Raises
    ------
    InputError
        Naming the loss or the metric, and two different values of it.
    """
    name = next(iter(objective.metrics))
    half = len(batch) // 2
    parts = [batch[:half], batch[half:]] if half else [batch]
    whole, again = (objective.outputs(network, batch).detach() for _ in range(2))
    rounding = math.sqrt(torch.finfo(precision).eps)

    def losses(outputs: list[Tensor], batches: list[Batch]) -> Tensor:
        rows = [objective.values_of(o, b)[0] for o, b in zip(outputs, batches, strict=True)]
        return torch.cat(rows)

    if not alike(again, whole, of_largest=rounding):
        two = _told(losses([whole], [batch]), losses([again], [batch]))
        raise InputError(
            f"the {name} is not deterministic: {two} for the same weights and examples; does "
            "forward use random numbers, such as a dropout that stays active in evaluation mode? "
            f"If that is meant, give {argument('noise', 'fixed')}, the same ones at every point"
        )
    if objective.noise:  # an example has other random numbers in another batch
        return
    apart = [objective.outputs(network, part).detach() for part in parts]
    if not alike(torch.cat(apart), whole, of_largest=max(rounding, _OTHER_BATCH)):
        two = _told(losses([whole], [batch]), losses(apart, parts))
        raise InputError(
            f"the {name} of an example depends on the others in its batch: {two} for the same "
            "examples at once and in two parts; does a normalization use batch statistics, as in "
            "training mode?"
        )
    first, second = (objective.values_of(whole, batch) for _ in range(2))
    cut = [whole[:half], whole[half:]] if half else [whole]
    divided = torch.cat([objective.values_of(o, b) for o, b in zip(cut, parts, strict=True)], dim=1)
    for name, one, other, in_parts in zip(objective.metrics, first, second, divided, strict=True):
        if not alike(other, one, of_largest=_METRIC):
            raise InputError(
                f"metric {name!r} is not deterministic: {_told(one, other)} for the same "
                "outputs and targets; does it use random numbers?"
            )
        if not alike(in_parts, one, of_largest=_METRIC):
            raise InputError(
                f"metric {name!r} of an example depends on the others in its batch: "
                f"{_told(one, in_parts)} for the same examples at once and in two parts; each "
                "value may only depend on its own example"
            )


def _told(one: Tensor, other: Tensor) -> str:
    """The two values that differ most, with enough digits to tell them apart."""
    same = (one == other) | (one.isnan() & other.isnan())
    apart = torch.where(same, 0.0, (one - other).abs())
    where = int(apart.nan_to_num(nan=torch.inf, posinf=torch.inf).argmax())
    first, second = float(one[where]), float(other[where])
    for digits in (3, 6, 9):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return " and ".join(texts)
