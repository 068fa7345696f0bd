"""Published ResNets of CIFAR with option A: a stand-in in the common layout gives its counts."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import landscape
from landscape.checkpoint import read_checkpoint
from landscape.models.named import build_network
from tests.cases import settled

EXAMPLES = 40


class Block(nn.Module):
    def __init__(self, before: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.stride, self.more = stride, (planes - before) // 2

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        kept = x[:, :, :: self.stride, :: self.stride]
        return F.relu(out + F.pad(kept, (0, 0, 0, 0, self.more, self.more)))


class Common(nn.Module):
    """6 n + 2 layers, named as in the code that published checkpoints come from."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        n = (depth - 2) // 6
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        before = 16
        for stage, planes in enumerate((16, 32, 64), start=1):
            strides = [1 if stage == 1 else 2] + [1] * (n - 1)
            blocks = [Block(before if k == 0 else planes, planes, s) for k, s in enumerate(strides)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            before = planes
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        logits: Tensor = self.linear(out.mean(dim=(2, 3)))
        return logits


@pytest.mark.parametrize("depth", [20, 32, 56])
def test_counts_are_those_of_the_network_that_was_published(depth: int, tmp_path: Path) -> None:
    torch.manual_seed(depth)
    published = settled(Common(depth)).eval()
    inputs = torch.randn(EXAMPLES, 3, 12, 12)
    with torch.inference_mode():
        logits = published(inputs)
    labels = logits.argmax(dim=1)
    labels[::4] = (labels[::4] + 1) % 10  # a quarter is wrong
    state = OrderedDict((f"module.{name}", t) for name, t in published.state_dict().items())
    torch.save({"state_dict": state, "best_prec1": 90.0}, tmp_path / "published.th")

    checkpoint = read_checkpoint(tmp_path / "published.th")
    network = build_network(f"resnet{depth}", checkpoint, shortcuts="identity")
    problem = landscape.Problem(network.model, (inputs, labels), device="cpu")
    surface = landscape.sample_surface(problem, "0:0:1", None, progress=False, tune=False)
    right = round(float(surface["accuracy"][0]) * EXAMPLES)
    assert (right, EXAMPLES) == (30, 40)
    expected = F.cross_entropy(logits.double(), labels).item()
    assert float(surface["loss"][0]) == pytest.approx(expected, rel=1e-5)
