"""Small networks of one kind, their data, and runs of checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.params import Params
from landscape.problem import Problem


def network(seed: int = 0) -> nn.Module:
    """A network with batch normalization of non-initial statistics and parameters."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 3, 3, stride=2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(12, 5),
    )
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.3 + torch.rand(tensor.shape, generator=generator))
        elif tensor.is_floating_point() and tensor.ndim == 1:
            tensor.copy_(0.5 + 0.5 * torch.randn(tensor.shape, generator=generator))
    return model.eval()


def problem(seed: int = 0, n: int = 37, **options: Any) -> Problem:
    generator = torch.Generator().manual_seed(9)
    inputs = torch.randn(n, 1, 6, 6, generator=generator)
    targets = torch.randint(0, 5, (n,), generator=generator)
    return Problem(network(seed), {"train": (inputs, targets)}, device="cpu", **options)


def save_states(folder: Path, states: Sequence[dict[str, Tensor]]) -> list[Path]:
    folder.mkdir(parents=True)
    files = [folder / f"epoch_{k:04d}.pt" for k in range(len(states))]
    for file, state in zip(files, states, strict=True):
        torch.save(state, file)
    return files


def moved(state: dict[str, Tensor], steps: Params) -> dict[str, Tensor]:
    """A state dict with some of its entries displaced."""
    return {n: t + steps[n].to(t.dtype) if n in steps else t for n, t in state.items()}


def noise(params: Params, seed: int, scale: float = 1.0) -> Params:
    generator = torch.Generator().manual_seed(seed)
    return {
        n: scale * torch.randn(p.shape, generator=generator, dtype=torch.float64)
        for n, p in params.items()
    }


def flat(params: Params) -> Tensor:
    return torch.cat([p.double().flatten() for p in params.values()])
