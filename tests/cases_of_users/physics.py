"""Networks that solve differential equations, by hand and with DeepXDE."""

from __future__ import annotations

import math
import os
from typing import Any

os.environ.setdefault("DDE_BACKEND", "pytorch")  # before its import

import deepxde
import numpy as np
import torch
from torch import Tensor, nn

import landscape
from tests.cases_of_users.case import Case

torch.set_default_device(None)  # DeepXDE takes a GPU where there is one, for everything

VISCOSITY = 0.01 / math.pi


class Solution(nn.Module):
    """u(x, t)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 1)
        )

    def forward(self, xt: Tensor) -> Tensor:
        return self.layers(xt)


def residual(model: nn.Module, xt: Tensor) -> Tensor:
    """Burgers' u_t + u u_x − ν u_xx."""
    xt = xt.requires_grad_()
    u = model(xt)
    (first,) = torch.autograd.grad(u.sum(), xt, create_graph=True)
    (second,) = torch.autograd.grad(first[:, 0].sum(), xt, create_graph=True)
    return first[:, 1] + u[:, 0] * first[:, 0] - VISCOSITY * second[:, 0]


def burgers() -> tuple[nn.Module, Any]:
    generator = torch.Generator().manual_seed(2)
    inside = torch.rand(15, 2, generator=generator) * torch.tensor([2.0, 1.0]) - torch.tensor(
        [1.0, 0.0]
    )
    start = torch.stack([torch.linspace(-1, 1, 7), torch.zeros(7)], dim=1)
    return Solution(), {"inside": inside, "start": start, "u": -torch.sin(math.pi * start[:, :1])}


def burgers_problem(model: Any, data: Any) -> landscape.Problem:
    def objective(model, batch):
        pde = residual(model, batch["inside"]).square().mean()
        start = (model(batch["start"]) - batch["u"]).square().mean()
        return {"loss": pde + start, "pde": pde, "start": start}

    return landscape.Problem(model, data, objective=objective)


def derivatives(layers: nn.Sequential, x: Tensor) -> list[Tensor]:
    """u, u_x, u_t and u_xx at one point, carried through tanh layers by the chain rule."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    along = torch.eye(2, dtype=torch.float64)
    u, u_x, u_t, u_xx = x, along[0], along[1], torch.zeros(2, dtype=torch.float64)
    for number, layer in enumerate(linear):
        w = layer.weight
        u, u_x, u_t, u_xx = w @ u + layer.bias, w @ u_x, w @ u_t, w @ u_xx
        if number < len(linear) - 1:
            y = torch.tanh(u)
            slope = 1 - y * y
            u_xx = slope * u_xx - 2 * y * slope * u_x * u_x
            u, u_x, u_t = y, slope * u_x, slope * u_t
    return [u[0], u_x[0], u_t[0], u_xx[0]]


def burgers_naive(model: Any, data: Any) -> dict[str, Tensor]:
    squares = []
    for x in data["inside"].double():
        u, u_x, u_t, u_xx = derivatives(model.layers, x)
        squares.append((u_t + u * u_x - VISCOSITY * u_xx) ** 2)
    misses = [
        (derivatives(model.layers, x)[0] - u[0]) ** 2
        for x, u in zip(data["start"].double(), data["u"].double(), strict=True)
    ]
    pde, start = sum(squares) / len(squares), sum(misses) / len(misses)
    return {"loss": pde + start, "pde": pde, "start": start}  # type: ignore[dict-item]


def poisson(x: Tensor, y: Tensor) -> Tensor:
    return deepxde.grad.hessian(y, x) + torch.sin(x)


def dde() -> tuple[nn.Module, Any]:
    """−u'' = sin(x) on (0, π), u = 0 at both ends."""
    deepxde.config.set_random_seed(3)
    space = deepxde.geometry.Interval(0, math.pi)
    ends = deepxde.icbc.DirichletBC(space, lambda x: 0 * x, lambda x, on: on)
    equation = deepxde.data.PDE(space, poisson, ends, num_domain=12, num_boundary=2)
    return deepxde.nn.FNN([1, 6, 6, 1], "tanh", "Glorot normal"), equation


def dde_problem(model: Any, data: Any) -> landscape.Problem:
    def objective(net, x):
        x.requires_grad_()
        deepxde.grad.clear()
        pde, ends = data.losses(None, net(x), deepxde.losses.mean_squared_error, x, None)
        return {"loss": pde + ends, "pde": pde, "ends": ends}

    return landscape.Problem(model, [torch.tensor(data.train_x)], objective=objective)


def dde_naive(model: Any, data: Any) -> dict[str, Tensor]:
    at_ends, inside = [], []
    for number, x in enumerate(torch.tensor(np.asarray(data.train_x)).double()):
        on_end = number < data.num_bcs[0]
        u, _, u_xx = one_dimensional(model.linears, x)
        (at_ends if on_end else inside).append(u**2 if on_end else (u_xx + torch.sin(x[0])) ** 2)
    pde, ends = sum(inside) / len(inside), sum(at_ends) / len(at_ends)
    return {"loss": pde + ends, "pde": pde, "ends": ends}  # type: ignore[dict-item]


def one_dimensional(linear: Any, x: Tensor) -> list[Tensor]:
    """u, u' and u''."""
    u, first, second = x, torch.ones_like(x), torch.zeros_like(x)
    for number, layer in enumerate(linear):
        u, first, second = (
            layer.weight @ u + layer.bias,
            layer.weight @ first,
            layer.weight @ second,
        )
        if number < len(linear) - 1:
            y = torch.tanh(u)
            slope = 1 - y * y
            u, first, second = y, slope * first, slope * second - 2 * y * slope * first**2
    return [u[0], first[0], second[0]]


CASES = {
    "Burgers": Case(burgers, burgers_problem, burgers_naive),
    "DeepXDE": Case(dde, dde_problem, dde_naive),
}
