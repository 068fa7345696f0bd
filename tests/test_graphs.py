"""Captured forward passes, with a substitute for the capture, as the tests run without a GPU.

On a GPU the tuner compares the outputs of a captured network with those of the plain one, at two
points and repeatedly, before using it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from landscape.evaluate import Settings, graphs
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.problem import Problem
from tests.test_evaluate import plane_of


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """Captured shapes; a replay recomputes into the same memory, as a graph does."""
    shapes: list[torch.Size] = []

    def record(
        forward: Callable[[Tensor], Tensor], inputs: Tensor
    ) -> tuple[Callable[[], None], Tensor]:
        shapes.append(inputs.shape)
        output = torch.full_like(forward(inputs), float("nan"))

        def replay() -> None:
            output.copy_(forward(inputs))

        return replay, output

    monkeypatch.setattr(graphs, "record", record)
    return shapes


def test_a_repeated_shape_is_replayed_with_the_weights_of_the_point(
    recorded: list[torch.Size],
) -> None:
    torch.manual_seed(0)
    data = (torch.randn(20, 3), torch.randint(0, 4, (20,)))
    problem = Problem(nn.Linear(3, 4), data, device="cpu")
    plane = plane_of(problem)
    replaying = PointNetwork(problem, plane, Settings(graphs=True))
    plain = PointNetwork(problem, plane, Settings())
    kept = []
    with exactly():
        for point in ((0.0, 0.0), (1.0, 0.5), (-1.0, 0.5)):
            replaying.move_to(point)
            plain.move_to(point)
            for inputs in (data[0][:8], data[0][8:16], data[0][16:]):
                kept.append((replaying(inputs), plain(inputs)))
    assert recorded == [torch.Size([8, 3]), torch.Size([4, 3])]
    for found, expected in kept:  # at the end: later replays must not modify earlier outputs
        assert torch.equal(found, expected)


def test_only_a_few_shapes_are_kept(recorded: list[torch.Size]) -> None:
    replaying = graphs.Replaying(torch.exp)
    for _ in range(3):
        for n in range(1, 9):
            x = torch.linspace(0, 1, n)
            assert torch.equal(replaying(x), torch.exp(x))
    assert len(recorded) == 4
