"""Comparison of results that should be equal up to rounding."""

from __future__ import annotations

import torch
from torch import Tensor

_PIECE = 2**20  # elements at a time: outputs can be large


def alike(
    a: Tensor, b: Tensor, *, relative: float = 0.0, of_largest: float = 0.0, absolute: float = 0.0
) -> bool:
    """Whether two tensors are equal up to rounding, NaN and infinity included.

    Parameters
    ----------
    relative
        Allowed difference of two entries, as a part of that of ``b``.
    of_largest
        The same, as a part of the largest finite entry of ``b``.
    absolute
        The same, as a number. All three are added.

    Examples
    --------
    >>> alike(torch.tensor([1.0, 100.0]), torch.tensor([1.01, 100.0]), of_largest=1e-3)
    True
    >>> alike(torch.tensor([1.0, 100.0]), torch.tensor([1.01, 100.0]), relative=1e-3)
    False
    """
    if a.shape != b.shape:
        return False
    wide = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    if wide.is_complex:
        parts = [torch.view_as_real(t.detach().to(wide)) for t in (a, b)]
        return alike(*parts, relative=relative, of_largest=of_largest, absolute=absolute)
    if not (a.is_floating_point() or b.is_floating_point()):
        return torch.equal(a, b)
    ones, others = a.detach().flatten().split(_PIECE), b.detach().flatten().split(_PIECE)
    allowed = absolute + (of_largest * max(map(largest, others)) if of_largest else 0.0)
    return all(
        torch.allclose(one.to(wide), other.to(wide), rtol=relative, atol=allowed, equal_nan=True)
        for one, other in zip(ones, others, strict=True)
    )


def largest(values: Tensor) -> float:
    """The largest absolute value that is finite; 0 if none is."""
    finite = values[values.isfinite()]
    return float(finite.abs().max()) if finite.numel() else 0.0
