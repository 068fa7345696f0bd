"""Whether a value belongs to the weights and the example alone: found before hours of work."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from landscape.errors import InputError
from landscape.metrics.metric import Metric, values_of

_OTHER_BATCH = 0.01  # of the largest output: other kernels round otherwise, a hundred layers deep
_METRIC = 1e-4  # of the largest value, which comes from the same outputs


def check_deterministic(
    network: Callable[[Tensor], Tensor],
    metrics: Mapping[str, Metric],
    inputs: Tensor,
    targets: Tensor,
    precision: torch.dtype,
) -> None:
    """Evaluate the same few examples twice, and once in two parts: nothing may depend on that.

    GPUs add in any order, so equal means: outputs to the square root of the network's machine
    epsilon (3.5e-4 in float32), relative to the largest of them, or to 0.01 if that is larger
    where the batches differ; metrics of the same outputs to 1e-4.

    Parameters
    ----------
    network
        From inputs to outputs, at some weights.
    metrics
        By name; the first is the loss.
    inputs, targets
        A few examples; one alone cannot be divided.
    precision
        What the network computes in.

    Raises
    ------
    InputError
        Naming the loss or the metric, and two different values of it.
    """
    whole = [(network(inputs), targets)]
    again = [(network(inputs), targets)]
    name, loss = next(iter(metrics.items()))
    rounding = math.sqrt(torch.finfo(precision).eps)
    if not _equal(_outputs(whole), _outputs(again), rounding):
        two = _told(_values(name, loss, whole), _values(name, loss, again))
        raise InputError(
            f"the {name} is not deterministic: {two} for the same weights and examples; is there "
            "a random operation in forward, such as a dropout that stays on in evaluation mode?"
        )
    half = len(inputs) // 2
    ends = (slice(None, half), slice(half, None)) if half else (slice(None),)
    parts = [(network(inputs[end]), targets[end]) for end in ends]
    if not _equal(_outputs(whole), _outputs(parts), max(rounding, _OTHER_BATCH)):
        two = _told(_values(name, loss, whole), _values(name, loss, parts))
        raise InputError(
            f"the {name} of an example depends on the others in its batch: {two} for the same "
            "examples at once and in two parts; does a normalization take the statistics of the "
            "batch, as in training mode?"
        )
    cut = [(whole[0][0][end], targets[end]) for end in ends]
    for name, metric in metrics.items():
        first, second, divided = (_values(name, metric, b) for b in (whole, whole, cut))
        if not _equal(first, second, _METRIC):
            raise InputError(
                f"metric {name!r} is not deterministic: {_told(first, second)} for the same "
                "outputs and targets; is there a random operation in it?"
            )
        if not _equal(first, divided, _METRIC):
            raise InputError(
                f"metric {name!r} of an example depends on the others in its batch: "
                f"{_told(first, divided)} for the same examples at once and in two parts; each "
                "number may be of its own example only"
            )


Batches = list[tuple[Tensor, Tensor]]


def _outputs(batches: Batches) -> Tensor:
    return torch.cat([output for output, _ in batches])


def _values(name: str, metric: Metric, batches: Batches) -> Tensor:
    return torch.cat([values_of({name: metric}, *batch)[0] for batch in batches])


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
