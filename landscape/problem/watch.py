"""Watch which tensors a computation reads, call by call of torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from landscape.errors import InputError, argument


class Watch(TorchFunctionMode):
    """Notes every call that takes the values of some tensors, also by views and ``.data``.

    Parameters
    ----------
    tensors
        By name.

    Attributes
    ----------
    read
        Names of the tensors that were read.
    left_inference
        Whether torch was called outside of inference mode.

    >>> w, x = torch.ones(3), torch.ones(3)
    >>> with Watch({"w": w}) as watch:
    ...     total = (w[1:] * 2).sum() + x.sum()
    >>> watch.read
    ['w']
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._memory = {_place(t): name for name, t in tensors.items() if t.numel()}
        self.read: list[str] = []
        self.left_inference = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        places = [_place(t) for t in tree_leaves((args, kwargs or {})) if isinstance(t, Tensor)]
        named = [self._memory[place] for place in places if place in self._memory]
        self.left_inference |= not torch.is_inference_mode_enabled()
        result = func(*args, **(kwargs or {}))
        # A shape, a type or a device is no value.
        if named and any(isinstance(r, Tensor | float | np.ndarray) for r in tree_leaves(result)):
            self.read += [name for name in named if name not in self.read]
        return result


def refuse_unmoved(watch: Watch, what: str) -> None:
    """Raise an InputError if the parameters of the network that was given were read.

    What is measured is a copy, which moves through weight space; the original stays where it is.
    """
    if watch.read:
        raise InputError(
            f"{what} reads parameter {watch.read[0]!r} of the network itself, but what is measured "
            "is a copy, whose weights move: the value would not follow them. Take the network as "
            f"an argument, {argument('objective')} with f(model, batch); if the weights are meant "
            "as constants, use a clone of them"
        )


def _place(tensor: Tensor) -> tuple[int, str]:
    try:
        return tensor.untyped_storage().data_ptr(), tensor.device.type
    except RuntimeError:  # a tensor without storage, as in torch.func
        return 0, ""
