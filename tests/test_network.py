"""PointNetwork: out of memory, compilation and precision."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import Tensor, nn

from landscape.evaluate import Settings, evaluate
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork
from landscape.problem import Problem
from tests.test_evaluate import POINTS, plane_of


class Small(nn.Module):
    """A network on a device with memory for a few examples only."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.linear, self.room, self.seen = nn.Linear(3, 4), room, [0]

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        if len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        out: Tensor = self.linear(x)
        return out


def problem_with(room: int) -> Problem:
    torch.manual_seed(0)
    data = (torch.randn(20, 3), torch.randint(0, 4, (20,)))
    return Problem(Small(room), data, device="cpu")


def test_a_batch_too_large_for_memory_is_halved_until_it_fits() -> None:
    problem, wide = problem_with(5), problem_with(100)
    settings = Settings(batch_size=16)
    with pytest.warns(UserWarning, match="out of memory with") as said:
        found = list(evaluate(problem, plane_of(problem), POINTS, range(3), settings))
    assert [str(w.message).split(": ")[1] for w in said] == [
        "continuing with 8",
        "continuing with 4",
    ]
    expected = list(evaluate(wide, plane_of(wide), POINTS, range(3), settings))
    for (_, one), (_, other) in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-6)


def test_one_example_too_large_for_memory_is_an_error() -> None:
    problem = problem_with(1)
    network = PointNetwork(problem, plane_of(problem), Settings())
    network._model.room = 0  # type: ignore[assignment]
    with pytest.warns(UserWarning, match="with 1"), pytest.raises(torch.OutOfMemoryError):
        network(torch.zeros(4, 3))


@pytest.mark.long
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_uses_the_weights_of_the_point() -> None:
    problem = problem_with(100)
    problem.model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    problem.origin = dict(problem.model.requires_grad_(False).named_parameters())
    plane, rows = plane_of(problem), range(4)
    compiled = list(evaluate(problem, plane, POINTS, rows, Settings(compiled=True)))
    for (_, one), (_, other) in zip(compiled, evaluate(problem, plane, POINTS, rows), strict=True):
        assert one == pytest.approx(other, rel=1e-5)


@pytest.mark.parametrize(("reduced", "allowed"), [(None, False), ("tf32", True)])
def test_tensor_float_32_is_never_silent(reduced: str | None, allowed: bool) -> None:
    flags: list[tuple[bool, bool]] = []

    class Watching(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            products = torch.backends.cuda.matmul.allow_tf32
            flags.append((torch.backends.cudnn.allow_tf32, products))
            return super().forward(x)

    data = (torch.randn(5, 3), torch.randint(0, 4, (5,)))
    problem = Problem(Watching(3, 4), data, device="cpu")
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    network = PointNetwork(problem, plane_of(problem), Settings(reduced=reduced))
    flags.clear()
    with exactly():
        network(torch.zeros(4, 3))
        assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == (
            False,
            False,
        )
    assert flags == [(allowed, allowed)]
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == before
