"""Choice of the device, and of its precision in products."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from landscape.errors import InputError, argument, unknown_choice


def choose_device(name: str = "auto") -> torch.device:
    """Choose a device: ``auto`` is CUDA, else Apple MPS, else the CPU; or a name (``cuda:1``).

    Raises
    ------
    InputError
        If the requested device is not available.
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
                f"{argument('device', name)}: PyTorch {torch.__version__} finds {count} usable "
                f"CUDA devices; choose {argument('device', 'cpu')}, or install a CUDA build"
            )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError(
            f"{argument('device', name)}: PyTorch finds no MPS device here; choose "
            f"{argument('device', 'cpu')}"
        )
    return torch.device(name)


@contextmanager
def tensor_float_32(allowed: bool) -> Iterator[None]:
    """Set whether CUDA may round the factors of products and convolutions to TensorFloat-32."""
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = allowed
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
