"""Which device a run uses, and what it may do to the digits of a product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from landscape.errors import InputError, argument, unknown_choice


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` takes CUDA, then Apple MPS, then the CPU; a name (``cuda:1``) takes just that.

    Raises
    ------
    InputError
        If the device asked for is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:[0-9]{1,3})?", name):
        raise unknown_choice("device", name, ["auto", "cpu", "cuda", "cuda:N", "mps"])
    kind, _, number = name.partition(":")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(number or 0) >= count:
            raise InputError(
                f"{argument('device', name)}: this machine has {count} CUDA devices that PyTorch "
                f"{torch.__version__} can use; choose {argument('device', 'cpu')}, or install a "
                "CUDA build"
            )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError(
            f"{argument('device', name)}: PyTorch finds no MPS device here; choose "
            f"{argument('device', 'cpu')}"
        )
    return torch.device(name)


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
