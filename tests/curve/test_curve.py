"""Points on lines and curves, curve files, and the loss along both."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from landscape.curve import STATISTICS, curve_point, line_point, losses_along, read_curve
from landscape.curve.barriers import has_statistics
from landscape.errors import InputError
from landscape.evaluate.in_memory import mean_loss
from landscape.problem import Problem
from tests.curve.pairs import pair, two_moons

T = np.array([0.0, 0.3, 1.0])


def state(seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    return {"weight": weight, "seen": torch.tensor(seed)}


def test_the_curve_is_a_quadratic_through_its_ends() -> None:
    """The second derivative is 2 (A − 2 C + B) everywhere, and the end tangents meet in C."""
    a, c, b = state(1), state(2), state(3)
    at = {t: curve_point(a, c, b, t)["weight"] for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)}
    assert torch.equal(at[0.0], a["weight"])
    assert torch.equal(at[1.0], b["weight"])
    bend = 2 * (a["weight"] - 2 * c["weight"] + b["weight"])
    for before, here, after in [(0.0, 0.2, 0.4), (0.4, 0.6, 0.8)]:
        torch.testing.assert_close((at[before] - 2 * at[here] + at[after]) / 0.04, bend)
    step = 1e-6
    tangent = (curve_point(a, c, b, step)["weight"] - a["weight"]) / step
    torch.testing.assert_close(a["weight"] + tangent / 2, c["weight"], rtol=0, atol=1e-5)


def test_integers_are_those_of_the_first_end() -> None:
    a, c, b = state(1), state(2), state(3)
    for point in (curve_point(a, c, b, 0.5), line_point(a, b, 0.5)):
        assert point["seen"] == 1
        assert point["weight"].dtype == torch.float64


def test_a_curve_about_the_midpoint_is_the_line() -> None:
    a, b = state(1), state(3)
    for t in (0.0, 0.3, 1.0):
        curved, straight = curve_point(a, line_point(a, b, 0.5), b, t), line_point(a, b, t)
        torch.testing.assert_close(curved, straight)


def by_hand(problem: Problem, a: dict[str, Tensor], b: dict[str, Tensor], how: str) -> list[float]:
    inputs, targets = two_moons()
    found = []
    for t in T:
        model = copy.deepcopy(problem.model)
        with torch.no_grad():
            for name, p in [*model.named_parameters(), *model.named_buffers()]:
                stored = how == "stored" and "running" in name
                p.copy_(a[name] if stored else (1 - t) * a[name] + t * b[name])
            if how == "re-estimated":
                update_bn(inputs.split(48), model)
            model.eval()
            found.append(float(F.cross_entropy(model(inputs), targets)))
    return found


@pytest.mark.parametrize("how", STATISTICS)
def test_losses_along_a_line_by_hand(how: str) -> None:
    problem, a, b = pair()
    found = losses_along(problem, lambda t: line_point(a, b, t), T, how, batch_size=48)
    np.testing.assert_allclose(found, by_hand(problem, a, b, how), rtol=1e-10)
    assert has_statistics(problem)


def test_mean_loss_of_a_network() -> None:
    problem, a, b = pair()
    found = losses_along(problem, lambda t: line_point(a, b, t), T, "interpolated")
    assert mean_loss(problem.with_state(a)) == pytest.approx(found[0], rel=1e-12)
    assert mean_loss(problem.with_state(b)) == pytest.approx(found[2], rel=1e-12)
    torch.testing.assert_close(dict(problem.model.state_dict()), a, rtol=0, atol=0)


def test_unknown_statistics() -> None:
    problem, a, b = pair()
    with pytest.raises(InputError) as error:
        losses_along(problem, lambda t: line_point(a, b, t), T, "reestimated")
    assert "did you mean 're-estimated'" in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        nn.Linear(2, 3).state_dict(),
        {"state_dict": state(1)},
        {"state_dict": state(1), "ends": [state(2)], "names": ["a", "b"]},
        {"state_dict": state(1), "ends": [state(2), {"weight": 3}], "names": ["a", "b"]},
        {"state_dict": state(1), "ends": [state(2), state(3)]},
        {"state_dict": state(1), "ends": [state(2), state(3)], "names": "ab"},
        {
            "state_dict": state(1),
            "ends": [state(2), {**state(3), "weight": torch.zeros(2)}],
            "names": ["a", "b"],
        },
        [1, 2],
    ],
)
def test_files_that_are_no_curves(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(InputError) as error:
        read_curve(tmp_path / "other.pt")
    assert "other.pt is not a curve file" in str(error.value)
    assert "landscape.connect" in str(error.value)
