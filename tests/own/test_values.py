"""Objectives of the user's own against loops in float64, in every way of evaluating."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from landscape import Problem, Stream
from landscape.evaluate import Settings, evaluate
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.streamed import evaluate_streamed
from landscape.hessian import HessianOperator, eigenpairs
from landscape.plane import Plane
from tests.own.cases import CASES, Case

POINTS = np.array([[-0.7], [0.0], [1.1]])


def problem_of(case: Case, data: Any = None) -> Problem:
    model = copy.deepcopy(case.model).double()
    return Problem(model, case.data if data is None else data, device="cpu", **case.given)


def plane_of(problem: Problem) -> Plane:
    generator = torch.Generator().manual_seed(9)
    axis = {
        name: 0.3 * torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p)
        for name, p in problem.origin.items()
    }
    return Plane(problem.origin, [axis])


def moved(case: Case, plane: Plane, place: np.ndarray) -> nn.Module:
    model = copy.deepcopy(case.model).double().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(plane.origin[name] + float(place[0]) * plane.axes[0][name])
    return model.requires_grad_(False)


@pytest.mark.parametrize("name", CASES)
def test_values_equal_a_plain_loop(name: str) -> None:
    case = CASES[name]()
    problem = problem_of(case)
    plane = plane_of(problem)
    settings = Settings(batch_size=4)
    ways = {
        "in memory": evaluate(problem, plane, POINTS, range(3), settings),
        "streamed": evaluate_streamed(problem, plane, POINTS, range(3), settings),
        "abreast": evaluate_abreast(problem, plane, POINTS, range(3), Settings(abreast=2)),
    }
    wanted = [case.naive(moved(case, plane, place)) for place in POINTS]
    for way, found in ways.items():
        for index, values in found:
            for term, value in wanted[index].items():
                assert values[term] == pytest.approx(value, rel=1e-6), (way, index, term)


@pytest.mark.parametrize("name", ["gpt2", "contrastive", "weighted"])
def test_values_of_a_stream(name: str) -> None:
    case = CASES[name]()
    batches = case.data
    if name == "weighted":
        rows = [{k: v[i] for k, v in case.data.items()} for i in range(40)]
        loader: DataLoader[Any] = DataLoader(rows, batch_size=7)  # type: ignore[arg-type]
    else:
        loader = DataLoader(batches, batch_size=None)
    problem = problem_of(case, Stream(loader))
    plane = plane_of(problem)
    for index, values in evaluate_streamed(problem, plane, POINTS, range(3)):
        wanted = case.naive(moved(case, plane, POINTS[index]))
        assert values["loss"] == pytest.approx(wanted["loss"], rel=1e-6)


@pytest.mark.parametrize(
    "name", ["pinn", "contrastive", "graph", "weighted", "autograd in forward"]
)
def test_largest_eigenvalue_equals_that_of_the_dense_hessian(name: str) -> None:
    case = CASES[name]()
    problem = problem_of(case)
    operator = HessianOperator(problem, ignore="none", batch_size=4)
    found = eigenpairs(operator, tolerance=1e-8, most_products=400).value(1)

    model = copy.deepcopy(case.model).double().eval()
    own = dict(model.named_parameters())
    flat = torch.cat([p.detach().flatten() for p in own.values()])
    batches = case.data if isinstance(case.data, list) else [case.data]

    class Loss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = model

        def forward(self, data: Any) -> torch.Tensor:
            if "objective" not in case.given:
                inputs, targets = (t.double() for t in data)
                return (self.net(inputs) - targets).square().mean()
            found = case.given["objective"](self.net, in_double(data))
            found = found["loss"] if isinstance(found, dict) else found
            if isinstance(found, tuple):
                return (found[0] * found[1]).sum() / found[1].sum()
            return found.mean()

    def loss(vector: torch.Tensor) -> torch.Tensor:
        parts = vector.split([p.numel() for p in own.values()])
        named = {f"net.{n}": v.view(p.shape) for v, (n, p) in zip(parts, own.items(), strict=True)}
        return torch.stack(
            [torch.func.functional_call(Loss(), named, (batch,)) for batch in batches]
        ).mean()

    hessian = torch.autograd.functional.hessian(loss, flat)
    assert found == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-5)


def in_double(data: Any) -> Any:
    """Floating tensors in float64, written out once more."""
    if isinstance(data, dict):
        return {k: in_double(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [in_double(v) for v in data]
    if isinstance(data, torch.Tensor):
        return data.double() if data.is_floating_point() else data
    new = copy.copy(data)
    new.x = data.x.double()
    return new
