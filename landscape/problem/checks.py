"""What a problem must fulfil, found when it is made rather than after hours of work."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from landscape.data import Batch, Examples, Stream
from landscape.errors import InputError
from landscape.metrics import Metric, check_targets
from landscape.metrics.metric import counted_positions
from landscape.problem.objective import Network, Objective

_OTHER_BATCH = 0.01  # of the largest output: other kernels round otherwise, a hundred layers deep
_METRIC = 1e-4  # of the largest value, which comes from the same outputs


def check_parameters(model: nn.Module) -> None:
    """The parameters can be moved along a direction.

    Raises
    ------
    InputError
        Naming the first that cannot, or if there are none.
    """
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise InputError(
            "the network is compiled by torch.jit, whose weights cannot be moved in a copy; give "
            "the torch.nn.Module that it was made from"
        )
    for name, p in model.named_parameters():
        if isinstance(p, UninitializedParameter):
            raise InputError(
                f"parameter {name!r} has no values yet: put a batch through the network once, "
                "train it, and come again"
            )
        if not (p.is_floating_point() or p.is_complex()):
            raise InputError(
                f"parameter {name!r} holds {p.dtype}, and whole numbers cannot be moved along a "
                "direction; make it a buffer (register_buffer)"
            )
    if not any(True for _ in model.parameters()):
        raise InputError("the network has no parameters: there is no weight space to look at")


def check_labels(
    metrics: Mapping[str, Metric], output: Tensor, examples: Examples | Stream, loss: str
) -> None:
    """Class labels fit the network's output, for every metric that takes them.

    Parameters
    ----------
    loss
        What the loss is called, for messages.

    Raises
    ------
    InputError
        Naming labels and classes; or an example of whose labels none counts.
    """
    for name, metric in metrics.items():
        if metric.class_dim is not None:
            called = loss if name == "loss" else name
            extremes = examples.extreme_targets
            check_targets(output, extremes, examples.source, called, metric.class_dim)
            if isinstance(examples, Examples) and extremes.ndim > 1:
                counted_positions(extremes)


def check_deterministic(
    objective: Objective, network: Network, batch: Batch, precision: torch.dtype
) -> None:
    """Evaluate the same few examples twice, and once in two parts: nothing may depend on that.

    GPUs add in any order, so equal means: outputs to the square root of the network's machine
    epsilon (3.5e-4 in float32), relative to the largest of them, or to 0.01 if that is larger
    where the batches differ; metrics of the same outputs to 1e-4.

    Parameters
    ----------
    objective
        What is measured; its first metric is the loss.
    network
        At some weights.
    batch
        A few examples; one alone cannot be divided.
    precision
        What the network computes in.

    Raises
    ------
    InputError
        Naming the loss or the metric, and two different values of it.
    """
    name = next(iter(objective.metrics))
    half = len(batch) // 2
    parts = [batch[:half], batch[half:]] if half else [batch]
    whole, again = (objective.outputs(network, batch) for _ in range(2))
    rounding = math.sqrt(torch.finfo(precision).eps)

    def losses(outputs: list[Tensor], batches: list[Batch]) -> Tensor:
        rows = [objective.values_of(o, b)[0] for o, b in zip(outputs, batches, strict=True)]
        return torch.cat(rows)

    if not _equal(whole, again, rounding):
        two = _told(losses([whole], [batch]), losses([again], [batch]))
        raise InputError(
            f"the {name} is not deterministic: {two} for the same weights and examples; is there "
            "a random operation in forward, such as a dropout that stays on in evaluation mode?"
        )
    apart = [objective.outputs(network, part) for part in parts]
    if not _equal(whole, torch.cat(apart), max(rounding, _OTHER_BATCH)):
        two = _told(losses([whole], [batch]), losses(apart, parts))
        raise InputError(
            f"the {name} of an example depends on the others in its batch: {two} for the same "
            "examples at once and in two parts; does a normalization take the statistics of the "
            "batch, as in training mode?"
        )
    first, second = (objective.values_of(whole, batch) for _ in range(2))
    cut = [whole[:half], whole[half:]] if half else [whole]
    divided = torch.cat([objective.values_of(o, b) for o, b in zip(cut, parts, strict=True)], dim=1)
    for name, one, other, in_parts in zip(objective.metrics, first, second, divided, strict=True):
        if not _equal(one, other, _METRIC):
            raise InputError(
                f"metric {name!r} is not deterministic: {_told(one, other)} for the same "
                "outputs and targets; is there a random operation in it?"
            )
        if not _equal(one, in_parts, _METRIC):
            raise InputError(
                f"metric {name!r} of an example depends on the others in its batch: "
                f"{_told(one, in_parts)} for the same examples at once and in two parts; each "
                "number may be of its own example only"
            )


def _told(one: Tensor, other: Tensor) -> str:
    """Both values where they differ most, with as many digits as it takes to tell them apart."""
    alike = (one == other) | (one.isnan() & other.isnan())
    apart = torch.where(alike, 0.0, (one - other).abs())
    where = int(apart.nan_to_num(nan=torch.inf, posinf=torch.inf).argmax())
    first, second = float(one[where]), float(other[where])
    for digits in (3, 6, 9):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return " and ".join(texts)


def _equal(a: Tensor, b: Tensor, tolerance: float) -> bool:
    """Equal up to a part of the largest number; NaN and infinity count."""
    if a.shape != b.shape:
        return False
    if not a.is_floating_point():
        return torch.equal(a, b)
    finite = a[a.isfinite()]
    largest = float(finite.abs().max()) if finite.numel() else 0.0
    return torch.allclose(a, b, rtol=0.0, atol=tolerance * largest, equal_nan=True)
