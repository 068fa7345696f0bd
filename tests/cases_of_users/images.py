"""Masks, generated images, and pairs of views."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import landscape
from tests.cases_of_users.case import Case


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(13)
        self.down = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2)
        self.last = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        up = torch.tanh(self.up(torch.tanh(self.down(x))))
        return self.last(torch.cat([up, x], dim=1))[:, 0]


def unet() -> tuple[nn.Module, Any]:
    generator = torch.Generator().manual_seed(14)
    x = torch.randn(5, 1, 6, 6, generator=generator)
    return UNet(), DataLoader(TensorDataset(x, (x[:, 0] > 0.3).float()), batch_size=2)


def unet_problem(model: Any, data: Any) -> landscape.Problem:
    def dice(model, batch):
        x, mask = batch
        p = model(x).sigmoid()
        return 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)

    return landscape.Problem(model, data, objective=dice)


def unet_naive(model: Any, data: Any) -> dict[str, Tensor]:
    """The mean over the batches, whose images are passed through the network one by one."""
    losses = []
    for start in (0, 2, 4):
        both = total = torch.zeros((), dtype=torch.float64)
        for k in range(start, min(start + 2, 5)):
            x, mask = (t.double() for t in data.dataset[k])
            p = 1 / (1 + torch.exp(-model(x[None])[0]))
            both, total = both + (p * mask).sum(), total + p.sum() + mask.sum()
        losses.append(1 - (2 * both + 1) / (total + 1))
    return {"loss": torch.stack(losses).mean()}


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(15)
        self.encoder, self.decoder = nn.Linear(9, 4), nn.Linear(2, 9)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decoder(z), mean, log_variance


def vae() -> tuple[nn.Module, Any]:
    generator = torch.Generator().manual_seed(16)
    return VAE(), DataLoader(torch.rand(7, 9, generator=generator), batch_size=3)


def vae_problem(model: Any, data: Any) -> landscape.Problem:
    def elbo(model, x):
        made, mean, log_variance = model(x)
        miss = (made - x).square().sum(dim=1)
        divergence = (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1) / 2
        return {"loss": miss + divergence, "miss": miss, "divergence": divergence}

    return landscape.Problem(model, data, objective=elbo, noise="fixed")


def vae_naive(model: Any, data: Any) -> dict[str, Tensor]:
    """With the numbers that a generator gives which is seeded for every batch."""
    misses, divergences = [], []
    for number, start in enumerate((0, 3, 6)):
        rows = data.dataset[start : start + 3].double()
        generator = torch.Generator().manual_seed(7919 + number)
        noise = torch.randn(len(rows), 2, generator=generator, dtype=torch.float64)
        for x, e in zip(rows, noise, strict=True):
            code = model.encoder.weight @ x + model.encoder.bias
            made = model.decoder(code[:2] + torch.exp(code[2:] / 2) * e)
            misses.append((made - x).square().sum())
            divergences.append((code[:2] ** 2 + torch.exp(code[2:]) - code[2:] - 1).sum() / 2)
    miss, divergence = torch.stack(misses).mean(), torch.stack(divergences).mean()
    return {"loss": miss + divergence, "miss": miss, "divergence": divergence}


def pairs() -> tuple[nn.Module, Any]:
    torch.manual_seed(17)
    views = TensorDataset(torch.randn(10, 5), torch.randn(10, 5))
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    return model, DataLoader(views, batch_size=4)


def pairs_problem(model: Any, data: Any) -> landscape.Problem:
    def contrastive(model, views):
        one, other = (F.normalize(model(view), dim=1) for view in views)
        return F.cross_entropy(one @ other.T / 0.5, torch.arange(len(one)))

    return landscape.Problem(model, data, objective=contrastive)


def pairs_naive(model: Any, data: Any) -> dict[str, Tensor]:
    means = []
    for start in (0, 4, 8):
        rows = [[v.double() for v in data.dataset[k]] for k in range(start, min(start + 4, 10))]
        one, other = ([model(row[k][None])[0] for row in rows] for k in (0, 1))
        total = torch.zeros((), dtype=torch.float64)
        for i, u in enumerate(one):
            alike = torch.stack([u @ v / u.norm() / v.norm() / 0.5 for v in other])
            total = total + torch.log(torch.exp(alike).sum()) - alike[i]
        means.append(total / len(one))
    return {"loss": torch.stack(means).mean()}


CASES = {
    "U-Net": Case(unet, unet_problem, unet_naive),
    "VAE": Case(vae, vae_problem, vae_naive),
    "contrastive": Case(pairs, pairs_problem, pairs_naive),
}
