"""Forward passes captured as CUDA graphs and replayed.

On a fast GPU some layers of a deep network compute in less time than their launch takes. A graph
is launched as a whole. The weights of the next point are written where the graph reads them.

All graphs of a device share one pool of memory, and their outputs are copied as soon as they are
replayed. So any number of networks and batch sizes takes the memory of the largest pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

Forward = Callable[[Tensor], Tensor]
_SHAPES = 8


class Replaying:
    """A forward pass that is captured for input shapes that repeat.

    A batch is filled up to a power of two or to a full batch, so that batches of any size need few
    graphs; the outputs of the other rows are left out.

    ``forward``: tensor to tensor; must always run the same operations on the same memory. ``full``:
    the usual number of rows.
    """

    def __init__(self, forward: Forward, full: int | None = None) -> None:
        self._forward, self._full = forward, full
        self._by_row = True
        self._seen: set[tuple[Any, ...]] = set()
        self._recorded: dict[tuple[Any, ...], tuple[Tensor, Callable[[], None], Tensor]] = {}

    def __call__(self, inputs: Tensor) -> Tensor:
        rows = len(inputs)
        shape = (rounded_up(rows, self._full) if self._by_row else rows, *inputs.shape[1:])
        key = (shape, inputs.dtype)
        if key not in self._recorded:
            # The first call warms up; inputs of many forms are not worth their graphs.
            if key not in self._seen or len(self._recorded) == _SHAPES:
                self._seen.add(key)
                output = self._forward(inputs)
                self._by_row = output.ndim > 0 and len(output) == rows
                return output
            place = inputs.new_zeros(shape)
            place[:rows].copy_(inputs)
            self._recorded[key] = (place, *record(self._forward, place))
        place, replay, output = self._recorded[key]
        place[:rows].copy_(inputs)
        replay()
        return (output[:rows] if rows < shape[0] else output).clone()


def rounded_up(rows: int, full: int | None = None) -> int:
    """The next power of two, but at most a full batch.

    >>> [rounded_up(n, 384) for n in (1, 3, 64, 300, 384, 500)]
    [1, 4, 64, 384, 384, 512]
    """
    power = 1 << max(rows - 1, 0).bit_length()
    return full if full is not None and rows <= full < power else power


def record(forward: Forward, inputs: Tensor) -> tuple[Callable[[], None], Tensor]:
    """Capture ``forward(inputs)``: a function that replays it, and the output it writes to.

    The output is overwritten when any other graph of the device is replayed.
    """
    with torch.cuda.device(inputs.device):
        aside, pool = _stream_and_pool(inputs.device)
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            forward(inputs)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool, stream=aside):
            output = forward(inputs)
    return graph.replay, output


@cache
def _stream_and_pool(device: torch.device) -> tuple[torch.cuda.Stream, Any]:
    """Where a device's graphs are captured; a stream belongs to the device that it was made on."""
    return torch.cuda.Stream(device), torch.cuda.graph_pool_handle()
