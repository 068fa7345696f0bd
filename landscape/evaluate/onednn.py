"""What :mod:`landscape.evaluate.fused` and :mod:`landscape.evaluate.blocked` ask of oneDNN.

Its rectifier makes 0 of NaN: once activations overflow, a loss far from the truth would look like
a right one. So what is below zero is not set to 0 but multiplied by :data:`SLOPE`, which rounding
does not see and which keeps NaN; minus infinity stays too. Whoever meets an output that is not
finite asks the network as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor

SLOPE = 1e-20
"""What a rectifier multiplies by below zero."""


def convolve_relu(x: Tensor, weight: Tensor, bias: Tensor | None, *shape: Any) -> Tensor:
    """relu(weight ∗ x + bias); ``shape`` is padding, stride, dilation and groups."""
    fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, *shape, "leaky_relu", [SLOPE], ""
    )
    return fused


def does(
    dtype: torch.dtype, way: Callable[..., Tensor | None], plain: Callable[..., Tensor]
) -> bool:
    """Whether this processor and this version of torch have operations, by trying them.

    Parameters
    ----------
    way, plain
        Functions of an image, a weight, a bias and a shape as those of :func:`convolve_relu`, which
        are to give the same, of NaN too; ``way`` may give None if it is not what was wanted.
    """
    if not torch.backends.mkldnn.is_available() or dtype not in (torch.float32, torch.bfloat16):
        return False
    finite = torch.linspace(-1, 1, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    odd = finite.clone()
    odd[0, 1, 0, 0] = math.nan
    weight = torch.linspace(-1, 1, 3 * 3 * 3 * 3).reshape(3, 3, 3, 3).to(dtype)
    bias, shape = torch.tensor([0.5, 0.0, -0.5], dtype=dtype), ([1, 1], [1, 1], [1, 1], 1)
    near = 0.1 if dtype == torch.bfloat16 else 1e-5
    for image, layout in product((finite, odd), (torch.contiguous_format, torch.channels_last)):
        x = image.to(dtype).contiguous(memory_format=layout)
        try:
            found = way(x, weight, bias, *shape)
        except Exception:  # an operation of another version may fail in any way
            return False
        expected = plain(x, weight, bias, *shape)
        if found is None or not torch.allclose(found, expected, atol=near, equal_nan=True):
            return False
    return True
