"""Curvature quantities at grid points, against explicit Hessians."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pytest
import torch

import landscape.hessian.curvature
from landscape.directions import make_directions
from landscape.errors import InputError
from landscape.evaluate import evaluate
from landscape.grid import FloatArray, Grid
from landscape.hessian import HessianOperator
from landscape.hessian.curvature import WholeNetwork
from landscape.metrics import WHOLE_NETWORK
from landscape.plane import Plane
from landscape.problem import Problem
from tests.cases import perceptron, two_splits
from tests.curvature.matrices import tiny

GRID = Grid(np.linspace(-1, 1, 5), np.linspace(-0.5, 1, 4))


def plane_of(problem: Problem) -> Plane:
    return Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])


def measured(
    whole: WholeNetwork, problem: Problem, indices: Sequence[int], points: FloatArray
) -> dict[int, dict[str, float]]:
    plane = plane_of(problem)
    stream = evaluate(problem, plane, points, indices)
    return dict(whole.added(plane, points, stream))


def test_every_point_against_the_explicit_hessian() -> None:
    problem, points = tiny(), GRID.points()
    plane = plane_of(problem)
    whole = WholeNetwork(problem, list(WHOLE_NETWORK))
    found = measured(whole, problem, range(GRID.size), points)
    assert list(found) == list(range(GRID.size))
    model = copy.deepcopy(problem.model).requires_grad_(True)
    moved = [p for p in model.parameters() if p.ndim > 1]
    examples = problem.splits[""].head(11)
    for index, values in found.items():
        plane.write(points[index], model)
        loss = torch.nn.functional.cross_entropy(model(examples.inputs), examples.targets)
        slopes = torch.autograd.grad(loss, moved, create_graph=True)
        gradient = torch.cat([g.flatten() for g in slopes])
        rows = [torch.autograd.grad(g, moved, retain_graph=True) for g in gradient]
        hessian = torch.stack([torch.cat([r.flatten() for r in row]) for row in rows])
        low, high = torch.linalg.eigvalsh(hessian)[[0, -1]].tolist()
        assert values["loss"] == pytest.approx(loss.item())
        assert values["gradient_norm"] == pytest.approx(float(gradient.norm()), rel=1e-12)
        size = max(abs(low), abs(high))
        assert values["lambda_max"] == pytest.approx(high, abs=1e-3 * size)
        assert values["lambda_min"] == pytest.approx(low, abs=1e-3 * size)
        assert values["eigen_ratio"] == pytest.approx(abs(low / high), abs=2e-3 * size / high)


def test_names_units_and_the_split() -> None:
    problem = two_splits()
    whole = WholeNetwork(problem, ["gradient_norm", "eigen_ratio"])
    quantities = whole.quantities
    assert list(quantities) == [
        "train_gradient_norm",
        "train_eigen_ratio",
        "train_lambda_max",
        "train_lambda_min",
    ]
    assert quantities["train_eigen_ratio"].units == "1"
    assert quantities["train_gradient_norm"].units == "nats"
    assert "over 15 train examples" in quantities["train_lambda_max"].long_name
    found = measured(whole, problem, [1], Grid(np.array([0.0, 0.1]), np.zeros(1)).points())
    assert set(found[1]) == {*problem.quantities, *quantities}
    with pytest.raises(InputError, match=r"'eigenratio'.*did you mean 'eigen_ratio'"):
        WholeNetwork(problem, ["eigenratio"])


def test_a_point_does_not_depend_on_the_others() -> None:
    """So an interrupted run resumes with the same values, within the residual."""
    problem, points = perceptron(), GRID.points()
    names = list(WHOLE_NETWORK)
    together = measured(WholeNetwork(problem, names), problem, range(GRID.size), points)
    alone = measured(WholeNetwork(problem, names), problem, [7], points)[7]
    size = max(abs(alone["lambda_max"]), abs(alone["lambda_min"]))
    for name in ("lambda_max", "lambda_min"):
        assert together[7][name] == pytest.approx(alone[name], abs=2e-3 * size)
    assert together[7]["gradient_norm"] == alone["gradient_norm"]


def test_a_loss_that_is_not_finite_is_nan_and_costs_nothing() -> None:
    problem = tiny()
    points = np.array([[0.0, 0.0], [1e308, 0.0], [0.1, 0.0]])
    whole = WholeNetwork(problem, list(WHOLE_NETWORK))
    found = measured(whole, problem, [1], points)
    assert not np.isfinite(found[1]["loss"])
    assert all(np.isnan(found[1][name]) for name in whole.quantities)
    assert whole.products == 0
    found = measured(whole, problem, [0, 1, 2], points)
    assert np.isfinite(list(found[2].values())).all()


def test_a_derivative_that_is_not_finite_is_nan() -> None:
    """The loss is 1 at the origin and its gradient infinite: √|w − w₀| is not differentiable."""
    problem = tiny()
    flat = torch.zeros(1, dtype=torch.float64)

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return 1 + (0 * output.sum(dim=1)).abs().sqrt() + flat

    other = Problem(problem.model, problem.splits[""], loss=loss, device="cpu")
    found = measured(WholeNetwork(other, list(WHOLE_NETWORK)), other, [0], np.zeros((1, 2)))[0]
    assert found["loss"] == 1
    assert all(np.isnan(found[name]) for name in WHOLE_NETWORK)


def wide() -> Problem:
    """A perceptron with hundreds of parameters, so that eigenvectors need several products."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(10, 30), torch.nn.Tanh(), torch.nn.Linear(30, 5)
    ).double()
    data = (torch.randn(40, 10, dtype=torch.float64), torch.randint(0, 5, (40,)))
    return Problem(model, data, device="cpu")


def test_a_warm_start_saves_products(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, points = wide(), Grid(np.linspace(0, 0.1, 6), np.zeros(1)).points()
    warm = WholeNetwork(problem, ["eigen_ratio"])
    first = measured(warm, problem, range(6), points)
    # Memory for one point: the nearest one is then the last.
    monkeypatch.setattr(landscape.hessian.curvature, "MEMORY", 1)
    last = WholeNetwork(problem, ["eigen_ratio"])
    measured(last, problem, range(6), points)
    cold = 0
    for index in range(6):
        fresh = WholeNetwork(problem, ["eigen_ratio"])
        values = measured(fresh, problem, [index], points)[index]
        cold += fresh.products
        for name in ("lambda_max", "lambda_min"):
            size = values["lambda_max"]
            assert first[index][name] == pytest.approx(values[name], abs=2e-3 * size)
    assert warm.products == last.products < cold


def test_which_parameters_count() -> None:
    problem = tiny()
    few, all_ = (
        measured(WholeNetwork(problem, ["gradient_norm"], ignore=what), problem, [0], at)[0]
        for what, at in [("biasbn", np.zeros((1, 2))), ("none", np.zeros((1, 2)))]
    )
    gradient = HessianOperator(problem, ignore="none").gradient()
    assert all_["gradient_norm"] == pytest.approx(float(gradient.norm()))
    assert few["gradient_norm"] < all_["gradient_norm"]
