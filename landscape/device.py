"""Choice of the device, and of its precision in products."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

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


_CONVOLUTIONS, _PRODUCTS = torch.backends.cudnn, torch.backends.cuda.matmul
_LOCK = threading.Lock()
_wanted: list[list[bool]] = []
"""The settings in effect: the caller's own first, then one for every open context."""


@contextmanager
def tensor_float_32(allowed: bool) -> Iterator[None]:
    """Set whether CUDA may round the factors of products and convolutions to TensorFloat-32.

    The flags are those of the process: the last one of several threads restores the caller's.
    """
    own = [allowed, allowed]
    with _LOCK:
        if not _wanted:
            _wanted.append([_CONVOLUTIONS.allow_tf32, _PRODUCTS.allow_tf32])
        _wanted.append(own)
        _set(own)
    try:
        yield
    finally:
        with _LOCK:
            _wanted[:] = [one for one in _wanted if one is not own]
            _set(_wanted[-1])
            if len(_wanted) == 1:
                _wanted.clear()


def _set(flags: list[bool]) -> None:
    _CONVOLUTIONS.allow_tf32, _PRODUCTS.allow_tf32 = flags


@contextmanager
def own_context() -> Iterator[None]:
    """Leave the caller's autocast, inference mode and default device ``meta`` for a while.

    They change what a network computes, or that it computes anything. As a decorator it does so for
    a function.
    """
    with ExitStack() as left:
        for kind in ("cpu", "cuda", "mps", "xpu"):
            if torch.is_autocast_enabled(kind):
                left.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled():
            left.enter_context(torch.inference_mode(False))
        if torch.get_default_device().type == "meta":
            left.enter_context(torch.device("cpu"))
        yield
