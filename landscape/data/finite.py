"""Inputs with NaN or infinity, which make the loss NaN everywhere: said before it is computed."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

_AT_ONCE = 4096


def warn_of_not_finite(inputs: Tensor, targets: Tensor, source: str) -> None:
    """Warn if examples contain numbers that are not finite, naming the first such example.

    >>> x = torch.tensor([[0.0, 1.0], [torch.nan, 1.0]])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_of_not_finite(x, torch.zeros(2), "tensors")
    >>> str(caught[0].message).partition(";")[0]
    'tensors: the inputs of 1 of 2 examples are not finite, the first of example 1'
    """
    for what, values in (("inputs", inputs), ("targets", targets)):
        odd = [k for start, part in _parts(values) for k in (start + _odd(part)).tolist()]
        if odd:
            warnings.warn(
                f"{source}: the {what} of {len(odd)} of {len(values)} examples are not finite, the "
                f"first of example {odd[0]}; a single one makes the mean loss NaN at every point: "
                "leave such examples out",
                stacklevel=3,
            )


def _parts(values: Tensor) -> list[tuple[int, Tensor]]:
    if not (values.is_floating_point() or values.is_complex()):
        return []
    return [(k, values[k : k + _AT_ONCE]) for k in range(0, len(values), _AT_ONCE)]


def _odd(part: Tensor) -> Tensor:
    finite = torch.isfinite(part).flatten(1) if part.ndim > 1 else torch.isfinite(part)[:, None]
    return torch.nonzero(~finite.all(dim=1))[:, 0].cpu()
