"""Small networks with data, as a table: every way of evaluating must get each of them right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.data import Examples, Preprocess
from landscape.models import CifarResNet, ImageNetResNet
from landscape.problem import Problem


@dataclass(frozen=True)
class Case:
    """A name and what makes its problem."""

    name: str
    make: Callable[[], Problem]


def images(n: int, channels: int = 3, size: int = 8, classes: int = 10) -> Examples:
    generator = torch.Generator().manual_seed(1)
    return Examples(
        torch.randint(0, 256, (n, channels, size, size), generator=generator, dtype=torch.uint8),
        torch.randint(0, classes, (n,), generator=generator),
        Preprocess(255.0, (0.5,), (0.25,), "given"),
    )


def settled(model: nn.Module) -> nn.Module:
    """The model with running statistics and affine parameters that are not the initial ones."""
    generator = torch.Generator().manual_seed(2)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for statistic, random, least in [("mean", torch.randn, 0.0), ("var", torch.rand, 0.5)]:
                buffer = getattr(module, f"running_{statistic}")
                if buffer is not None:
                    buffer.copy_(random(module.num_features, generator=generator) * 0.1 + least)
            if module.affine:
                with torch.no_grad():
                    module.weight.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
                    module.bias.copy_(torch.randn(module.num_features, generator=generator) * 0.1)
    return model


def resnet(shortcuts: str) -> Problem:
    torch.manual_seed(0)
    return Problem(settled(CifarResNet(8, shortcuts)), images(37), device="cpu")


def imagenet_resnet() -> Problem:
    torch.manual_seed(0)
    model = ImageNetResNet(18, channels=4, classes=10)
    return Problem(settled(model), images(11), device="cpu")


def perceptron() -> Problem:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Linear(12, 2))
    inputs, targets = torch.randn(41, 6), torch.randn(41, 2)
    return Problem(settled(model), (inputs, targets), loss="mse", device="cpu")


class Segmenter(nn.Module):
    """Per-pixel logits, with dropout and a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)
        self.up = nn.ConvTranspose2d(6, 3, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(self.drop(F.relu(self.down(x))))
        return out


def segmentation() -> Problem:
    torch.manual_seed(0)
    data = images(9, channels=1)
    masks = torch.randint(0, 3, (9, 8, 8), generator=torch.Generator().manual_seed(3))
    examples = Examples(data.inputs, masks, data.preprocess)
    return Problem(Segmenter(), examples, device="cpu")


class Tied(nn.Module):
    """An embedding whose weights are also those of the output layer; integer inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 5)
        self.hidden = nn.Linear(5, 5)
        self.head = nn.Linear(5, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.head(torch.tanh(self.hidden(self.embedding(tokens)))).transpose(1, 2)
        return out


def language() -> Problem:
    torch.manual_seed(0)
    tokens = torch.randint(0, 11, (13, 7))
    return Problem(Tied(), (tokens[:, :-1], tokens[:, 1:]), device="cpu")


def two_splits() -> Problem:
    torch.manual_seed(0)
    data = {"train": images(20).subset(15), "test": images(7)}

    def margin(output: Tensor, target: Tensor) -> Tensor:
        top = output.topk(2, dim=1).values
        return top[:, 0] - top[:, 1]

    return Problem(
        settled(CifarResNet(8, width=1)),
        data,
        metrics={"margin": margin},
        device="cpu",
    )


CASES = [
    Case("resnet-projection", lambda: resnet("projection")),
    Case("resnet-identity", lambda: resnet("identity")),
    Case("resnet-none", lambda: resnet("none")),
    Case("imagenet-resnet", imagenet_resnet),
    Case("perceptron-mse", perceptron),
    Case("segmentation", segmentation),
    Case("tied-embedding", language),
    Case("two-splits-own-metric", two_splits),
]


def case_id(value: Any) -> str:
    return value.name if isinstance(value, Case) else str(value)
