"""How often the host waits, and that planted faults are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.data import Examples, Preprocess
from landscape.evaluate import Settings, evaluate, graphs
from landscape.evaluate.weights import PointWeights
from landscape.problem import Problem
from landscape.problem.noise import fixed_noise
from tests.gpu.machine import DEVICES, Machine
from tests.gpu.test_values import POINTS, ROWS, WAYS, on_cpu, same, values_on_cpu
from tests.test_evaluate import plane_of

HALF = Preprocess(255.0, (0.5, 0.4, 0.3), (0.25, 0.2, 0.3), "given")


def of_images(model: nn.Module) -> Problem:
    torch.manual_seed(0)
    images = torch.randint(0, 256, (20, 3, 4, 4), dtype=torch.uint8)
    examples = Examples(images, torch.randint(0, 10, (20,)), HALF)
    return Problem(model, {"train": examples}, device="cpu")


def waits_of_later_points(
    gpu: Machine, problem: Problem, settings: Settings
) -> Counter[tuple[str, str]]:
    points = POINTS[[0, 1, 2, 1, 0]]
    found = evaluate(problem, plane_of(problem), points, range(5), settings)
    next(found), next(found)
    gpu.waits.clear()
    assert len(list(found)) == 3
    return gpu.waits


@pytest.mark.parametrize("way", WAYS)
def test_the_host_waits_once_a_point_for_the_values(gpu: Machine, way: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 10))
    waits = waits_of_later_points(gpu, of_images(model).to("cuda:1"), WAYS[way])
    places = Counter(place.partition(":")[0] for _, place in waits.elements())
    # Of a folded network also the largest of its weights and outputs is asked for.
    assert places == {"column.py": 3, **({"network.py": 3} if WAYS[way].fold else {})}


def test_values_too_large_to_fold_are_found_at_the_end(gpu: Machine) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 10))
    problem = of_images(model)
    plane, points = plane_of(problem), np.array([[0.0, 0.0], [1e30, 0.0], [0.2, 0.1]])
    expected = dict(evaluate(problem, plane, points, ROWS))
    found = dict(evaluate(problem.to("cuda:1"), plane, points, ROWS, WAYS["all"]))
    for index in ROWS:
        assert found[index] == pytest.approx(expected[index], rel=1e-4, nan_ok=True)
    assert any(place.startswith("network.py") for _, place in gpu.waits)


def test_preprocessing_is_part_of_the_graph(gpu: Machine) -> None:
    torch.manual_seed(0)
    problem = of_images(nn.Sequential(nn.Flatten(), nn.Linear(48, 10))).to("cuda:1")
    list(evaluate(problem, plane_of(problem), POINTS, ROWS, Settings(graphs=True)))
    (graph,) = gpu.driver.graphs
    assert graph.steps[0].args[0].dtype == torch.uint8


def test_all_graphs_share_one_pool(gpu: Machine) -> None:
    runs = [graphs.Replaying(function) for function in (torch.exp, torch.sin, torch.cos)]
    for _ in range(3):
        for n in (1, 2, 4):
            x = torch.linspace(0, 1, n).to("cuda:1")
            found = [run(x) for run in runs]
            for got, function in zip(found, (torch.exp, torch.sin, torch.cos), strict=True):
                assert torch.equal(got.cpu(), function(x.cpu()))
    assert len(gpu.driver.graphs) == 9
    assert len({id(graph.memory_pool) for graph in gpu.driver.graphs}) == 1


def test_batches_of_many_sizes_need_few_graphs(gpu: Machine) -> None:
    replaying = graphs.Replaying(torch.exp, full=48)
    for _ in range(2):
        for n in range(1, 49):
            x = torch.linspace(0, 1, n).to("cuda:0")
            assert torch.equal(replaying(x).cpu(), torch.exp(x.cpu()))
    captured = sorted(len(graph.steps[0].args[0]) for graph in gpu.driver.graphs)
    assert captured == [1, 2, 4, 8, 16, 32, 48]


@pytest.mark.parametrize("device", DEVICES)
def test_noise_is_seeded_on_its_own_device(
    gpu: Machine, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.random, "fork_rng", lambda *_, **__: torch.no_grad())
    monkeypatch.setattr(
        torch.cuda, "manual_seed", lambda seed: seeded.append(torch.cuda.current_device())
    )
    with fixed_noise(0, torch.device(device)):
        pass
    assert [f"cuda:{index}" for index in seeded] == [device]


# Planted faults.


def unguarded(forward: Callable[[Tensor], Tensor], inputs: Tensor) -> Any:
    """A capture on the stream of whatever device is the current one."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = forward(inputs)
    return graph.replay, output


def test_a_missing_guard_is_found(gpu: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "record", unguarded)
    problem, plane = on_cpu("resnet-projection")
    settings = Settings(batch_size=7, graphs=True)
    expected = values_on_cpu("resnet-projection", Settings(batch_size=7))
    same(dict(evaluate(problem.to("cuda:0"), plane, POINTS, ROWS, settings)), expected)
    with pytest.raises(AssertionError):
        same(dict(evaluate(problem.to("cuda:1"), plane, POINTS, ROWS, settings)), expected)


class LeftBehind(nn.Linear):
    """Its offset is no buffer, so it stays where it is."""

    offset = torch.ones(10)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1)) + self.offset


@pytest.mark.parametrize("device", DEVICES)
def test_a_tensor_left_behind_is_found(gpu: Machine, device: str) -> None:
    problem = of_images(LeftBehind(48, 10))
    with pytest.raises(RuntimeError, match="same device, but found cpu"):
        list(evaluate(problem.to(device), plane_of(problem), POINTS, ROWS))


class Asking(nn.Linear):
    """Asks for a number in the middle of its pass."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1)) / max(self.weight.max().item(), 1.0)


def test_a_number_asked_for_in_the_loop_is_found(gpu: Machine) -> None:
    problem = of_images(Asking(48, 10)).to("cuda:1")
    waits = waits_of_later_points(gpu, problem, Settings())
    assert waits.total() == 6
    with pytest.raises(RuntimeError, match="not permitted when stream is capturing"):
        waits_of_later_points(gpu, problem, Settings(graphs=True))


def test_a_lost_bias_is_found(gpu: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    write = PointWeights.write

    def without_biases(self: PointWeights, coordinates: Any) -> None:
        write(self, coordinates)
        for bias in self._biases:
            bias.zero_()

    monkeypatch.setattr(PointWeights, "write", without_biases)
    problem, plane = on_cpu("resnet-projection")
    settings = Settings(batch_size=7, fold=True)
    found = dict(evaluate(problem.to("cuda:0"), plane, POINTS, ROWS, settings))
    with pytest.raises(AssertionError):
        same(found, values_on_cpu("resnet-projection", Settings(batch_size=7)))


def test_a_stream_that_does_not_wait_is_found(gpu: Machine) -> None:
    x, aside = torch.ones(3, device="cuda:1"), torch.cuda.Stream("cuda:1")
    aside.wait_stream(torch.cuda.current_stream("cuda:1"))
    with torch.cuda.stream(aside):
        x.add_(1)
    with pytest.raises(RuntimeError, match="race"):
        x.neg()
    torch.cuda.current_stream("cuda:1").wait_stream(aside)
    assert x.tolist() == [2.0, 2.0, 2.0]
