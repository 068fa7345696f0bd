"""A table of small networks with the sizes of their groups of channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.models import CifarResNet, ImageNetResNet
from landscape.models.named import build_network
from tests.cases import Segmenter, Tied, settled

IMAGE, VECTOR = (2, 8, 8), (6,)


@dataclass(frozen=True)
class Net:
    """A network's constructor, the shape of an example, and the sorted sizes of its groups."""

    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    groups: list[int]


def built(net: Net, seed: int = 0) -> nn.Module:
    """A network in float64 and evaluation mode, with non-initial running statistics."""
    torch.manual_seed(seed)
    return settled(net.make()).double().eval()


def examples(net: Net, n: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    if net.name == "tied-embedding":
        return torch.randint(0, 11, (n, *net.shape), generator=generator)
    return torch.randn(n, *net.shape, generator=generator, dtype=torch.float64)


def cycle(n: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """A random permutation without fixed points."""
    order = random.permutation(n)
    moved = np.empty_like(order)
    moved[order] = np.roll(order, 1)
    return moved


class Transformer(nn.Module):
    """Two layers of torch's own encoder with four heads of four channels."""

    def __init__(self, **options: bool) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 24, batch_first=True, **options)
        self.into, self.head = nn.Linear(6, 16), nn.Linear(16, 3)
        self.body = nn.TransformerEncoder(
            layer, 2, norm=nn.LayerNorm(16), enable_nested_tensor=False
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(self.into(x)).mean(dim=1))
        return out


def perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 9, bias=False), nn.ReLU(), nn.Linear(9, 3)
    )


def vgg() -> nn.Module:
    """Two stages, flattening of 2×2 pixels, and a hidden layer."""
    layers: list[nn.Module] = []
    for channels, out in ((2, 5), (5, 6)):
        layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    head = [nn.Linear(24, 7), nn.BatchNorm1d(7), nn.PReLU(7), nn.Dropout(), nn.Linear(7, 3)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


class Body(nn.Module):
    """A convolution to 6 channels, some operation, and a convolution from 6 channels."""

    def __init__(self, middle: Callable[[Tensor], Tensor], channels: int = 6) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 6, 3, padding=1)
        self.middle = middle
        self.last = nn.Conv2d(channels, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.middle(self.first(x)))
        return out


class Residual(nn.Module):
    """A linear layer whose inputs and outputs are the same channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.first(x))
        x += torch.tanh(self.middle(x))
        out: Tensor = self.last(x)
        return out


class Functional(nn.Module):
    """Weights used directly in the graph; one is shared, one is a scale."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = (nn.Parameter(torch.randn(n, m, 3, 3)) for n, m in ((6, 2), (3, 6)))
        self.scale = nn.Parameter(torch.randn(6, 1, 1))
        self.norm = nn.BatchNorm2d(6)
        self.register_buffer("shift", torch.randn(1, 6, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.first, padding=1) * self.scale + self.shift
        norm = self.norm
        x = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)
        return F.conv2d(x.transpose(2, 3), self.last).mean((2, 3))


class Viewing(nn.Module):
    """Flattening by view, and a number that is not a tensor."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), -1) / x.shape[1]


class Hooked(nn.Module):
    """A layer with a hook, which does more than its type."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.Linear(5, 2))
        self.net[2].register_forward_hook(lambda module, args, out: out.cumsum(-1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.attention = nn.Linear(6, 8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.hidden, self.last = nn.Linear(8, 16), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + self.attention(x, x, x)[0]
        out: Tensor = self.last(F.gelu(self.hidden(x)))
        return out


def images(name: str, groups: list[int], middle: Callable[[Tensor], Tensor], out: int = 6) -> Net:
    return Net(name, lambda: Body(middle, out), IMAGE, groups)


def apart(x: Tensor) -> Tensor:
    """Different functions of the first and the last channels, in another order."""
    return torch.cat([torch.tanh(x[:, 2:]), F.relu(x[:, :2])], 1)


def reflected(x: Tensor) -> Tensor:
    return F.pad(x.transpose(1, 3), (1, 1, 0, 0), "reflect").transpose(1, 3)


def viewed() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 6, 3), Viewing(), nn.Linear(216, 4))


def modules(name: str, groups: list[int], *middle: nn.Module, out: int = 6) -> Net:
    return Net(name, lambda: Body(nn.Sequential(*middle), out), IMAGE, groups)


def resnet(depth: int, shortcuts: str, groups: list[int]) -> Net:
    return Net(
        f"resnet{depth}-{shortcuts}",
        lambda: CifarResNet(depth, shortcuts, in_channels=2),
        IMAGE,
        sorted(groups),
    )


def imagenet_resnet(depth: int, shortcuts: str, groups: list[int]) -> Net:
    return Net(
        f"imagenet-resnet{depth}-{shortcuts}",
        lambda: ImageNetResNet(depth, shortcuts, channels=2, in_channels=2, classes=5),
        IMAGE,
        sorted(groups),
    )


def named(name: str, shortcuts: str, groups: list[int], **settings: int) -> Net:
    settings["in_channels"] = 2
    return Net(
        f"{name}-{shortcuts}",
        lambda: build_network(name, shortcuts=shortcuts, **settings).model,
        IMAGE,
        sorted(groups),
    )


PLAIN = [
    Net("perceptron", perceptron, VECTOR, [7, 9]),
    Net("vgg", vgg, IMAGE, [5, 6, 7]),
    resnet(8, "projection", [16, 32, 64] * 2),
    # The channels of a stage continue as the first channels of the next one.
    resnet(8, "identity", [16, 16, 16, 32, 32, 64]),
    resnet(8, "none", [16, 16, 16, 32, 32, 64, 64]),
    resnet(20, "projection", [16, 32, 64] * 4),
    resnet(20, "identity", [16] * 3 + [32] * 3 + [64] * 3 + [16, 16, 32]),
    resnet(20, "none", [16] * 7 + [32] * 6 + [64] * 6),
    imagenet_resnet(18, "projection", [2, 4, 8, 16] * 3),
    imagenet_resnet(18, "identity", [2, 4, 8, 16] * 2 + [2, 2, 4, 8]),
    imagenet_resnet(18, "none", [2] * 5 + [4, 8, 16] * 4),
    imagenet_resnet(
        50,
        "projection",
        [2] + [2] * 6 + [8] + [4] * 8 + [16] + [8] * 12 + [32] + [16] * 6 + [64],
    ),
]
OTHERS = [
    Net("transformer", Transformer, (5, 6), [4, 4, 16, 24, 24]),  # heads, then channels
    Net("transformer-norm-first", lambda: Transformer(norm_first=True), (5, 6), [4, 4, 16, 24, 24]),
    Net(
        "encoder-layer",
        lambda: nn.Sequential(
            nn.Linear(6, 8), nn.TransformerEncoderLayer(8, 2, 12, bias=False), nn.Linear(8, 3)
        ),
        (5, 6),
        [2, 8, 12],
    ),
    Net("residual", Residual, VECTOR, [8]),
    Net("functional", Functional, IMAGE, [6]),
    Net("segmentation", Segmenter, (1, 8, 8), [6]),
    Net("tied-embedding", Tied, (5,), [5]),
    modules("depthwise", [6], nn.Conv2d(6, 6, 3, groups=6), nn.ReLU()),
    modules("depthwise-doubled", [6], nn.Conv2d(6, 12, 3, groups=6), out=12),
    modules("whole-group-norm", [6], nn.GroupNorm(1, 6), nn.Upsample(scale_factor=2)),
    modules("instance-norm", [6], nn.InstanceNorm2d(6, affine=True), nn.AvgPool2d(2)),
    modules("bottleneck", [4, 6, 6], nn.Conv2d(6, 4, 1), nn.ReLU(), nn.ConvTranspose2d(4, 6, 2)),
    images("concatenated-twice", [6], lambda x: torch.cat([x, x.relu()], 1), 12),
    images("concatenated-apart", [2, 4], apart),
    images(
        "padded",
        [3, 6],  # zeros may be swapped, too
        lambda x: F.pad(x, (1, 1, 0, 0, 2, 1)),
        9,
    ),
    Net("viewed", viewed, IMAGE, [6]),
    images("averaged", [6], lambda x: x - x.mean(1, keepdim=True)),
    images("softmax", [6], lambda x: F.softmax(x, dim=1)),
]
BUILT_IN = [
    # The channels of a stage continue as the first channels of the next one, as in a ResNet.
    named("highway8", "gate", [16, 16, 32]),
    named("highway8", "none", [16] * 3 + [32] * 2 + [64] * 2),
    # The first convolution, two transitions, and two groups of each layer.
    named("densenet16", "concatenate", [8, 8, 8] + [16] * 6 + [4] * 6, growth=4),
    named("densenet16", "none", [8, 8, 8] + [16] * 6 + [4] * 6, growth=4),
    # Of three channels repeated to seven the first occurs once more than the other two.
    named("densenet10", "none", [6, 12, 3, 4, 12, 2, 3, 12, 3], growth=3),
    named("vgg9", "none", [2, 2, 4, 4, 8, 8, 8, 8], channels=2),
]
FROZEN = [
    images("rolled", [], lambda x: x.roll(1, dims=1)),
    images("cumulative", [], lambda x: x.cumsum(1)),
    images("flipped", [], lambda x: x + x.flip(1)),
    images("one-channel", [], lambda x: x * x[:, 0:1] * x[:, 1, None]),
    images("by-position", [], lambda x: x * torch.arange(6.0, dtype=x.dtype).view(6, 1, 1)),
    images("chunks", [], lambda x: torch.cat(x.chunk(2, 1)[::-1], 1)),
    images("reflected", [], reflected, 8),
    modules("grouped", [], nn.Conv2d(6, 6, 3, groups=2)),
    modules("grouped-norm", [], nn.GroupNorm(3, 6)),
    modules("shuffled", [], nn.ChannelShuffle(2)),
    Net("hooked", Hooked, VECTOR, []),
    Net("attention", Attention, (4, 6), [16]),
    Net(
        "weight-norm",
        lambda: nn.Sequential(
            nn.utils.parametrizations.weight_norm(nn.Linear(6, 8)), nn.Linear(8, 3)
        ),
        VECTOR,
        [],
    ),
]
NETS = [*PLAIN, *OTHERS, *BUILT_IN, *FROZEN]
