"""Every evaluation method against the naive float64 loop and closed forms."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluate
from landscape.evaluate.statistics import mean_and_stderr
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface
from tests.cases import CASES, Case, case_id
from tests.naive import evaluate_naive

POINTS = np.array([[0.0, 0.0], [0.3, -0.2], [-1.0, 1.0], [2.0, 0.7]])


def plane_of(problem: Problem) -> Plane:
    made = make_directions(problem.origin, 2, ignore="none", seed=4)
    return Plane(problem.origin, [d.vector for d in made])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_float32_against_the_naive_float64_loop(case: Case) -> None:
    problem = case.make()
    plane, indices = plane_of(problem), [2, 0, 3, 1]
    fast = dict(evaluate(problem, plane, POINTS, indices))
    for index, expected in evaluate_naive(problem, plane, POINTS, indices):
        assert set(fast[index]) == set(problem.quantities)
        for name, value in expected.items():
            assert fast[index][name] == pytest.approx(value, rel=3e-5, abs=1e-7), (index, name)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_values_do_not_depend_on_the_other_points(case: Case) -> None:
    problem = case.make()
    plane = plane_of(problem)
    together = dict(evaluate(problem, plane, POINTS, [0, 1, 2, 3]))
    for index in range(4):
        ((_, alone),) = evaluate(problem, plane, POINTS, [index])
        assert repr(alone) == repr(together[index])  # repr: NaN equals NaN


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_the_partial_batch_has_the_weight_of_its_examples(case: Case) -> None:
    problem = case.make()
    plane = plane_of(problem)
    ((_, batched),) = evaluate(problem, plane, POINTS, [1], Settings(batch_size=4))
    ((_, whole),) = evaluate(problem, plane, POINTS, [1], Settings(batch_size=1000))
    for name, value in whole.items():
        assert batched[name] == pytest.approx(value, rel=1e-5, abs=1e-7), name


class Quadratic(nn.Module):
    """½ θᵀAθ, the same for every example, with θ spread over two tensors."""

    def __init__(self, a: Tensor, theta: Tensor) -> None:
        super().__init__()
        self.a = a
        self.u = nn.Parameter(theta[:4].reshape(2, 2).clone())
        self.v = nn.Parameter(theta[4:].clone())

    def forward(self, x: Tensor) -> Tensor:
        theta = torch.cat([self.u.flatten(), self.v])
        return (0.5 * theta @ self.a @ theta).expand(len(x))


def test_a_quadratic_on_a_rotated_plane_with_unequal_axes() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(7, 7))
    a, theta = root @ root.T, rng.normal(size=7)
    # Two oblique directions of unequal length, not along any coordinate.
    p, q = rng.normal(size=7), 3.0 * rng.normal(size=7)
    model = Quadratic(torch.from_numpy(a), torch.from_numpy(theta))
    given = [
        {"u": torch.from_numpy(d[:4].reshape(2, 2)), "v": torch.from_numpy(d[4:])} for d in (p, q)
    ]
    data = (torch.zeros(5, 1, dtype=torch.float64), torch.zeros(5))
    problem = Problem(model, data, loss=lambda output, target: output, device="cpu")
    surface = sample_surface(problem, "-1:1:5", "-0.5:2:8", directions=given, progress=False)
    assert surface["loss"].shape == (8, 5)
    assert surface.y is not None
    for j, y in enumerate(surface.y):
        for i, x in enumerate(surface.x):
            point = theta + x * p + y * q
            expected = 0.5 * point @ a @ point
            assert surface["loss"][j, i] == pytest.approx(expected, rel=1e-12)
    assert surface.axes["x"]["norm"] == pytest.approx(np.linalg.norm(p), rel=1e-12)
    assert surface.axes["y"]["norm"] == pytest.approx(np.linalg.norm(q), rel=1e-12)
    cosine = p @ q / np.linalg.norm(p) / np.linalg.norm(q)
    assert surface.attributes["axes_cosine"] == pytest.approx(cosine, rel=1e-12)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_stored(odd: float) -> None:
    model = nn.Linear(1, 1)
    data = (torch.zeros(3, 1), torch.tensor([0.0, odd, 0.0]))
    problem = Problem(model, data, loss=lambda o, t: o[:, 0] * 0 + t, device="cpu")
    surface = sample_surface(problem, "0", "0", progress=False)
    np.testing.assert_equal(surface["loss"][0, 0], odd)
    assert math.isnan(surface["loss_stderr"][0, 0])
    assert surface.complete


def test_the_users_model_is_not_modified() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3))
    model.train()
    model[0].requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    data = (torch.randn(10, 4), torch.randint(0, 3, (10,)))
    sample_surface(Problem(model, data, device="cpu"), "-1:1:3", "-1:1:3", progress=False)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert all(module.training for module in model.modules())
    assert [p.requires_grad for p in model[0].parameters()] == [False, False]
    assert all(p.requires_grad for p in model[3].parameters())
    assert torch.is_grad_enabled()


def test_nothing_is_decoded_again_for_a_point() -> None:
    class Counted(Dataset):  # type: ignore[type-arg]
        decoded = 0

        def __len__(self) -> int:
            return 10

        def __getitem__(self, i: int) -> tuple[Tensor, int]:
            Counted.decoded += 1
            return torch.full((4,), float(i)), i % 3

    problem = Problem(nn.Linear(4, 3), Counted(), device="cpu")
    sample_surface(problem, "-1:1:5", "-1:1:5", progress=False)
    assert Counted.decoded == 10


def test_inference_mode_does_not_leak_between_points() -> None:
    problem = CASES[0].make()
    for _ in evaluate(problem, plane_of(problem), POINTS, [0, 1]):
        assert not torch.is_inference_mode_enabled()


def test_tensorfloat_is_off_inside_and_the_users_choice_outside() -> None:
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    seen = []

    def look(output: Tensor, target: Tensor) -> Tensor:
        seen.append((cudnn.enabled, cudnn.allow_tf32, matmul.allow_tf32))
        return output[:, 0]

    problem = Problem(nn.Linear(1, 1), (torch.ones(2, 1), torch.ones(2)), loss=look, device="cpu")
    before = cudnn.allow_tf32, matmul.allow_tf32
    for own in (True, False):
        cudnn.allow_tf32 = matmul.allow_tf32 = own
        try:
            seen.clear()
            for _ in evaluate(problem, plane_of(problem), POINTS, [0, 1]):
                assert (cudnn.allow_tf32, matmul.allow_tf32) == (own, own)
        finally:
            cudnn.allow_tf32, matmul.allow_tf32 = before
        assert set(seen) == {(True, False, False)}  # cuDNN itself stays in use


def test_stderr_is_the_spread_of_repeated_samples() -> None:
    rng = np.random.default_rng(1)
    population = rng.exponential(size=400) ** 2
    n = 100
    means, errors = [], []
    for _ in range(4000):
        mean, stderr = mean_and_stderr(rng.choice(population, n, replace=False), population.size)
        means.append(mean)
        errors.append(stderr**2)
    assert np.mean(means) == pytest.approx(population.mean(), rel=0.01)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(means), rel=0.05)


@pytest.mark.parametrize(
    ("values", "population", "expected"),
    [
        ([1.0, 2.0, 3.0], 3, (2.0, 0.0)),
        ([5.0], 1, (5.0, 0.0)),
        ([5.0], 2, (5.0, math.nan)),
        ([1.0, 3.0], 4, (2.0, math.sqrt(2.0 / 2 * (1 - 2 / 4)))),
        ([1.0, math.nan], 4, (math.nan, math.nan)),
        ([1.0, math.inf], 2, (math.inf, math.nan)),
        ([1e-30, 3e-30], 4, (2e-30, math.sqrt(2e-60 / 2 * 0.5))),
    ],
)
def test_mean_and_stderr(
    values: list[float], population: int, expected: tuple[float, float]
) -> None:
    np.testing.assert_allclose(mean_and_stderr(values, population), expected, rtol=1e-12)
