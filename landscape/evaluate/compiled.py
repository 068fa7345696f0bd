"""A network compiled by ``torch.compile`` for batches of one size.

Compiling takes a minute for each shape of the inputs. So only full batches are compiled, and the
last batch of a pass, or the many sizes of sequential sampling, run in the network as it is. The
kernels are kept on disk by the compiler: a second network of the same form compiles in seconds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Compiled:
    """Outputs of a network, by compiled code for ``size`` examples at once."""

    def __init__(self, model: nn.Module, size: int) -> None:
        self._model, self._size = model, size
        self._compiled = torch.compile(model, dynamic=False)

    def __call__(self, inputs: Tensor) -> Tensor:
        chosen = self._compiled if len(inputs) == self._size else self._model
        output: Tensor = chosen(inputs)
        return output
