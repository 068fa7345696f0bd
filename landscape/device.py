"""Choice of the device, and of its precision in products."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, eq=False)
class _Precision:
    """torch's settings, as it had them first and by operation (torch 2.9).

    ``flags``: ``allow_tf32`` of convolutions and products; None where the caller has chosen by
    ``fp32_precision`` in a way that they cannot say. ``names``: ``fp32_precision`` of both and of
    recurrent layers.
    """

    flags: tuple[bool | None, ...]
    names: tuple[str, ...]

    @staticmethod
    def of_now() -> _Precision:
        return _Precision(
            tuple(_allowed(one) for one in _FLAGS),
            tuple(one.fp32_precision for one in _BY_OPERATION),
        )

    def same_as(self, other: _Precision) -> bool:
        return (self.flags, self.names) == (other.flags, other.names)

    def set(self) -> None:
        for one, chosen in zip(_FLAGS, self.flags, strict=True):
            if chosen is not None:
                one.allow_tf32 = chosen
        for setting, name in zip(_BY_OPERATION, self.names, strict=True):
            for value in ("none", name):  # what followed a general setting goes on doing so
                if setting.fp32_precision != name:
                    setting.fp32_precision = value


def _allowed(one: Any) -> bool | None:
    try:
        return bool(one.allow_tf32)
    except RuntimeError:
        return None


def _by_operation() -> list[Any]:
    convolutions: Any = torch.backends.cudnn
    newer = hasattr(getattr(convolutions, "conv", None), "fp32_precision")
    return [convolutions.conv, convolutions.rnn, torch.backends.cuda.matmul] if newer else []


_FLAGS: list[Any] = [torch.backends.cudnn, torch.backends.cuda.matmul]
_BY_OPERATION = _by_operation()
_LOCK = threading.Lock()
_wanted: list[_Precision] = []
"""The settings in effect: the caller's own first, then one for every open context."""


@contextmanager
def tensor_float_32(allowed: bool) -> Iterator[None]:
    """Set whether CUDA may round the factors of products and convolutions to TensorFloat-32.

    The settings are those of the process: the last one of several threads restores the caller's.
    """
    name = "tf32" if allowed else "ieee"
    own = _Precision((allowed,) * len(_FLAGS), (name,) * len(_BY_OPERATION))
    with _LOCK:
        if not _wanted:
            _wanted.append(_Precision.of_now())
        if len(_wanted) == 1 or not own.same_as(_wanted[-1]):
            own.set()
        _wanted.append(own)
    try:
        yield
    finally:
        with _LOCK:
            in_effect = _wanted[-1]
            _wanted[:] = [one for one in _wanted if one is not own]
            if len(_wanted) == 1 or not in_effect.same_as(_wanted[-1]):
                _wanted[-1].set()
            if len(_wanted) == 1:
                _wanted.clear()


@contextmanager
def cudnn_benchmark() -> Iterator[None]:
    """Let cuDNN try its algorithms for each shape, and take the fastest."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


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
