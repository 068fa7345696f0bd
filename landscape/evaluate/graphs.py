"""Forward passes recorded as CUDA graphs and replayed.

A deep network on a fast GPU computes some of its layers in less time than it takes to launch them.
A graph is launched at once. The weights of the next point are written where the graph reads them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Forward = Callable[[Tensor], Tensor]
_SHAPES = 4


class Replaying:
    """A forward pass that is recorded for shapes of inputs that come again.

    Parameters
    ----------
    forward
        Tensor to tensor, always by the same operations on the same memory.
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._seen: set[torch.Size] = set()
        self._recorded: dict[torch.Size, tuple[Tensor, Callable[[], None], Tensor]] = {}

    def __call__(self, inputs: Tensor) -> Tensor:
        shape = inputs.shape
        if shape not in self._recorded:
            # The first time warms up; each graph has memory of its own, so only a few are kept.
            if shape not in self._seen or len(self._recorded) == _SHAPES:
                self._seen.add(shape)
                return self._forward(inputs)
            place = inputs.clone()
            self._recorded[shape] = (place, *record(self._forward, place))
        place, replay, output = self._recorded[shape]
        place.copy_(inputs)
        replay()
        return output.clone()


def record(forward: Forward, inputs: Tensor) -> tuple[Callable[[], None], Tensor]:
    """A function that computes ``forward`` of what ``inputs`` holds then, and where that goes."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        forward(inputs)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(inputs)
    return graph.replay, output
