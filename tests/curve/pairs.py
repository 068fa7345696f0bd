"""Two solutions with a barrier between them: a trained network, and its channels permuted."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import torch
from torch import nn

from landscape.alignment import permute, tied_channels
from landscape.curve import State
from landscape.problem import Problem
from tests.alignment.networks import cycle


def two_moons(n: int = 96) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    angle = torch.rand(n, generator=generator, dtype=torch.float64) * torch.pi
    label = torch.arange(n) % 2
    side = 1 - 2.0 * label
    x = torch.stack([angle.cos() * side + label, angle.sin() * side + 0.3 * label], dim=1)
    return x + 0.05 * torch.randn(n, 2, generator=generator, dtype=torch.float64), label


@cache
def trained() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16)]
    model = nn.Sequential(*layers, nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2)).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    inputs, targets = two_moons()
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return model.eval()


def pair() -> tuple[Problem, State, State]:
    """A problem whose network is A, the state of A, and that of B."""
    problem = Problem(copy.deepcopy(trained()), two_moons(), device="cpu")
    a = dict(problem.model.state_dict())
    groups = tied_channels(problem.model, lambda network: network(two_moons()[0][:2]))
    random = np.random.default_rng(1)
    return problem, a, permute(a, groups, [cycle(g.size, random) for g in groups])
