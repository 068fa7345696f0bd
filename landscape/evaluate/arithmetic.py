"""What the hardware may do to the digits of a product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from landscape.device import tensor_float_32


@contextmanager
def exactly(gradients: bool = False) -> Iterator[None]:
    """No TensorFloat-32, whose mantissa has 10 bits: cuDNN's silent default; no gradients.

    Parameters
    ----------
    gradients
        Whether gradients may be taken all the same, by an objective that needs them.
    """
    allowed = torch.enable_grad() if gradients else torch.inference_mode()
    with tensor_float_32(False), allowed:
        yield
