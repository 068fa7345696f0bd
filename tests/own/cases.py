"""Networks and losses of other fields, each with a loop in float64 that knows nothing of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

import tests.models_of_others  # noqa: F401  prepares the import of transformers

Naive = Callable[[nn.Module], dict[str, float]]
"""Every term of the loss of a network in float64, by plain loops."""


@dataclass
class Case:
    """A problem in a user's words.

    Attributes
    ----------
    given
        Keyword arguments of the problem in addition to model and data.
    whole
        Whether the batch is the example, so that the data cannot be divided.
    """

    model: nn.Module
    data: Any
    naive: Naive
    given: dict[str, Any] = field(default_factory=dict)
    whole: bool = False


def sentences(vocabulary: int, ignored: bool) -> list[dict[str, Tensor]]:
    """Ten sentences of unequal lengths, in batches that are padded to their longest."""
    generator = torch.Generator().manual_seed(1)
    lengths = [3, 7, 5, 2, 9, 4, 4, 6, 3, 8]
    words = [torch.randint(1, vocabulary, (n,), generator=generator) for n in lengths]

    def collate(some: list[Tensor]) -> dict[str, Tensor]:
        ids = nn.utils.rnn.pad_sequence(some, batch_first=True)
        mask = nn.utils.rnn.pad_sequence([torch.ones_like(w) for w in some], batch_first=True)
        labels = ids.masked_fill(mask == 0, -100)
        if ignored:
            labels[:, 1::3] = -100
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    return list(DataLoader(words, batch_size=4, collate_fn=collate))  # type: ignore[arg-type]


def tokens(model: nn.Module, batches: list[dict[str, Tensor]], shift: int) -> float:
    """The mean over all labelled tokens, one sentence and one token at a time, unpadded."""
    total, count = 0.0, 0
    for batch in batches:
        rows = zip(*(batch[k] for k in ("input_ids", "attention_mask", "labels")), strict=True)
        for ids, mask, labels in rows:
            n = int(mask.sum())
            logits = model(input_ids=ids[None, :n], attention_mask=mask[None, :n]).logits[0]
            for place in range(shift, n):
                if labels[place] != -100:
                    row = logits[place - shift]
                    total += float(torch.logsumexp(row, 0) - row[labels[place]])
                    count += 1
    return total / count


def gpt2() -> Case:
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=11, n_positions=16, n_embd=8, n_layer=1, n_head=2)
    batches = sentences(11, ignored=False)
    return Case(GPT2LMHeadModel(config), batches, lambda m: {"loss": tokens(m, batches, 1)})


def bert() -> Case:
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=11,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
    )
    batches = sentences(11, ignored=True)
    return Case(BertForMaskedLM(config), batches, lambda m: {"loss": tokens(m, batches, 0)})


class Shallow(nn.Module):
    """u(x) = Σ a tanh(w x + b), whose derivatives have a closed form."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.inner, self.outer = nn.Linear(1, 6), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(torch.tanh(self.inner(x)))


def residual(model: nn.Module, x: Tensor) -> Tensor:
    """u'' + sin(x) by autograd, of every point."""
    x = x.requires_grad_()
    u = model(x)
    (first,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    return (second + torch.sin(x))[:, 0]


def pinn_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    pde = residual(model, batch["inside"]).square().mean()
    edge = model(batch["edge"]).square().mean()
    return {"loss": pde + 10 * edge, "pde": pde, "edge": edge}


def pinn_loss_func(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same by torch.func."""

    def u(x: Tensor) -> Tensor:
        return model(x[None, None])[0, 0]

    x = batch["inside"][:, 0]
    second = torch.func.vmap(torch.func.grad(torch.func.grad(u)))(x)
    pde = (second + torch.sin(x)).square().mean()
    edge = model(batch["edge"]).square().mean()
    return {"loss": pde + 10 * edge, "pde": pde, "edge": edge}


def pinn(objective: Any = pinn_loss) -> Case:
    data = {"inside": torch.linspace(0.1, 3.0, 17)[:, None], "edge": torch.tensor([[0.0], [3.1]])}

    def naive(model: nn.Module) -> dict[str, float]:
        w, b = model.inner.weight[:, 0].tolist(), model.inner.bias.tolist()
        a, c = model.outer.weight[0].tolist(), float(model.outer.bias)
        total = edge = 0.0
        for x in data["inside"][:, 0].double().tolist():
            second = 0.0
            for k in range(6):
                t = math.tanh(w[k] * x + b[k])
                second += a[k] * w[k] ** 2 * -2 * t * (1 - t * t)
            total += (second + math.sin(x)) ** 2 / 17
        for x in data["edge"][:, 0].double().tolist():
            u = c + sum(a[k] * math.tanh(w[k] * x + b[k]) for k in range(6))
            edge += u * u / 2
        return {"loss": total + 10 * edge, "pde": total, "edge": edge}

    return Case(Shallow(), data, naive, {"objective": objective}, whole=True)


def contrastive_loss(model: nn.Module, batch: list[Tensor]) -> Tensor:
    one, other = (F.normalize(model(x), dim=1) for x in batch)
    return F.cross_entropy(one @ other.T / 0.5, torch.arange(len(one)))


def contrastive() -> Case:
    torch.manual_seed(3)
    pairs = [[torch.randn(n, 5), torch.randn(n, 5)] for n in (6, 6, 3)]

    def naive(model: nn.Module) -> dict[str, float]:
        means = []
        for x, y in pairs:
            one = [model(v[None].double())[0] for v in x]
            other = [model(v[None].double())[0] for v in y]
            total = 0.0
            for i, u in enumerate(one):
                alike = [float(u @ v / u.norm() / v.norm()) / 0.5 for v in other]
                total += math.log(sum(map(math.exp, alike))) - alike[i]
            means.append(total / len(one))
        return {"loss": sum(means) / len(means)}

    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    return Case(model, pairs, naive, {"objective": contrastive_loss}, whole=True)


def ctc_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    sound, text, lengths, letters = batch
    logs = F.log_softmax(model(sound), dim=2).transpose(0, 1)
    return F.ctc_loss(logs, text, lengths, letters, reduction="none")


def ctc() -> Case:
    torch.manual_seed(4)
    n, time, letters = 6, 7, 4
    sound, text = torch.randn(n, time, 3), torch.randint(1, letters, (n, 3))
    lengths, sizes = torch.tensor([7, 6, 7, 5, 7, 6]), torch.tensor([3, 2, 1, 2, 3, 2])

    def naive(model: nn.Module) -> dict[str, float]:
        total = 0.0
        for k in range(n):
            p = torch.softmax(model(sound[k : k + 1].double())[0], dim=1).tolist()
            path = [0]
            for letter in text[k, : int(sizes[k])].tolist():
                path += [letter, 0]
            alpha = [p[0][path[0]], p[0][path[1]]] + [0.0] * (len(path) - 2)
            for t in range(1, int(lengths[k])):
                new = []
                for s, letter in enumerate(path):
                    reached = alpha[s] + (alpha[s - 1] if s else 0.0)
                    if s > 1 and letter and letter != path[s - 2]:
                        reached += alpha[s - 2]
                    new.append(reached * p[t][letter])
                alpha = new
            total -= math.log(alpha[-1] + alpha[-2])
        return {"loss": total / n}

    return Case(
        nn.Linear(3, letters), (sound, text, lengths, sizes), naive, {"objective": ctc_loss}
    )


@dataclass
class Graph:
    x: Tensor
    edges: Tensor
    label: Tensor
    known: Tensor
    name: str = "ring"


class Neighbours(nn.Module):
    """Two rounds of sums over neighbours."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        for layer, last in ((self.first, False), (self.second, True)):
            x = x + torch.zeros_like(x).index_add(0, edges[1], x[edges[0]])
            x = layer(x) if last else torch.tanh(layer(x))
        return x


def graph_loss(model: nn.Module, graph: Graph) -> dict[str, Any]:
    logits = model(graph.x, graph.edges)
    losses = F.cross_entropy(logits, graph.label, reduction="none")
    right = (logits.argmax(1) == graph.label).float()
    return {"loss": losses[graph.known], "accuracy": (right, graph.known)}


def graph() -> Case:
    generator = torch.Generator().manual_seed(6)
    nodes, known = 9, torch.tensor([1, 1, 0, 1, 0, 1, 1, 0, 1]).bool()
    edges = torch.stack([torch.arange(nodes), torch.roll(torch.arange(nodes), 1)])
    x, label = torch.randn(nodes, 3, generator=generator), torch.arange(nodes) % 2
    data = Graph(x, edges, label, known)

    def naive(model: nn.Module) -> dict[str, float]:
        held = [row.double() for row in x]
        for layer, last in ((model.first, False), (model.second, True)):
            summed = [row.clone() for row in held]
            for a, b in edges.T.tolist():
                summed[b] += held[a]
            held = [layer(row) if last else torch.tanh(layer(row)) for row in summed]
        rows = [(row, int(label[k])) for k, row in enumerate(held) if known[k]]
        losses = [float(torch.logsumexp(row, 0) - row[y]) for row, y in rows]
        right = [float(int(row.argmax()) == y) for row, y in rows]
        return {"loss": sum(losses) / len(rows), "accuracy": sum(right) / len(rows)}

    return Case(Neighbours(), data, naive, {"objective": graph_loss}, whole=True)


class Sloped(nn.Module):
    """A network whose output is the derivative of an energy, by autograd in ``forward``."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.inner, self.outer = nn.Linear(1, 5), nn.Linear(5, 1)

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            energy = self.outer(torch.tanh(self.inner(x))).sum()
            (force,) = torch.autograd.grad(energy, x, create_graph=True)
        return force


def forces() -> Case:
    x, y = torch.linspace(-1, 1, 11)[:, None], torch.linspace(0, 1, 11)[:, None]

    def naive(model: nn.Module) -> dict[str, float]:
        w, b = model.inner.weight[:, 0].tolist(), model.inner.bias.tolist()
        a, total = model.outer.weight[0].tolist(), 0.0
        for place, wanted in zip(x[:, 0].double().tolist(), y[:, 0].double().tolist(), strict=True):
            slope = sum(a[k] * w[k] * (1 - math.tanh(w[k] * place + b[k]) ** 2) for k in range(5))
            total += (slope - wanted) ** 2 / len(x)
        return {"loss": total}

    return Case(Sloped(), (x, y), naive, {"loss": "mse"})


def weighted_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    return (model(batch["x"])[:, 0] - batch["y"]).square(), batch["w"]


def weighted() -> Case:
    generator = torch.Generator().manual_seed(8)
    x, y = torch.randn(40, 3, generator=generator), torch.randn(40, generator=generator)
    w = torch.randint(0, 5, (40,), generator=generator)
    torch.manual_seed(8)

    def naive(model: nn.Module) -> dict[str, float]:
        total = 0.0
        for k in range(40):
            miss = float(model(x[k : k + 1].double())) - float(y[k].double())
            total += float(w[k]) * miss**2
        return {"loss": total / float(w.sum())}

    data = {"x": x, "y": y, "w": w}
    return Case(nn.Linear(3, 1), data, naive, {"objective": weighted_loss})


CASES: dict[str, Callable[[], Case]] = {
    "gpt2": gpt2,
    "bert": bert,
    "pinn": pinn,
    "pinn by torch.func": lambda: pinn(pinn_loss_func),
    "contrastive": contrastive,
    "ctc": ctc,
    "graph": graph,
    "autograd in forward": forces,
    "weighted": weighted,
}
