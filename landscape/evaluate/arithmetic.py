"""Numerical precision of the hardware during evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from landscape.device import tensor_float_32


@contextmanager
def exactly(gradients: bool = False) -> Iterator[None]:
    """Disable gradients and TensorFloat-32 (10 bits of mantissa, the silent default of cuDNN).

    ``gradients``: keep gradients enabled, for an objective that needs them.
    """
    allowed = torch.enable_grad() if gradients else torch.inference_mode()
    with tensor_float_32(False), allowed:
        yield
