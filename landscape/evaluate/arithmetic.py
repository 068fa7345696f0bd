"""What the hardware may do to the digits of a product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from landscape.device import tensor_float_32


@contextmanager
def exactly() -> Iterator[None]:
    """No gradients, and no TensorFloat-32, whose mantissa has 10 bits: cuDNN's silent default."""
    with tensor_float_32(False), torch.inference_mode():
        yield
