"""Layers whose weight is computed from others: measured as they are, and left as they were."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

import landscape
from landscape.directions import make_directions
from landscape.hessian import HessianOperator
from landscape.plane import Plane

X = torch.randn(20, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.randint(0, 3, (20,), generator=torch.Generator().manual_seed(1))


def by_hook(wrap: Callable[[nn.Module], nn.Module]) -> Callable[[nn.Module], nn.Module]:
    def wrapped(layer: nn.Module) -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return wrap(layer)

    return wrapped


KINDS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "weight_norm": parametrizations.weight_norm,
    "weight_norm by a hook": by_hook(nn.utils.weight_norm),
    "spectral_norm": parametrizations.spectral_norm,
    "spectral_norm by a hook": by_hook(nn.utils.spectral_norm),
    "orthogonal": parametrizations.orthogonal,
    "pruned": lambda layer: prune.l1_unstructured(layer, "weight", 0.3),
}


@pytest.mark.parametrize("tune", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_values_are_those_of_a_loop(kind: str, tune: bool) -> None:
    """After a call, the weight of a hook has a history, which deepcopy refuses."""
    torch.manual_seed(0)
    layer = KINDS[kind](nn.Linear(6, 5))
    model = nn.Sequential(layer, nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3)).double()
    model(X)
    model.eval()
    before = model(X).detach()
    problem = landscape.Problem(model, (X, Y), device="cpu")
    surface = landscape.sample_surface(problem, "-0.5:1:3", None, tune=tune, progress=False)
    (made,) = make_directions(problem.origin, 1, filters=problem.filters)
    own = {name: p.detach().clone() for name, p in model.named_parameters()}
    for k, x in enumerate(surface.x):
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(own[name] + x * made.vector[name])
            loss = nn.functional.cross_entropy(model(X), Y)
        assert surface["loss"][k] == pytest.approx(float(loss), rel=1e-10)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(own[name])
    assert torch.equal(model(X).detach(), before)  # still the user's own network
    operator = HessianOperator(problem, ignore="none")
    nn.functional.cross_entropy(model(X), Y).backward()
    found = dict(zip(operator._moved, operator.gradient().split(operator._sizes), strict=True))
    for name, gradient in found.items():
        wanted = model.get_parameter(name).grad
        assert wanted is not None
        torch.testing.assert_close(gradient, wanted.flatten(), rtol=1e-9, atol=1e-12)


class Halved(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)
        return out


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once_and_says_its_resolution(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    model = Halved().to(dtype)
    problem = landscape.Problem(model, (X.to(dtype), Y), device="cpu")
    axes = [d.vector for d in make_directions(problem.origin, 2, seed=3)]
    plane = Plane(problem.origin, axes)
    for name, value in plane.at((0.3, -0.2)).items():
        exact = sum(
            (c * d[name].double() for c, d in zip((0.3, -0.2), axes, strict=True)),
            problem.origin[name].double(),
        )
        spacing = torch.finfo(dtype).eps * torch.exp2(exact.abs().log2().floor())
        assert ((value.double() - exact).abs() <= 0.5001 * spacing).all()
    # Below the resolution most weights round back to the origin, well above it few do.
    least = plane.resolutions()[0]
    moved = []
    for step in (least / 8, 8 * least):
        at = plane.at((step, 0.0))["layer.weight"]
        moved.append(float((at != problem.origin["layer.weight"]).double().mean()))
    assert moved[0] < 0.4
    assert moved[1] > 0.6
    with pytest.warns(UserWarning, match="most weights in .* do not change below"):
        surface = landscape.sample_surface(
            problem, np.array([-least / 2, 0.0, 1.0]), None, progress=False, seed=3
        )
    assert surface.axes["x"]["resolution"] == pytest.approx(least)


def test_reduced_precision_has_a_resolution_too() -> None:
    problem = landscape.Problem(copy.deepcopy(Halved()), (X.float(), Y), device="cpu")
    with pytest.warns(UserWarning, match="bfloat16 do not change"):
        landscape.sample_surface(
            problem, "-0.001:0.001:3", None, precision="bfloat16", progress=False
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        surface = landscape.sample_surface(problem, "-0.001:0.001:3", None, progress=False)
    assert "resolution" not in surface.axes["x"]
