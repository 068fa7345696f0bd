"""Networks drawn at random: what real code does to memory, channels and scales, in few layers."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.problem import Problem
from tests.cases import settled

CHANNELS, SIZE, CLASSES, EXAMPLES = 8, 6, 4, 12

Step = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""(network, value, an earlier value of the same shape) -> the next value."""

_ACTIVATIONS: list[Callable[[], nn.Module]] = [
    nn.ReLU,
    nn.ReLU,
    lambda: nn.ReLU(inplace=True),
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Softplus,
    nn.Mish,
    nn.Hardswish,
    lambda: nn.PReLU(CHANNELS),
    lambda: nn.LeakyReLU(0.2, inplace=True),
    lambda: nn.Hardtanh(-2.0, 3.0),
]


def _half(x: Tensor) -> Tensor:
    return x[:, : CHANNELS // 2]


def _scaled_chunk(_: nn.Module, x: Tensor, __: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=1)
    first.mul_(0.5)
    return torch.cat([first, second], dim=1)


def _rectified_chunk(_: nn.Module, x: Tensor, __: Tensor) -> Tensor:
    F.relu_(_half(x))
    return x


def _shifted_slice(_: nn.Module, x: Tensor, earlier: Tensor) -> Tensor:
    view = _half(x)
    view += 0.5
    return x + earlier


def _shuffled(_: nn.Module, x: Tensor, __: Tensor) -> Tensor:
    n = x.shape[0]
    mixed = x.view(n, 2, CHANNELS // 2, SIZE, SIZE).transpose(1, 2)
    return mixed.reshape(n, CHANNELS, SIZE, SIZE)


def _sum_written(_: nn.Module, x: Tensor, earlier: Tensor) -> Tensor:
    return F.relu(operator.iadd(x, earlier))


def _read_after(name: str) -> Step:
    """A convolution whose input is changed, through a view, before its output is rectified."""

    def step(net: nn.Module, x: Tensor, _: Tensor) -> Tensor:
        view = _half(x)
        z = net.get_submodule(name)(x)
        view.mul_(-0.5)
        out: Tensor = F.relu(z) + x
        return out

    return step


def _weights_read(name: str) -> Step:
    """A layer whose weight is read beside it, as in weight-tied or spectral code."""

    def step(net: nn.Module, x: Tensor, _: Tensor) -> Tensor:
        layer: Any = net.get_submodule(name)
        out: Tensor = layer(x) + layer.weight.mean()
        return out

    return step


_PLAIN_STEPS: list[Step] = [
    lambda _, x, earlier: x + earlier,
    lambda _, x, earlier: F.relu(x + earlier),
    lambda _, x, earlier: F.relu(x) * earlier.sigmoid(),
    lambda _, x, __: F.max_pool2d(x, 3, 1, 1),
    lambda _, x, __: x.flip(1),
    _scaled_chunk,
    _rectified_chunk,
    _shifted_slice,
    _shuffled,
    _sum_written,
]


class Generated(nn.Module):
    """A stem, random steps, and a head."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self._draw = random.Random(seed)
        self._names: list[str] = []
        self._program: list[Step] = []
        self.stem = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.head = nn.Linear(CHANNELS, CLASSES)
        for _ in range(self._draw.randint(2, 6)):
            self._program.append(self._step())

    def _layer(self) -> str:
        """A new convolution, or one that is there already."""
        draw = self._draw
        if self._names and draw.random() < 0.15:
            return draw.choice(self._names)
        groups, dilation = draw.choice([1, 1, 2, 4, CHANNELS]), draw.choice([1, 1, 2])
        name = f"conv{len(self._names)}"
        conv = nn.Conv2d(
            CHANNELS,
            CHANNELS,
            3,
            padding=dilation,
            dilation=dilation,
            groups=groups,
            bias=draw.random() < 0.6,
            padding_mode="circular" if draw.random() < 0.1 else "zeros",
        )
        if conv.bias is not None and draw.random() < 0.15:
            with torch.no_grad():
                conv.bias[draw.randrange(CHANNELS)] = -(10.0 ** draw.randint(4, 30))
        self.add_module(name, conv)
        self._names.append(name)
        return name

    def _norm(self) -> nn.Module:
        kind = self._draw.random()
        if kind < 0.7:
            return nn.BatchNorm2d(CHANNELS, affine=self._draw.random() < 0.7)
        if kind < 0.8:
            return nn.BatchNorm2d(CHANNELS, track_running_stats=False)
        if kind < 0.9:
            return nn.GroupNorm(2, CHANNELS, affine=kind < 0.85)
        return nn.InstanceNorm2d(CHANNELS)

    def _step(self) -> Step:
        draw = self._draw
        kind = draw.random()
        if kind < 0.25:
            return draw.choice(_PLAIN_STEPS)
        name = self._layer()
        if kind < 0.33:
            return _read_after(name)
        own = name.replace("conv", "norm") + f"_{len(self._program)}"
        if draw.random() < 0.7:
            self.add_module(own, self._norm())
        act = f"act{len(self._program)}"
        self.add_module(act, draw.choice(_ACTIVATIONS)())
        add, beside = draw.random() < 0.4, kind < 0.4

        def step(net: nn.Module, x: Tensor, earlier: Tensor) -> Tensor:
            z = _weights_read(name)(net, x, x) if beside else net.get_submodule(name)(x)
            z = net.get_submodule(own)(z) if own in net._modules else z
            z = z + earlier if add else z
            out: Tensor = net.get_submodule(act)(z)
            return out

        return step

    def forward(self, x: Tensor) -> Tensor:
        values = [self.stem(x)]
        for step in self._program:
            values.append(step(self, values[-1], values[max(0, len(values) - 3)]))
        out: Tensor = self.head(values[-1].mean(dim=(2, 3)))
        return out


def generated(seed: int) -> Problem:
    """A network with settled statistics, and a few examples."""
    model = settled(Generated(seed)).eval()
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(EXAMPLES, 3, SIZE, SIZE, generator=generator)
    labels = torch.randint(0, CLASSES, (EXAMPLES,), generator=generator)
    return Problem(model, (inputs, labels), device="cpu")
