"""Whether an objective differentiates is found out by trying, and nothing else pays for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape import Problem, sample_surface
from landscape.evaluate import Settings, evaluate
from landscape.problem.watch import Watch
from tests.own.cases import CASES
from tests.own.test_values import plane_of, problem_of

X, Y = torch.randn(8, 3), torch.arange(8) % 2


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("weighted", False),
        ("contrastive", False),
        ("gpt2", False),
        ("pinn", True),
        ("pinn by torch.func", True),
        ("autograd in forward", True),
    ],
)
def test_found_by_trying(name: str, needed: bool) -> None:
    assert problem_of(CASES[name]()).objective.needs_gradients is needed


def test_inference_mode_where_nothing_differentiates() -> None:
    modes: list[bool] = []

    def objective(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        modes.append(torch.is_inference_mode_enabled())
        return F.cross_entropy(model(batch[0]), batch[1], reduction="none")

    problem = Problem(nn.Linear(3, 2), (X, Y), objective=objective, device="cpu")
    modes.clear()
    sample_surface(problem, "-1:1:3", None, progress=False, tune=False)
    assert modes
    assert all(modes)


def test_a_loss_that_is_compiled() -> None:
    """A compiled function may refuse to be watched."""

    def watched(*given: Any) -> Tensor:
        modes = torch.utils._python_dispatch._get_current_dispatch_mode_stack()
        if any(isinstance(mode, Watch) for mode in modes):
            raise RuntimeError("compiled code does not run under a mode")
        return F.cross_entropy(*given, reduction="none")

    problem = Problem(nn.Linear(3, 2), (X, Y), loss=watched, device="cpu")
    assert not problem.objective.needs_gradients


def test_no_graph_is_kept_and_no_gradient_left() -> None:
    problem = problem_of(CASES["pinn"]())
    found = evaluate(problem, plane_of(problem), plane_points(), range(2), Settings())
    assert all(isinstance(v, float) for _, values in found for v in values.values())
    column = problem.objective.columns(problem.model, next(batches(problem)))[0]
    assert not column.values.requires_grad
    assert all(p.grad is None and not p.requires_grad for p in problem.model.parameters())


def plane_points() -> Any:
    return torch.tensor([[0.0], [1.0]]).numpy()


def batches(problem: Problem) -> Any:
    (split,) = problem.splits.values()
    return iter(split.batches(torch.float64, 4))
