"""Complex parameters do not move, and keep both parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import landscape
from landscape.errors import InputError


class Complex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 3, dtype=torch.complex64))
        self.last = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last((x.to(self.w.dtype) @ self.w).abs())


def test_they_are_refused_where_they_would_move_and_kept_where_not() -> None:
    torch.manual_seed(0)
    model, data = Complex(), (torch.randn(8, 4), torch.arange(8) % 3)
    for choice in (None, "all", "w"):
        with pytest.raises(InputError, match="'w' is complex"):
            landscape.Problem(model, data, device="cpu", parameters=choice)
    problem = landscape.Problem(model, data, device="cpu", parameters="last.*")
    surface = landscape.sample_surface(problem, "-1:1:3", None, progress=False)
    with torch.no_grad():
        true = float(F.cross_entropy(model(data[0]), data[1]))
    np.testing.assert_allclose(surface["loss"][1], true, rtol=1e-6)


def test_a_network_of_complex_parameters_alone_is_refused_for_that() -> None:
    model = nn.Linear(4, 3, dtype=torch.complex64)
    with pytest.raises(InputError, match="'weight' is complex"):
        landscape.Problem(model, (torch.randn(8, 4), torch.arange(8) % 3), device="cpu")
