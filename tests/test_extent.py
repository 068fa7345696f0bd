"""The automatic range ends where the loss has risen to the level."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.extent import CHANCE_MULTIPLE, common_extent
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface


class Bowl(nn.Module):
    """c + |θ|² for any input."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.theta, self.scale = nn.Parameter(torch.zeros(2, dtype=torch.float64)), scale

    def forward(self, x: Tensor) -> Tensor:
        return (0.01 + self.scale * (self.theta**2).sum()).expand(len(x))


def bowl(scale: float) -> tuple[Problem, Plane]:
    data = (torch.zeros(3, 1, dtype=torch.float64), torch.zeros(3))
    problem = Problem(Bowl(scale), data, loss=lambda o, t: o, device="cpu")
    axes = [{"theta": torch.tensor(e, dtype=torch.float64)} for e in ([1.0, 0.0], [0.0, 1.0])]
    return problem, Plane(problem.origin, axes)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0, 1e8])
@pytest.mark.parametrize("level", [0.5, 1.0])
def test_a_bowl(scale: float, level: float) -> None:
    exact = math.sqrt((level - 0.01) / scale)
    extent = common_extent([bowl(scale)], level)
    assert extent.level == level
    assert exact * 0.999 <= extent.distance <= exact * 1.13  # rounded up to two digits
    assert float(f"{extent.distance:.2g}") == extent.distance


def test_default_level_is_a_hundred_times_the_loss_at_the_origin() -> None:
    extent = common_extent([bowl(1.0)])
    assert extent.level == pytest.approx(1.0)
    assert extent.distance == pytest.approx(math.sqrt(0.99), rel=0.12)


class Shifted(Bowl):
    """|θ|² + c: an energy or a likelihood may be negative, and a hinge loss 0."""

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale + (self.theta**2).sum()).expand(len(x))


def of(model: nn.Module) -> tuple[Problem, Plane]:
    problem, plane = bowl(1.0)
    other = Problem(model, problem.splits[""], loss=lambda o, t: o, device="cpu")
    return other, plane


@pytest.mark.parametrize("constant", [-1000.0, -2.0, 0.0, 1e-12, 1e-5])
def test_a_loss_of_any_sign_reaches_what_it_is_at_distance_1(constant: float) -> None:
    extent = common_extent([of(Shifted(constant))])
    assert extent.level == pytest.approx(constant + 1.0, rel=1e-9)
    assert 0.99 <= extent.distance <= 1.13


class Hinge(Bowl):
    """No loss until θ has moved by half."""

    def forward(self, x: Tensor) -> Tensor:
        return (self.theta.norm() - 0.5).relu().expand(len(x))


def test_a_hinge_loss_of_0_is_shown_beyond_its_margin() -> None:
    extent = common_extent([of(Hinge(0.0))])
    assert (extent.level, extent.distance) == (0.5, pytest.approx(1.0, rel=0.13))


class Hill(Bowl):
    """−|θ|², which is largest at the trained weights."""

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale - (self.theta**2).sum()).expand(len(x))


def test_a_loss_that_only_falls_has_no_automatic_range() -> None:
    with pytest.raises(InputError, match="does not rise from its 0 at the trained weights"):
        common_extent([of(Hill(0.0))])


def test_a_loss_that_is_not_finite_at_the_trained_weights_has_none() -> None:
    with pytest.raises(InputError, match="the loss is nan at the trained weights"):
        common_extent([of(Shifted(math.nan))])


def test_compared_networks_get_the_largest_distance() -> None:
    flat, steep = bowl(1.0), bowl(100.0)
    both = common_extent([steep, flat], 1.0)
    assert both == common_extent([flat], 1.0)
    assert both.distance > common_extent([steep], 1.0).distance


def test_loss_that_never_rises() -> None:
    with pytest.raises(InputError, match="does not rise to 1"):
        common_extent([bowl(0.0)], 1.0)


def test_non_finite_loss_counts_as_risen() -> None:
    problem, plane = bowl(1.0)
    problem.metrics["loss"] = type(problem.metrics["loss"])(
        lambda o, t: torch.where(o > 0.5, torch.nan, o), "breaking"
    )
    assert common_extent([(problem, plane)], 1e9).distance == pytest.approx(0.7, abs=0.1)


def test_a_surface_with_an_automatic_range(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 4)
    inputs = torch.randn(200, 3)
    problem = Problem(model, (inputs, model(inputs).argmax(dim=1)), device="cpu")
    path = tmp_path / "s.h5"
    surface = sample_surface(problem, "auto:9", path=path, progress=False)
    half = surface.x[-1]
    assert surface.y is not None
    np.testing.assert_allclose(surface.x, np.linspace(-half, half, 9), atol=1e-12)
    np.testing.assert_array_equal(surface.x, surface.y)
    level = CHANCE_MULTIPLE * math.log(4)
    assert surface.attributes["range_level"] == pytest.approx(level)
    middle = [surface["loss"][4, 0], surface["loss"][4, 8], surface["loss"][0, 4]]
    ends = np.mean([*middle, surface["loss"][8, 4]])
    assert level * 0.9 < ends < level * 1.3
    again = sample_surface(problem, "auto:9", path=path, progress=False)
    np.testing.assert_array_equal(again["loss"], surface["loss"])


@pytest.mark.parametrize("text", ["auto:", "auto:x", "auto:1", "auto:9:9", "automatic"])
def test_malformed_automatic_ranges(text: str) -> None:
    problem, plane = bowl(1.0)
    with pytest.raises(InputError, match=r"auto:count|start:stop:count"):
        sample_surface(problem, text, progress=False, directions=plane.axes)
