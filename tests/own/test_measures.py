"""Measures of the whole network, called at every point."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import landscape
from landscape import InputError, Problem, open_surface, sample_surface
from landscape.merge import merge
from tests.own.test_values import moved, plane_of

X, Y = torch.randn(40, 2, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 2


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))


def rollout(model: nn.Module) -> float:
    """The return of a controller of a point mass, which is not a mean over examples."""
    place, speed, total = 1.0, 0.0, 0.0
    for _ in range(20):
        push = model(torch.tensor([[place, speed]]))[0]
        speed += 0.1 * float(torch.tanh(push[0] - push[1]))
        place += 0.1 * speed
        total -= place**2
    return total


def norms(model: nn.Module) -> dict[str, Tensor]:
    return {
        "first": model[0].weight.norm(),  # type: ignore[index]
        "last": model[3].weight.norm(),  # type: ignore[index]
    }


def problem(**given: Any) -> Problem:
    measures = {"return": rollout, "norm": norms}
    return Problem(network(), (X, Y), measures=measures, device="cpu", **given)


def test_measures_are_those_of_the_network_at_the_point() -> None:
    own = problem()
    surface = sample_surface(own, "-1:1:3", "0:1:2", progress=False)
    vectors = [d.vector for d in landscape.planes.span(own, "random", 2).directions]
    for index, (x, y) in enumerate(surface.grid.points()):
        model = network().eval()
        with torch.no_grad():
            for name, p in model.named_parameters():
                p += x * vectors[0][name] + y * vectors[1][name]
        assert surface["return"].ravel()[index] == pytest.approx(rollout(model), rel=1e-5)
        length = float(model[3].weight.norm())  # type: ignore[index]
        assert surface["norm_last"].ravel()[index] == pytest.approx(length, rel=1e-6)
    assert "return_stderr" not in surface.quantities
    assert "no standard error" in surface.quantities["return"].long_name


@pytest.mark.parametrize(
    "options",
    [
        {"tolerance": "2%"},
        {"bn": "reestimate"},
        {"repeats": 2},
        {"precision": "bfloat16"},
    ],
)
def test_beside_other_ways(options: dict[str, Any]) -> None:
    plain = sample_surface(problem(), "-1:1:3", None, progress=False)
    other = sample_surface(problem(), "-1:1:3", None, progress=False, **options)
    name = "norm_first_draw1" if "repeats" in options else "norm_first"
    np.testing.assert_allclose(other[name], plain["norm_first"], rtol=1e-6)
    if "bn" in options:
        assert not np.allclose(other["return"], plain["return"])


def test_resuming_and_shards(tmp_path: Path) -> None:
    whole = sample_surface(problem(), "-1:1:5", None, progress=False)
    path = tmp_path / "parts.h5"
    parts = []
    for k in (1, 2):
        parts.append(tmp_path / f"parts.h5.part-{k}of2")
        sample_surface(problem(), "-1:1:5", None, path=parts[-1], shard=f"{k}/2", progress=False)
    merge(parts, path)
    found = open_surface(path)
    np.testing.assert_allclose(found["return"], whole["return"], rtol=1e-9)
    found.done[2:] = False
    found["return"][2:] = np.nan
    landscape.save_surface(found, path)
    again = sample_surface(problem(), "-1:1:5", None, path=path, progress=False)
    np.testing.assert_allclose(again["return"], whole["return"], rtol=1e-9)
    assert again.attributes["measures"] == "return, norm_first, norm_last"


def test_which_way_is_better_is_declared() -> None:
    def score(model: nn.Module) -> float:
        return 1.0

    score.higher_is_better = True  # type: ignore[attr-defined]
    own = Problem(network(), (X, Y), measures={"score": score}, device="cpu")
    assert own.measured["score"].better == "higher"


def test_a_measure_may_differentiate() -> None:
    def slope(model: nn.Module) -> float:
        x = X[:1].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model(x).sum(), x)
        return float(gradient.norm())

    own = Problem(network(), (X, Y), measures={"slope": slope}, device="cpu")
    surface = sample_surface(own, "-1:1:3", None, progress=False)
    assert np.isfinite(surface["slope"]).all()


def test_random_numbers() -> None:
    def noisy(model: nn.Module) -> float:
        return float(torch.rand(()))

    with pytest.raises(InputError, match=r"measure 'draw' is not deterministic.*noise='fixed'"):
        Problem(network(), (X, Y), measures={"draw": noisy}, device="cpu")
    own = Problem(network(), (X, Y), measures={"draw": noisy}, noise="fixed", device="cpu")
    found = sample_surface(own, "-1:1:3", None, progress=False)["draw"]
    assert len(set(found.tolist())) == 1


def test_nan_is_passed_through() -> None:
    own = Problem(network(), (X, Y), measures={"lost": lambda model: math.nan}, device="cpu")
    assert np.isnan(sample_surface(own, "-1:1:3", None, progress=False)["lost"]).all()


@pytest.mark.parametrize(
    ("measures", "told"),
    [
        ({"loss": rollout}, "a measure called 'loss'"),
        ({"accuracy": rollout}, "two quantities are called 'accuracy'"),
        ({"x": 3}, "measure 'x' is a int; expected a function"),
        ({"x": lambda model: "a"}, "measure 'x' returned a str; expected a number"),
        ({"x": lambda model: 1 / 0}, "measure 'x' raised ZeroDivisionError"),
    ],
)
def test_refused(measures: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Problem(network(), (X, Y), measures=measures, device="cpu")


def test_a_measure_of_the_original_is_refused() -> None:
    model = network().eval()
    with pytest.raises(InputError, match=r"a measure reads parameter '0.weight'"):
        Problem(model, (X, Y), measures={"r": lambda _: rollout(model)}, device="cpu")


def test_moved_and_plane_of_agree_with_a_measure() -> None:
    """The tests' own way of moving a network is the measured one."""
    from tests.own.cases import weighted

    case = weighted()
    own = Problem(
        case.model.double(),
        case.data,
        measures={"norm": lambda m: m.weight.norm()},
        device="cpu",
        **case.given,
    )
    plane = plane_of(own)
    model = moved(case, plane, np.array([0.5]))
    wanted = (plane.origin["weight"] + 0.5 * plane.axes[0]["weight"]).norm()
    assert float(model.weight.norm()) == pytest.approx(float(wanted), rel=1e-12)  # type: ignore[union-attr,operator]
