"""Planes along eigenvectors and the gradient: directions and lengths of the axes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from landscape.directions import make_directions
from landscape.directions.ascent import ascent_direction
from landscape.directions.hessian import hessian_direction
from landscape.errors import InputError
from landscape.hessian import HessianOperator
from landscape.params import Params, cosine, dot, norm
from landscape.plane import Plane
from landscape.planes.ascent import ascent_directions
from landscape.planes.hessian import hessian_directions, parse_ranks
from landscape.problem import Problem
from tests.curvature.matrices import quadratic, rotated, tiny
from tests.naive import evaluate_naive

SPECTRUM = [6.0, 2.0, 1.0, 0.3, 0.0, -0.4, -1.5, -3.0]
RANKS = {"top": 6.0, "bottom": -3.0, "1": 6.0, "2": 2.0, "-1": -3.0, "-2": -1.5, "8": -3.0}


@pytest.mark.parametrize("which", RANKS)
def test_an_axis_is_the_named_eigenvector(which: str) -> None:
    matrix = rotated(SPECTRUM)
    problem = quadratic(matrix)
    (direction,) = hessian_directions(problem, which, progress=False)
    facts = direction.attributes
    assert facts["kind"] == "hessian eigenvector"
    assert facts["which"] == {"1": "top", "-1": "bottom"}.get(which, which)
    assert facts["eigenvalue"] == pytest.approx(RANKS[which], abs=1e-6)
    assert 0 <= float(facts["residual"]) < 1e-4
    assert facts["normalization"] == "length of random"
    vector = direction.vector["weight"].flatten()
    assert torch.allclose(matrix @ vector, RANKS[which] * vector, atol=1e-3)
    (random,) = make_directions(problem.origin, 1)
    assert norm(direction.vector) == pytest.approx(norm(random.vector), rel=1e-6)
    assert not direction.vector["bias"].any()


def test_a_plane_has_two_orthogonal_axes_of_the_lengths_of_the_random_plane() -> None:
    problem = tiny()
    options = {"norm": "layer", "ignore": "none", "seed": 5}
    made = hessian_directions(problem, "top, bottom", progress=False, **options)  # type: ignore[arg-type]
    random = make_directions(problem.origin, 2, **options)  # type: ignore[arg-type]
    for axis, other in zip(made, random, strict=True):
        assert norm(axis.vector) == pytest.approx(norm(other.vector), rel=1e-12)
        assert list(axis.vector) == list(problem.origin)
        assert axis.attributes["ignore"] == "none"
        assert axis.attributes["seed"] == 5
    assert abs(cosine(made[0].vector, made[1].vector)) < 1e-3
    assert made[0].vector["0.bias"].any()


def test_the_loss_curves_along_an_axis_by_the_eigenvalue() -> None:
    problem = tiny()
    for direction in hessian_directions(problem, "top,bottom", progress=False):
        plane = Plane(problem.origin, [direction.vector])
        step = 1e-3
        points = np.array([[-step], [0.0], [step]])
        losses = [v["loss"] for _, v in evaluate_naive(problem, plane, points, range(3))]
        second = (losses[0] - 2 * losses[1] + losses[2]) / step**2
        expected = float(direction.attributes["eigenvalue"]) * norm(direction.vector) ** 2
        assert second == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("", "''"),
        ("0", "'0'"),
        ("first", "'first'"),
        ("top,", "''"),
        ("top,top", "1 different"),
        ("top,1", "1 different"),
        ("top,bottom,2", "3 different"),
        ("101", "'101'"),
        ("1.5", "'1.5'"),
        ("-", "'-'"),
        ("9", "the 9 largest eigenvalues.*at most 8"),
        ("-9", "the 9 most negative.*at most 8"),
    ],
)
def test_eigenvectors_that_do_not_exist(which: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        hessian_directions(quadratic(rotated(SPECTRUM)), which, progress=False)


def test_ranks() -> None:
    assert parse_ranks("TOP , -3") == [1, -3]
    assert parse_ranks("2,bottom") == [2, -1]


def test_a_network_without_eigenvectors() -> None:
    problem = tiny()
    problem.origin["0.weight"][0, 0] = torch.nan
    broken = copy.deepcopy(problem.model)
    broken[0].weight.data[0, 0] = torch.nan
    with pytest.raises(InputError, match="not finite"):
        hessian_directions(Problem(broken, problem.splits[""], device="cpu"), progress=False)


def gradient_of(problem: Problem) -> Params:
    model = copy.deepcopy(problem.model).requires_grad_(True)
    examples = problem.splits[""].head(11)
    loss = torch.nn.functional.cross_entropy(model(examples.inputs), examples.targets)
    loss.backward()
    return {
        n: p.grad if p.ndim > 1 else torch.zeros_like(p)  # type: ignore[misc]
        for n, p in model.named_parameters()
    }


@pytest.mark.parametrize("adaptive", [False, True])
def test_ascent(adaptive: bool) -> None:
    problem = tiny()
    gradient = gradient_of(problem)
    if adaptive:
        scales = {n: p.abs() for n, p in problem.origin.items()}
        tg = {n: scales[n] * g for n, g in gradient.items()}
        expected = {n: scales[n] * g / norm(tg) for n, g in tg.items()}  # T²g/‖Tg‖
    else:
        expected = {n: g / norm(gradient) for n, g in gradient.items()}
    first, second = ascent_directions(problem, 2, adaptive=adaptive, seed=3)
    random = make_directions(problem.origin, 2, seed=3)
    assert cosine(first.vector, expected) == pytest.approx(1, abs=1e-12)
    assert norm(first.vector) == pytest.approx(norm(random[0].vector), rel=1e-12)
    kind = "adaptive gradient ascent" if adaptive else "gradient ascent"
    assert first.attributes == {
        "kind": kind,
        "normalization": "length of random",
        "ignore": "biasbn",
        "seed": 3,
    }
    assert second.attributes == random[1].attributes
    assert all(torch.equal(second.vector[n], random[1].vector[n]) for n in second.vector)
    assert len(ascent_directions(problem, 1, adaptive=adaptive)) == 1


def test_ascent_is_the_steepest_direction_of_its_length() -> None:
    """To first order, within the ball of each method, against random steps of the same size."""
    problem = tiny()
    gradient = gradient_of(problem)
    weights = {n: p.abs() + 1e-300 for n, p in problem.origin.items()}

    def relative(step: Params) -> float:
        return norm({n: s / weights[n] for n, s in step.items()})

    for adaptive, size in [(False, norm), (True, relative)]:
        (best,) = ascent_directions(problem, 1, adaptive=adaptive)
        rise = dot(gradient, best.vector) / size(best.vector)
        for seed in range(20):
            (other,) = make_directions(problem.origin, 1, seed=seed)
            assert dot(gradient, other.vector) / size(other.vector) < rise


def test_the_adaptive_direction_does_not_depend_on_the_scale_of_the_weights() -> None:
    """Rescaling the weights into and out of a ReLU changes neither the function nor T⁻¹ε."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4, bias=False), torch.nn.ReLU(), torch.nn.Linear(4, 3, bias=False)
    ).double()
    scaled = copy.deepcopy(model)
    scaled[0].weight.data *= 10
    scaled[2].weight.data /= 10
    examples = tiny().splits[""]
    relative = []
    for network in (model, scaled):
        problem = Problem(network, examples, device="cpu")
        (direction,) = ascent_directions(problem, 1, adaptive=True)
        relative.append({n: d / problem.origin[n] for n, d in direction.vector.items()})
    assert cosine(*relative) == pytest.approx(1, abs=1e-12)


def test_directions_without_a_length() -> None:
    params = {"w": torch.ones(2, 2)}
    none = {"w": torch.zeros(2, 2)}
    with pytest.raises(InputError, match="gradient of the loss has length 0"):
        ascent_direction(none, params, adaptive=False, length=1.0)
    with pytest.raises(InputError, match="gradient of the loss has length nan"):
        ascent_direction({"w": none["w"] / 0}, params, adaptive=True, length=1.0)
    with pytest.raises(InputError, match="eigenvector 2 has length 0"):
        hessian_direction(none, params, rank=2, eigenvalue=0.0, residual=0.0, length=1.0)


def test_the_problem_is_not_modified() -> None:
    problem = tiny()
    before = {n: p.clone() for n, p in problem.model.named_parameters()}
    operator = HessianOperator(problem)
    hessian_directions(problem, progress=False)
    ascent_directions(problem, 2, adaptive=True)
    assert all(torch.equal(before[n], p) for n, p in problem.model.named_parameters())
    assert torch.equal(operator.gradient(), HessianOperator(problem).gradient())
