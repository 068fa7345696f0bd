"""Standard errors of weighted means, of batches, and to a tolerance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape import Problem, sample_surface
from landscape.data import Batches, Rows
from landscape.evaluate import evaluate
from landscape.evaluate.ratio import RatioMoments, linearized
from landscape.evaluate.streamed import evaluate_streamed
from landscape.problem import Column
from tests.own.cases import CASES, sentences
from tests.own.test_values import plane_of, problem_of

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(3000, 2, generator=GENERATOR, dtype=torch.float64)
Y = torch.randn(3000, generator=GENERATOR, dtype=torch.float64)
W = torch.randint(0, 6, (3000,), generator=GENERATOR)


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(2, 1).double()


def weighted(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    return (model(batch["x"])[:, 0] - batch["y"]).square(), batch["w"]


def of_a_ratio(v: np.ndarray, w: np.ndarray, population: float) -> tuple[float, float]:
    """Cochran's formula, with sums written out."""
    n, ratio = len(v), float(np.sum(v * w) / np.sum(w))
    squares = sum((b * (a - ratio)) ** 2 for a, b in zip(v, w, strict=True)) / (n - 1)
    return ratio, math.sqrt(squares / n * (1 - n / population)) / (np.sum(w) / n)


@pytest.mark.parametrize("way", [evaluate, evaluate_streamed])
def test_error_of_a_weighted_mean(way: Any) -> None:
    rows = Rows({"x": X[:200], "y": Y[:200], "w": W[:200]}, population=3000)
    problem = Problem(model(), rows, objective=weighted, device="cpu")
    plane = plane_of(problem)
    ((_, found),) = way(problem, plane, np.array([[0.7]]), [0])
    with torch.no_grad():
        moved = model()
        for name, p in moved.named_parameters():
            p += 0.7 * plane.axes[0][name]
        v = (moved(X[:200])[:, 0] - Y[:200]).square().numpy()
    mean, error = of_a_ratio(v, W[:200].numpy(), 3000)
    assert found["loss"] == pytest.approx(mean, rel=1e-12)
    assert found["loss_stderr"] == pytest.approx(error, rel=1e-9)


def test_all_examples_have_no_error() -> None:
    problem = Problem(model(), {"x": X, "y": Y, "w": W}, objective=weighted, device="cpu")
    ((_, found),) = evaluate(problem, plane_of(problem), np.zeros((1, 1)), [0])
    assert found["loss_stderr"] == 0
    assert found["count"] == 3000


def test_error_of_batches() -> None:
    """Batches drawn alike: other batches of the same examples would have other means."""
    case = CASES["contrastive"]()
    problem = problem_of(case)
    ((_, found),) = evaluate(problem, plane_of(problem), np.zeros((1, 1)), [0])
    objective = case.given["objective"]
    network = case.model.double()
    with torch.no_grad():
        means = [float(objective(network, [x.double() for x in pair])) for pair in case.data]
    assert found["loss_stderr"] == pytest.approx(np.std(means, ddof=1) / math.sqrt(3), rel=1e-9)
    assert "3 given batches" in problem.quantities["loss"].long_name
    assert "each batch is one example" in problem.quantities["loss_stderr"].long_name


def test_one_batch_has_none_and_says_so() -> None:
    problem = problem_of(CASES["pinn"]())
    assert list(problem.quantities) == ["loss", "pde", "edge", "count"]
    assert "one given batch: no standard error" in problem.quantities["pde"].long_name
    surface = sample_surface(problem, "-1:1:3", "-1:1:3", progress=False)
    assert surface.plot.contour(quantity="pde") is not None
    assert sample_surface(problem, "-1:1:3", None, progress=False).plot.curve() is not None


def test_tokens_of_a_subset() -> None:
    """Two of the three batches, of the ten sentences."""
    batches = Batches(tuple(sentences(11, ignored=False)[:2]), population=10)
    problem = problem_of(CASES["gpt2"](), batches)
    ((_, found),) = evaluate(problem, plane_of(problem), np.zeros((1, 1)), [0])
    with torch.no_grad():
        network = CASES["gpt2"]().model.double().eval()
        means = np.array([float(network(**batch).loss) for batch in batches.trees])
    counts = [int((batch["labels"][:, 1:] != -100).sum()) for batch in batches.trees]
    mean, error = of_a_ratio(means, np.array(counts, float), 2 / 0.8)
    assert found["loss"] == pytest.approx(mean, rel=1e-9)
    assert found["loss_stderr"] == pytest.approx(error, rel=1e-9)


def test_a_tolerance_covers_the_truth() -> None:
    """At 40 points the mean over all is within two errors of nine in ten estimates."""
    problem = Problem(model(), {"x": X, "y": Y, "w": W}, objective=weighted, device="cpu")
    options: dict[str, Any] = {"progress": False, "seed": 3}
    found = sample_surface(problem, "-1:1:40", None, tolerance="5%", **options)
    truth = sample_surface(problem, "-1:1:40", None, **options)
    assert found["count"].max() < 3000
    assert (found["loss_stderr"] <= 0.05 * found["loss"] + 1e-9).all()
    within = np.abs(found["loss"] - truth["loss"]) < 2 * found["loss_stderr"]
    assert within.mean() > 0.85


@pytest.mark.parametrize("parts", [[3, 40, 1], [44]])
def test_streamed_moments(parts: list[int]) -> None:
    v, w = 1e6 + X[:44, 0], W[:44].double()
    v = torch.where(w == 0, torch.nan, v)  # does not count
    moments = RatioMoments()
    for a, b in zip(v.split(parts), w.split(parts), strict=True):
        moments.add(Column(a, b))
    kept = torch.where(w == 0, 0.0, v).numpy()
    mean, error = of_a_ratio(kept, w.numpy(), 100)
    assert moments.mean_and_stderr(100) == pytest.approx((mean, error), rel=1e-9)
    assert linearized(Column(v, w)).mean() == pytest.approx(mean, rel=1e-12)
    assert np.isnan(linearized(Column(v[:2], torch.zeros(2)))).all()
