"""Forward passes captured as CUDA graphs and replayed.

On a fast GPU some layers of a deep network compute in less time than their launch takes. A graph
is launched as a whole. The weights of the next point are written where the graph reads them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Forward = Callable[[Tensor], Tensor]
_SHAPES = 4


class Replaying:
    """A forward pass that is captured for input shapes that repeat.

    ``forward``: tensor to tensor; must always run the same operations on the same memory.
    """

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._seen: set[torch.Size] = set()
        self._recorded: dict[torch.Size, tuple[Tensor, Callable[[], None], Tensor]] = {}

    def __call__(self, inputs: Tensor) -> Tensor:
        shape = inputs.shape
        if shape not in self._recorded:
            # The first call warms up; each graph has its own memory, so only a few are kept.
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
    """Capture ``forward(inputs)``: a function that replays it, and the output it writes to."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        forward(inputs)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(inputs)
    return graph.replay, output
