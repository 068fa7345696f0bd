"""The tuner compares ways of computing where their outputs say something."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import landscape
from landscape.evaluate import tuner
from landscape.evaluate.network import PointNetwork


class Overflowing(nn.Module):
    """A network whose outputs are not finite in the corners of its plane."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value, self.first, self.last = value, nn.Conv2d(1, 4, 3), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        lost = torch.where(self.last.bias.abs().max() > 1.0, self.value, 0.0)
        return self.last(torch.relu(self.first(x)).flatten(1)) + lost


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_wrong_way_is_found_where_both_corners_are_not_finite(
    monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    torch.manual_seed(0)
    model = Overflowing(value)
    data = torch.randn(8, 1, 4, 4), torch.arange(8) % 3
    direction = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    options: dict[str, Any] = {"directions": [direction], "x": "-2:2:5", "y": None}
    options |= {"progress": False}
    problem = landscape.Problem(model, data, device="cpu")
    usual = landscape.sample_surface(problem, tune=False, **options)
    assert not np.isfinite(usual["loss"][[0, -1]]).any()
    right = PointNetwork._forward

    def wrong(self: PointNetwork, inputs: Tensor, *more: Any) -> Tensor:
        """Everything but the plain settings computes something else."""
        ways = self._settings
        plain = not (ways.in_place or ways.fused or ways.channels_last)
        return right(self, inputs, *more) * (1.0 if plain else 1.1)

    monkeypatch.setattr(PointNetwork, "_forward", wrong)
    found = landscape.sample_surface(problem, tune=True, **options)
    np.testing.assert_allclose(found["loss"], usual["loss"], rtol=1e-5)
    assert tuner._TOWARDS_ORIGIN[-1] == 0.0


class Sized(nn.Module):
    """Sums of sizes, which are numbers when the graph runs."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(1, 5, 3, padding=1)
        self.last = nn.Linear(8 * 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.a(x), self.b(x)
        both = torch.cat([a, b], 1)
        total = a.size(1) + b.size(1)
        return self.last(both.view(-1, (total + a.size(1) - b.size(1) + 2) * 16))


def test_sums_of_sizes() -> None:
    torch.manual_seed(0)
    data = torch.randn(8, 1, 4, 4), torch.arange(8) % 3
    problem = landscape.Problem(Sized(), data, device="cpu")
    tuned, plain = (
        landscape.sample_surface(problem, "-1:1:3", None, progress=False, tune=tune)["loss"]
        for tune in (True, False)
    )
    np.testing.assert_allclose(tuned, plain, rtol=1e-5)
