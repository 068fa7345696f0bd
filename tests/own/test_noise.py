"""Noise that is the same at every point, and the refusal of noise without it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from landscape import InputError, Problem, Stream, sample_surface
from landscape.evaluate import evaluate
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.settings import Settings
from landscape.evaluate.streamed import evaluate_streamed
from landscape.hessian import HessianOperator
from tests.own.cases import Case
from tests.own.test_values import POINTS, moved, plane_of, problem_of

X = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.encoder, self.decoder = nn.Linear(3, 4), nn.Linear(2, 3)


SEEN: list[Tensor] = []


def elbo(model: VAE, x: Tensor) -> dict[str, Tensor]:
    mean, log_var = model.encoder(x).chunk(2, dim=1)
    noise = torch.randn_like(mean)
    SEEN.append(noise)
    found = model.decoder(mean + noise * (log_var / 2).exp())
    miss = (found - x).square().sum(1)
    kl = -0.5 * (1 + log_var - mean.square() - log_var.exp()).sum(1)
    return {"loss": miss + kl, "kl": kl}


def vae() -> Case:
    def naive(model: nn.Module) -> dict[str, float]:
        noise, total, kl_total = torch.cat(SEEN[-3:]), 0.0, 0.0
        assert len(noise) == len(X)
        for x, eps in zip(X.double(), noise, strict=True):
            code = model.encoder(x)
            z = [code[k] + eps[k] * torch.exp(code[2 + k] / 2) for k in range(2)]
            miss = sum((a - b) ** 2 for a, b in zip(model.decoder(torch.stack(z)), x, strict=True))
            kl = sum(-0.5 * (1 + code[2 + k] - code[k] ** 2 - code[2 + k].exp()) for k in range(2))
            total, kl_total = total + float(miss + kl), kl_total + float(kl)
        return {"loss": total / len(X), "kl": kl_total / len(X)}

    return Case(VAE(), X, naive, {"objective": elbo, "noise": "fixed"}, whole=True)


def test_fixed_noise_is_the_same_at_every_point_and_in_every_way() -> None:
    case = vae()
    problem = problem_of(case)
    plane = plane_of(problem)
    found = {}
    for way, of in (("in memory", evaluate), ("streamed", evaluate_streamed)):
        for index, values in of(problem, plane, POINTS, range(3)):
            if way == "in memory":
                noise = torch.cat(SEEN[-3:])
                found[index] = values
                wanted = case.naive(moved(case, plane, POINTS[index]))
                assert values["loss"] == pytest.approx(wanted["loss"], rel=1e-6)
                assert values["kl"] == pytest.approx(wanted["kl"], rel=1e-6)
                assert torch.equal(noise, torch.cat(SEEN[-3:]))
            assert values["loss"] == pytest.approx(found[index]["loss"], rel=1e-12)
    several = evaluate_abreast(problem, plane, POINTS, range(3), Settings(abreast=2))
    for index, values in several:
        assert values["loss"] == found[index]["loss"]
    assert noise.unique(dim=0).shape == noise.shape  # another noise for every example


def test_the_hessian_has_the_noise_of_the_surface() -> None:
    problem = problem_of(vae())
    operator = HessianOperator(problem, ignore="none")
    gradient = operator.gradient()
    noise = torch.cat(SEEN[-3:])
    model = VAE().double()
    mean, log_var = model.encoder(X.double()).chunk(2, dim=1)
    miss = (model.decoder(mean + noise * (log_var / 2).exp()) - X.double()).square().sum(1)
    kl = -0.5 * (1 + log_var - mean.square() - log_var.exp()).sum(1)
    wanted = torch.autograd.grad((miss + kl).mean(), list(model.parameters()))
    torch.testing.assert_close(gradient, torch.cat([g.flatten() for g in wanted]))


def test_global_generators_stay_as_they_are() -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)

    def noisy(model: nn.Module, x: Tensor) -> Tensor:
        shift = random.random() + np.random.rand() + torch.rand(())  # noqa: NPY002
        return model(x + shift)[:, 0].square()

    def state() -> tuple[float, float, float]:
        return float(torch.rand(())), float(np.random.rand()), random.random()  # noqa: NPY002

    wanted = state()
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    problem = Problem(nn.Linear(3, 1), X, objective=noisy, noise="fixed", device="cpu")
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    sample_surface(problem, "-1:1:3", None, progress=False)
    assert state() == wanted


class Dropping(nn.Module):
    """Dropout that is meant, as in Monte-Carlo dropout."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.inner, self.outer = nn.Linear(3, 64), nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(F.dropout(torch.relu(self.inner(x)), 0.5, training=True))


@pytest.mark.parametrize("way", ["memory", "stream"])
def test_dropout_on_purpose(way: str) -> None:
    y = X[:, :1]
    data = (X, y)
    given = Stream(DataLoader(list(zip(X, y, strict=True)), batch_size=50))  # type: ignore[arg-type]
    problem = Problem(
        Dropping(), given if way == "stream" else data, loss="mse", noise="fixed", device="cpu"
    )
    assert problem.attributes["noise"] == "fixed"
    first, second = (
        sample_surface(problem, "-1:1:3", None, progress=False)["loss"] for _ in range(2)
    )
    assert first.tolist() == second.tolist()


def test_noise_is_refused_unless_it_is_fixed() -> None:
    with pytest.raises(InputError, match=r"not deterministic.*noise='fixed'"):
        Problem(VAE(), X, objective=elbo, device="cpu")
    with pytest.raises(InputError, match=r"not deterministic.*noise='fixed'"):
        Problem(Dropping(), (X, X[:, :1]), loss="mse", device="cpu")
    with pytest.raises(InputError, match=r"noise='some': expected noise='fixed'"):
        Problem(VAE(), X, objective=elbo, noise="some", device="cpu")
