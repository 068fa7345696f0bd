"""Matrices with a known spectrum, and losses that have them as Hessian."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from landscape.problem import Problem


class Dense:
    """An explicit matrix that counts its products."""

    def __init__(self, entries: Tensor) -> None:
        self.entries = entries
        self.size = len(entries)
        self.device = entries.device
        self.dtype = entries.dtype
        self.taken = 0

    def product(self, vector: Tensor) -> Tensor:
        self.taken += 1
        return self.entries @ vector


def rotated(spectrum: Sequence[float], seed: int = 0) -> Tensor:
    """A symmetric matrix with these eigenvalues, in float64."""
    n = len(spectrum)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(n, n, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(noise).Q
    found: Tensor = basis @ torch.diag(torch.tensor(spectrum, dtype=torch.float64)) @ basis.T
    return (found + found.T) / 2


class Weights(nn.Module):
    """A network whose output is its weight matrix, for each example."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.linspace(-1, 1, size, dtype=torch.float64).reshape(1, -1))
        self.bias = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.expand(len(x), -1) * x + self.bias * 0


def quadratic(hessian: Tensor, examples: int = 7) -> Problem:
    """A loss with mean ½ wᵀHw over the examples, each of which has a different share of it.

    A sum over examples, or a mean over means of batches of unequal size, gives another Hessian.
    """
    shares = torch.arange(1, examples + 1, dtype=torch.float64)
    shares *= examples / shares.sum()

    def loss(output: Tensor, share: Tensor) -> Tensor:
        return 0.5 * share * torch.einsum("ni,ij,nj->n", output, hessian, output)

    size = len(hessian)
    data = (torch.ones(examples, size, dtype=torch.float64), shares)
    return Problem(Weights(size), data, loss=loss, device="cpu")


def tiny() -> Problem:
    """A small perceptron in float64, with 11 examples and cross-entropy."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 3)).double()
    inputs = torch.randn(11, 3, dtype=torch.float64)
    return Problem(model, (inputs, torch.randint(0, 3, (11,))), device="cpu")
