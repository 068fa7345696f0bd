"""What the hardware may do to the digits of a product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exactly() -> Iterator[None]:
    """No gradients, and no TensorFloat-32, whose mantissa has 10 bits: cuDNN's silent default."""
    with tensor_float_32(False), torch.inference_mode():
        yield


@contextmanager
def tensor_float_32(allowed: bool) -> Iterator[None]:
    """Whether CUDA may round the factors of products and convolutions to TensorFloat-32."""
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = allowed
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
