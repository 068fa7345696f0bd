"""No tuned value is far from the plain one, in networks drawn at random and far from the origin."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.directions import make_directions
from landscape.errors import InputError
from landscape.evaluate import Settings, evaluate, fused
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.network import PointNetwork, traced
from landscape.evaluate.settings import combinations
from landscape.evaluate.tuner import _COMPARED, _few, _Reference
from landscape.plane import Plane
from landscape.problem import Problem
from tests.generated import generated

NEAR = 1e-4
POINTS = np.array(
    [
        [-1.0, -1.0],  # where settings are tried
        [0.0, 0.0],
        [0.3, -0.7],
        [30.0, 10.0],
        [-1e4, 3e3],
        [1e8, -1e7],
        [1e15, -1e14],
        [1.0, 1.0],  # and here
    ]
)


def _plane(problem: Problem, seed: int) -> Plane:
    made = make_directions(problem.origin, 2, ignore="none", seed=seed)
    return Plane(problem.origin, [d.vector for d in made])


def _admissible(problem: Problem, plane: Plane, count: int, seed: int) -> Iterator[Settings]:
    """Some of the settings that a run could choose."""
    graph = traced(problem.model) is not None
    kinds = combinations(Settings(), "cpu", problem.dtype, images=True, traced=graph, fold=True)
    few, tried = _few(problem, 128), POINTS[[0, -1]]
    with exactly(False):
        reference = _Reference(problem, plane, Settings(), tried, few[:_COMPARED])
    chosen = random.Random(seed).sample(kinds[1:], min(count - 1, len(kinds) - 1))
    for kind in [kinds[-1], *chosen]:
        with exactly(False):
            network = PointNetwork(problem, plane, kind)
            if reference.agrees(network):
                yield kind


def _far_apart(seed: int) -> list[str]:
    """What is further than it may be, in one network; nothing if it is refused as a problem."""
    try:
        problem = generated(seed)
    except InputError:  # batch norm without statistics: examples depend on each other
        return []
    plane, every = _plane(problem, seed), range(len(POINTS))
    plain = dict(evaluate(problem, plane, POINTS, every, Settings()))
    found = []
    for kind in _admissible(problem, plane, 3, seed):
        for index, values in evaluate(problem, plane, POINTS, every, kind):
            expected, loss = plain[index]["loss"], values["loss"]
            near = NEAR * max(1.0, abs(expected))
            if math.isfinite(expected) and not abs(loss - expected) <= near:
                found.append(f"network {seed}, {kind}, {POINTS[index]}: {loss} for {expected}")
    return found


def test_tuned_values_of_generated_networks_are_near_the_plain_ones() -> None:
    """Seeds of which a fifth were off when settings were only tried, and some others.

    In the last ones, values that nearly cancel are summed in another order by another layout.
    """
    seeds = (5, 39, 43, 50, 55, 58, 61, 242, 671, 2978)
    assert [each for seed in seeds for each in _far_apart(seed)] == []


@pytest.mark.long
def test_tuned_values_of_3000_networks_are_near_the_plain_ones() -> None:
    assert [each for seed in range(3000) for each in _far_apart(seed)] == []


class Written(nn.Module):
    """A forward pass that writes memory which something else reads."""

    def __init__(self, forward: Callable[[Written, Tensor], Tensor]) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.register_buffer("sum", torch.zeros(4, 1, 1))
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


def _slice_after_the_convolution(m: Written, x: Tensor) -> Tensor:
    y = m.a(x)
    view = y[:, :2]
    z = m.b(y)
    view.mul_(-0.5)
    return F.relu(z) + y


def _chunk_by_augmented_assignment(m: Written, x: Tensor) -> Tensor:
    y = m.a(x)
    first, _ = y.chunk(2, dim=1)
    first += 0.5
    return F.relu(m.b(y) + x)


def _shortcut_seen_through_a_view(m: Written, x: Tensor) -> Tensor:
    y = m.a(x)
    view = y.view(-1, 4, y.shape[2] * y.shape[3])
    z = F.relu(m.b(x) + y)
    return z + view.view_as(z)


def _sum_that_the_shortcut_sees(m: Written, x: Tensor) -> Tensor:
    y = m.a(x)
    z = y
    z += m.b(x)
    return F.relu(z) + y


def _weights_read_beside(m: Written, x: Tensor) -> Tensor:
    return m.norm(m.a(x)) + m.a.weight.mean() + m.norm.weight.sum()


def _buffer_written(m: Written, x: Tensor) -> Tensor:
    kept = m.sum
    kept.copy_(torch.ones_like(kept))
    return F.relu(m.a(x)) + m.sum


def _slice_of_a_fused_relu_after_the_convolution(m: Written, x: Tensor) -> Tensor:
    y = F.relu(m.a(x))
    view = y[:, :2]
    z = m.b(y)
    view.mul_(-0.5)
    return F.relu(z) + y


def _alias_of_a_fused_relu(m: Written, x: Tensor) -> Tensor:
    y = F.relu(m.a(x))
    view = y[:, 2:]
    return F.relu(m.b(x) + y) + view.repeat(1, 2, 1, 1)


def _residual_that_a_later_convolution_reads(m: Written, x: Tensor) -> Tensor:
    y = F.relu(m.a(x))
    z = m.b(y)
    return F.relu(m.b(x) + y) + F.relu(z)


def _view_of_the_residual_convolved(m: Written, x: Tensor) -> Tensor:
    y = F.relu(m.a(x))
    view = y[:, :]
    return F.relu(m.b(view) + y)


def _alias_of_a_residual(m: Written, x: Tensor) -> Tensor:
    y = F.relu(m.a(x))
    view = y[:, 2:]
    y = F.relu(m.b(y) + y)
    return y + view.repeat(1, 2, 1, 1)


WRITTEN: dict[str, Callable[[Written, Tensor], Tensor]] = {
    "a slice, after the convolution": _slice_after_the_convolution,
    "a chunk, by +=": _chunk_by_augmented_assignment,
    "a shortcut, seen through a view": _shortcut_seen_through_a_view,
    "a sum that the shortcut sees": _sum_that_the_shortcut_sees,
    "weights read beside their layer": _weights_read_beside,
    "a buffer": _buffer_written,
    "a slice of a fused ReLU": _slice_of_a_fused_relu_after_the_convolution,
    "an alias of a fused ReLU": _alias_of_a_fused_relu,
    "a residual, and a convolution that waits": _residual_that_a_later_convolution_reads,
    "a residual, convolved through a view": _view_of_the_residual_convolved,
    "an alias of a residual": _alias_of_a_residual,
}


@pytest.mark.parametrize("layout", [False, True])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_not_proved_is_not_rewritten(name: str, layout: bool) -> None:
    if not fused.available(torch.float32):
        pytest.skip("this build of torch has no oneDNN")
    torch.manual_seed(0)
    model = Written(WRITTEN[name]).eval()
    with torch.no_grad():
        model.norm.running_mean.fill_(0.3)  # type: ignore[union-attr]
        model.norm.weight.fill_(1.7)
    problem = Problem(
        nn.Sequential(model, nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        (torch.randn(8, 4, 6, 6), torch.randint(0, 4, (8,))),
        device="cpu",
    )
    network = PointNetwork(
        problem,
        _plane(problem, 1),
        Settings(fold=True, in_place=True, fused=True, channels_last=layout),
    )
    network.move_to([0.0, 0.0])
    inputs = torch.randn(8, 4, 6, 6)
    with torch.inference_mode():
        expected = copy.deepcopy(problem.model)(inputs)
        for _ in range(2):  # the second time shows whether something was overwritten
            assert torch.allclose(network(inputs), expected, rtol=1e-4, atol=1e-5)
