"""Every way of evaluating gives the CPU's values on each of two pretended GPUs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from landscape.data import Stream
from landscape.evaluate import Settings, Tolerance, evaluate, evaluate_to_tolerance
from landscape.evaluate.streamed import evaluate_streamed
from landscape.extent import common_extent
from landscape.grid import Grid, coarse_to_fine
from landscape.hessian import HessianOperator
from landscape.plane import Plane, Reestimated
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.surface import Surface
from tests.cases import CASES, settled
from tests.gpu.machine import DEVICES, Machine
from tests.test_evaluate import plane_of

POINTS = np.array([[0.0, 0.0], [0.3, 0.1], [-0.5, 0.2]])
ROWS = range(len(POINTS))

WAYS = {
    "plain": Settings(),
    "layout": Settings(fold=True, in_place=True, channels_last=True),
    "graphs": Settings(graphs=True),
    "all": Settings(fold=True, in_place=True, channels_last=True, graphs=True),
    "bfloat16": Settings(fold=True, channels_last=True, graphs=True, reduced="bfloat16"),
}
CHOSEN = {c.name: c for c in CASES if c.name != "imagenet-resnet"}


@cache
def on_cpu(name: str) -> tuple[Problem, Plane]:
    problem = CHOSEN[name].make()
    return problem, plane_of(problem)


@cache
def values_on_cpu(name: str, settings: Settings) -> dict[int, dict[str, float]]:
    problem, plane = on_cpu(name)
    return dict(evaluate(problem, plane, POINTS, ROWS, settings))


def same(found: dict[int, dict[str, float]], expected: dict[int, dict[str, float]]) -> None:
    assert list(found) == list(expected)
    for index, values in expected.items():
        assert found[index] == pytest.approx(values, rel=2e-5, abs=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CHOSEN)
def test_the_values_are_the_cpus(gpu: Machine, name: str, way: str, device: str) -> None:
    settings = replace(WAYS[way], batch_size=7)
    problem, plane = on_cpu(name)
    found = dict(evaluate(problem.to(device), plane, POINTS, ROWS, settings))
    same(found, values_on_cpu(name, replace(settings, graphs=False)))
    assert (gpu.replays > 0) == settings.graphs


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest, gpu: Machine) -> str:
    return str(request.param)


def test_statistics_of_the_point(device: str) -> None:
    problem, plane = on_cpu("resnet-projection")
    moving = Plane(plane.origin, plane.axes, Reestimated(9))
    expected = dict(evaluate(problem, moving, POINTS, ROWS))
    for settings in (Settings(), Settings(in_place=True, graphs=True)):
        same(dict(evaluate(problem.to(device), moving, POINTS, ROWS, settings)), expected)


@pytest.mark.parametrize("settings", [Settings(), WAYS["all"]])
def test_to_a_tolerance(device: str, settings: Settings) -> None:
    torch.manual_seed(0)
    model = settled(nn.Sequential(nn.Linear(6, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 3)))
    data = (torch.randn(400, 6), torch.randint(0, 3, (400,)))
    problem = Problem(model, data, device="cpu")
    plane = plane_of(problem)
    grid = Grid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 3))

    def sampled(problem: Problem, settings: Settings) -> Surface:
        surface = Surface(grid, problem.quantities)
        allowed, order = Tolerance(0.05), coarse_to_fine(grid.shape).tolist()
        for index, values in evaluate_to_tolerance(
            problem, plane, surface, allowed, order, settings
        ):
            surface.record(index, values)
        return surface

    expected = sampled(problem, Settings())
    assert len(np.unique(expected["count"])) > 3
    found = sampled(problem.to(device), settings)
    for name in problem.quantities:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, err_msg=name)


def test_streams(device: str) -> None:
    problem, plane = on_cpu("resnet-projection")
    ((split, examples),) = problem.splits.items()
    pairs = TensorDataset(examples.inputs, examples.targets)  # type: ignore[union-attr]
    stream = Stream(DataLoader(pairs, batch_size=6), examples.preprocess)  # type: ignore[union-attr]
    streamed = problem.to(device).with_splits({split: stream.to(torch.device(device))})
    for settings in (Settings(), WAYS["all"]):
        found = dict(evaluate_streamed(streamed, plane, POINTS, ROWS, settings))
        same(found, values_on_cpu("resnet-projection", Settings(batch_size=7)))


def test_the_automatic_range(device: str) -> None:
    problem, plane = on_cpu("perceptron-mse")
    assert common_extent([(problem.to(device), plane)]) == common_extent([(problem, plane)])


def length(model: nn.Module) -> torch.Tensor:
    return torch.stack([p.square().sum() for p in model.parameters()]).sum().sqrt()


def test_a_sampled_surface(device: str) -> None:
    """Settings chosen by trials, and a measure of the whole network."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))
    data = (torch.randn(30, 5), torch.randint(0, 3, (30,)))
    surfaces = [
        sample_surface(
            Problem(settled(model), data, measures={"length": length}, device=name),
            *("-1:1:3", "-1:1:3"),
            progress=False,
        )
        for name in ("cpu", device)
    ]
    for name in surfaces[0].values:
        np.testing.assert_allclose(*(s[name] for s in surfaces), rtol=1e-4, err_msg=name)


def test_what_a_product_with_the_hessian_starts_from(device: str) -> None:
    """Up to the loss: the pretended devices have no backward pass."""
    problem, plane = on_cpu("resnet-projection")
    one, other = HessianOperator(problem), HessianOperator(problem.to(device))
    vector = torch.linspace(-1, 1, one.size)
    assert other.named(vector.to(device)).keys() == one.named(vector).keys()
    torch.testing.assert_close(other.flat(other.named(vector.to(device))).cpu(), vector)
    losses = []
    for operator, place in ((one, problem), (other, problem.to(device))):
        operator.move_to(plane.at([0.3, 0.1]))
        (batch,) = next(iter(place.splits.values())).batches(place.dtype, 128)
        losses.append(place.objective.loss_column(operator._model, batch).mean())
    assert losses[1].requires_grad
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=1e-6)
