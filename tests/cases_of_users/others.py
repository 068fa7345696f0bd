"""Graphs, recommendations, speech, control, and modules of Lightning and Keras."""

from __future__ import annotations

import math
import os
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")  # before its import

import gymnasium
import keras
import lightning
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

import landscape
from tests.cases_of_users.case import Case


class GCN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.first, self.second = GCNConv(3, 5), GCNConv(5, 2)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x, edge_index)), edge_index)


def gcn() -> tuple[nn.Module, Any]:
    generator = torch.Generator().manual_seed(5)
    ring = torch.stack([torch.arange(9), torch.roll(torch.arange(9), 1)])
    edges = torch.cat([ring, ring.flip(0), torch.tensor([[0, 4], [4, 0]])], dim=1)
    known = torch.tensor([1, 1, 0, 1, 0, 1, 1, 0, 1]).bool()
    x = torch.randn(9, 3, generator=generator)
    return GCN(), Data(x=x, edge_index=edges, y=torch.arange(9) % 2, train_mask=known)


def gcn_problem(model: Any, data: Any) -> landscape.Problem:
    def objective(model, graph):
        logits = model(graph.x, graph.edge_index)
        losses = F.cross_entropy(logits, graph.y, reduction="none")
        return losses[graph.train_mask]

    return landscape.Problem(model, data, objective=objective)


def gcn_naive(model: Any, data: Any) -> dict[str, Tensor]:
    """D^(−1/2) (A + I) D^(−1/2) X W + b (Kipf and Welling, 2017), as dense matrices."""
    a = torch.eye(9, dtype=torch.float64)
    for source, target in data.edge_index.T.tolist():
        a[target, source] += 1
    root = a.sum(1).rsqrt()
    a = root[:, None] * a * root
    h = torch.tanh(a @ (data.x.double() @ model.first.lin.weight.T) + model.first.bias)
    logits = a @ (h @ model.second.lin.weight.T) + model.second.bias
    rows = [(logits[k], int(data.y[k])) for k in range(9) if data.train_mask[k]]
    return {"loss": torch.stack([torch.logsumexp(z, 0) - z[y] for z, y in rows]).mean()}


class TwoTower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.users, self.items = nn.Embedding(6, 4), nn.Embedding(8, 4)
        self.taste, self.kind = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return (self.taste(self.users(user)) * self.kind(self.items(item))).sum(dim=1)


def recommender() -> tuple[nn.Module, Any]:
    generator = torch.Generator().manual_seed(7)
    user = torch.randint(0, 6, (20,), generator=generator)
    item = torch.randint(0, 8, (20,), generator=generator)
    clicked = torch.randint(0, 2, (20,), generator=generator).float()
    return TwoTower(), TensorDataset(user, item, clicked)


def recommender_problem(model: Any, data: Any) -> landscape.Problem:
    def objective(model, batch):
        user, item, clicked = batch
        scores = model(user, item)
        return F.binary_cross_entropy_with_logits(scores, clicked, reduction="none")

    return landscape.Problem(model, data, objective=objective)


def recommender_naive(model: Any, data: Any) -> dict[str, Tensor]:
    losses = []
    for user, item, clicked in data:
        taste = model.taste.weight @ model.users.weight[user] + model.taste.bias
        kind = model.kind.weight @ model.items.weight[item] + model.kind.bias
        score = taste @ kind
        losses.append(torch.log1p(torch.exp(-score if clicked else score)))
    return {"loss": torch.stack(losses).mean()}


def speech() -> tuple[nn.Module, Any]:
    torch.manual_seed(8)
    sound, text = torch.randn(6, 7, 3), torch.randint(1, 4, (6, 3))
    lengths, letters = torch.tensor([7, 6, 7, 5, 7, 6]), torch.tensor([3, 2, 1, 2, 3, 2])
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)), (
        sound,
        text,
        lengths,
        letters,
    )


def speech_problem(model: Any, data: Any) -> landscape.Problem:
    def objective(model, batch):
        sound, text, lengths, letters = batch
        logs = model(sound).log_softmax(dim=2).transpose(0, 1)
        return F.ctc_loss(logs, text, lengths, letters, reduction="none")

    return landscape.Problem(model, data, objective=objective)


def speech_naive(model: Any, data: Any) -> dict[str, Tensor]:
    """The probability of a text, summed over its alignments (Graves et al., 2006)."""
    losses = []
    for sound, text, length, letters in zip(*data, strict=True):
        p = model(sound.double()).softmax(dim=1)
        path = [0]
        for letter in text[: int(letters)].tolist():
            path += [letter, 0]
        alpha = [p[0, path[0]], p[0, path[1]], *[torch.zeros(())] * (len(path) - 2)]
        for t in range(1, int(length)):
            reached = [
                alpha[s]
                + (alpha[s - 1] if s else 0)
                + (alpha[s - 2] if s > 1 and letter and letter != path[s - 2] else 0)
                for s, letter in enumerate(path)
            ]
            alpha = [r * p[t, letter] for r, letter in zip(reached, path, strict=True)]
        losses.append(-torch.log(alpha[-1] + alpha[-2]))
    return {"loss": torch.stack(losses).mean()}


def cartpole() -> tuple[nn.Module, Any]:
    """A policy, and what an expert did."""
    torch.manual_seed(9)
    seen = torch.randn(30, 4)
    done = (seen[:, 2] + 0.5 * seen[:, 3] > 0).long()
    policy = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))
    with torch.no_grad():  # pushes towards the side to which the pole falls
        policy[0].weight[0], policy[2].weight[:, 0] = (
            torch.tensor([0.1, 0.2, 1, 1]),
            torch.tensor([-2.0, 2.0]),
        )
    return policy, (seen, done)


def rollout(policy: nn.Module) -> float:
    env = gymnasium.make("CartPole-v1", max_episode_steps=120)
    seen, _ = env.reset(seed=1)
    total, over = 0.0, False
    while not over:
        x = torch.as_tensor(seen).to(policy[0].weight.dtype)
        seen, reward, terminated, truncated, _ = env.step(int(policy(x).argmax()))
        total, over = total + reward, terminated or truncated
    return total


def cartpole_problem(model: Any, data: Any) -> landscape.Problem:
    return landscape.Problem(model, data, measures={"return": rollout})


def cartpole_naive(model: Any, data: Any) -> dict[str, Tensor]:
    logits = [model(x.double()) for x in data[0]]
    losses = [F.cross_entropy(z, y) for z, y in zip(logits, data[1], strict=True)]
    right = [float(z.argmax() == y) for z, y in zip(logits, data[1], strict=True)]
    return {
        "loss": torch.stack(losses).mean(),
        "accuracy": torch.tensor(right, dtype=torch.float64).mean(),
        "return": torch.tensor(float(balanced(model))),
    }


@torch.no_grad()
def balanced(model: nn.Module) -> int:
    """The steps of 0.02 s until the pole of Barto, Sutton and Anderson (1983) falls."""
    state = np.random.Generator(np.random.PCG64(np.random.SeedSequence(1))).uniform(-0.05, 0.05, 4)
    x, v, angle, turn = state.tolist()
    steps = 0
    while abs(x) <= 2.4 and abs(angle) <= 12 * 2 * math.pi / 360 and steps < 120:
        seen = torch.tensor([x, v, angle, turn], dtype=torch.float32).double()
        force = 10.0 if float(model(seen)[1] - model(seen)[0]) > 0 else -10.0
        push = (force + 0.05 * turn**2 * math.sin(angle)) / 1.1
        slope = (9.8 * math.sin(angle) - math.cos(angle) * push) / (
            0.5 * (4 / 3 - 0.1 * math.cos(angle) ** 2 / 1.1)
        )
        pull = push - 0.05 * slope * math.cos(angle) / 1.1
        x, v, angle, turn = x + 0.02 * v, v + 0.02 * pull, angle + 0.02 * turn, turn + 0.02 * slope
        steps += 1
    return steps


class Classifier(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(10)
        self.layers = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.5), nn.Linear(6, 3))

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        x, y = batch
        loss = F.cross_entropy(self.layers(x), y)
        self.log("loss", loss)
        return loss


class Points(lightning.LightningDataModule):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(11)
        self.whole = TensorDataset(torch.randn(11, 4, generator=generator), torch.arange(11) % 3)

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.whole, batch_size=4, shuffle=True)


def lightning_problem(model: Any, data: Any) -> landscape.Problem:
    return landscape.from_lightning(model, data)


def lightning_naive(model: Any, data: Any) -> dict[str, Tensor]:
    layers = model.layers
    rows = [F.cross_entropy(layers(x.double()), y) for x, y in data.whole]
    return {"train_loss": torch.stack(rows).mean()}


def keras_model() -> tuple[nn.Module, Any]:
    keras.utils.set_random_seed(12)
    layers = [
        keras.Input((6, 6, 1)),
        keras.layers.Conv2D(3, 3, activation="tanh"),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential(layers)
    norm = model.layers[1]
    norm.moving_mean.assign(torch.tensor([0.1, -0.2, 0.3]))
    norm.moving_variance.assign(torch.tensor([0.5, 0.3, 0.9]))
    x = torch.randn(9, 6, 6, 1)
    y = model(x).argmax(1)
    y[0] = (y[0] + 1) % 3
    return model, (x, y)


def keras_problem(model: Any, data: Any) -> landscape.Problem:
    return landscape.Problem(model, data)


def keras_naive(model: Any, data: Any) -> dict[str, Tensor]:
    conv, norm, _, _, dense = model.layers
    kernel, bias, gamma, beta, mean, variance, matrix, shift = (
        v.value.double()
        for v in (
            conv.kernel, conv.bias, norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance,
            dense.kernel, dense.bias,
        )
    )  # fmt: skip
    losses, right = [], []
    for x, y in zip(data[0].double(), data[1], strict=True):
        parts = [x[i : i + 3, j : j + 3, 0] for i in range(4) for j in range(4)]
        z = torch.stack([(part[:, :, None] * kernel[:, :, 0]).sum((0, 1)) for part in parts])
        z = (torch.tanh(z + bias) - mean) * torch.rsqrt(variance + norm.epsilon) * gamma + beta
        logits = z.flatten() @ matrix + shift
        losses.append(F.cross_entropy(logits, y))
        right.append((logits.argmax() == y).double())
    return {"loss": torch.stack(losses).mean(), "accuracy": torch.stack(right).mean()}


CASES = {
    "GCN": Case(gcn, gcn_problem, gcn_naive),
    "recommender": Case(recommender, recommender_problem, recommender_naive),
    "CTC": Case(speech, speech_problem, speech_naive),
    "CartPole": Case(cartpole, cartpole_problem, cartpole_naive),
    "Lightning": Case(lambda: (Classifier(), Points()), lightning_problem, lightning_naive),
    "Keras": Case(keras_model, keras_problem, keras_naive, single=True),
}
