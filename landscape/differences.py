"""Checkpoints kept as differences from the first one of their run, in half precision.

A parameter θ that has changed since the first checkpoint is kept as (θ − θ₀)/s in float16, with
s the largest absolute difference of its tensor. Every difference is then known to a relative 2⁻¹¹
(4.9·10⁻⁴), or to 2⁻²⁵ s if it is smaller than 2⁻¹⁴ s: the error is relative to how far training
has moved the weights, not to the weights, which float16 or bfloat16 (2⁻⁸) would round by more than
fine-tuning moves them. Whole numbers are kept as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from landscape.errors import InputError

__all__ = ["TRAINED", "are_differences", "differences", "restored"]

TRAINED = "trained"
"""The entry ``recorded`` of a file without the parameters that are not trained."""

_KEYS = ("first", "differences", "scales", "whole")


def differences(state: Mapping[str, Tensor], first: Mapping[str, Tensor]) -> dict[str, Any]:
    """The entries of a state that differ from the first, in the form described above.

    Returns
    -------
    dict
        ``differences`` (float16 by name), ``scales`` (a number by name), and ``whole``: entries
        kept as they are, which are whole numbers, new or not finite.
    """
    small: dict[str, Tensor] = {}
    scales: dict[str, float] = {}
    whole: dict[str, Tensor] = {}
    for name, tensor in state.items():
        before = first.get(name)
        if before is None or before.shape != tensor.shape or not tensor.is_floating_point():
            if before is None or not torch.equal(before, tensor):
                whole[name] = tensor
            continue
        change = _wide(tensor) - _wide(before)
        scale = float(change.abs().max()) if change.numel() else 0.0
        if scale == 0.0:
            continue
        scaled = (change / scale).half()
        if scale < float("inf") and bool(scaled.isfinite().all()):
            small[name], scales[name] = scaled, scale
        else:
            whole[name] = tensor
    return {"differences": small, "scales": scales, "whole": whole}


def are_differences(content: Any) -> bool:
    """Whether a checkpoint file contains :func:`differences`."""
    return isinstance(content, Mapping) and all(key in content for key in _KEYS)


def restored(
    content: Mapping[str, Any], path: Path, read: Callable[[Path], Mapping[str, Tensor]]
) -> dict[str, Tensor]:
    """The state of a file of differences; ``read`` reads the state of the first checkpoint.

    Raises
    ------
    InputError
        If the file is damaged, or the first checkpoint is another one.
    """
    first, small, scales, whole = (content[key] for key in _KEYS)
    held = all(isinstance(one, Mapping) for one in (small, scales, whole)) and all(
        isinstance(tensor, Tensor) for tensor in whole.values()
    )
    if not held or not isinstance(first, str) or Path(first).name != first:
        raise InputError(f"checkpoint {path} is damaged; copy it again")
    state = dict(read(path.with_name(first)))
    for name, change in small.items():
        before, scale = state.get(name), scales.get(name)
        if (
            before is None
            or not isinstance(change, Tensor)
            or not isinstance(scale, float)
            or before.shape != change.shape
        ):
            raise InputError(
                f"checkpoint {path}: {name!r} does not fit {first}, from which it is a difference; "
                "keep the files of one run in one folder"
            )
        state[name] = (_wide(before) + scale * _wide(change)).to(before.dtype)
    return {**state, **whole}


def _wide(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float64 else tensor.float()
