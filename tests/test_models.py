"""CIFAR ResNets against the published sizes, a list of names, and an explicit forward pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError
from landscape.models import SHORTCUTS, CifarResNet
from landscape.models.named import build_network
from landscape.models.option_a import IdentityShortcut
from landscape.models.resnet import inferred_settings

DEPTHS = [8, 20, 32, 56]


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def size_by_arithmetic(depth: int, shortcuts: str, width: int, channels: int, classes: int) -> int:
    """Weights of every convolution, two per channel of every normalization, and the linear
    layer."""
    n, c = (depth - 2) // 6, [16 * width, 32 * width, 64 * width]
    total = 9 * channels * c[0] + 2 * c[0]
    total += n * 2 * (9 * c[0] * c[0] + 2 * c[0])
    for before, after in [(c[0], c[1]), (c[1], c[2])]:
        total += 9 * before * after + (2 * n - 1) * 9 * after * after + 2 * n * 2 * after
        if shortcuts == "projection":
            total += before * after + 2 * after
    return total + c[2] * classes + classes


# Table 6 of He et al. (2016): millions of parameters.
@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (56, 0.85), (110, 1.7)])
def test_published_sizes(depth: int, millions: float) -> None:
    digits = 1 if depth == 110 else 2
    assert round(size(CifarResNet(depth, "identity")) / 1e6, digits) == millions


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(
    ("depth", "width", "channels", "classes"),
    [(8, 1, 3, 10), (20, 2, 1, 10), (56, 1, 3, 100), (14, 3, 4, 1)],
)
def test_exact_sizes(depth: int, width: int, channels: int, classes: int, shortcuts: str) -> None:
    model = CifarResNet(depth, shortcuts, width=width, in_channels=channels, classes=classes)
    assert size(model) == size_by_arithmetic(depth, shortcuts, width, channels, classes)


def names_by_rule(depth: int, shortcuts: str) -> list[str]:
    def normalization(name: str) -> list[str]:
        ends = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        return [f"{name}.{end}" for end in ends]

    names = ["conv1.weight", *normalization("bn1")]
    for stage in "123":
        for block in range((depth - 2) // 6):
            b = f"layer{stage}.{block}"
            names += [f"{b}.conv1.weight", *normalization(f"{b}.bn1")]
            names += [f"{b}.conv2.weight", *normalization(f"{b}.bn2")]
            if shortcuts == "projection" and stage in "23" and block == 0:
                names += [f"{b}.shortcut.0.weight", *normalization(f"{b}.shortcut.1")]
    return [*names, "linear.weight", "linear.bias"]


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_names(depth: int, shortcuts: str) -> None:
    assert list(CifarResNet(depth, shortcuts).state_dict()) == names_by_rule(depth, shortcuts)


def test_no_shortcuts_and_identity_have_the_same_parameters() -> None:
    none, identity = CifarResNet(20, "none"), CifarResNet(20, "identity")
    shapes = [{n: p.shape for n, p in m.state_dict().items()} for m in (none, identity)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(
    ("image", "width"), [((1, 8, 8), 1), ((3, 32, 32), 1), ((3, 9, 13), 2), ((2, 4, 4), 1)]
)
def test_shapes_of_logits(image: tuple[int, int, int], width: int, shortcuts: str) -> None:
    model = CifarResNet(8, shortcuts, width=width, in_channels=image[0], classes=7).eval()
    assert model(torch.zeros(5, *image)).shape == (5, 7)


def written_out(p: dict[str, Tensor], x: Tensor, n: int, shortcuts: str, training: bool) -> Tensor:
    """The forward pass of section 4.2 of He et al. from a state dict, without any module."""

    def bn(x: Tensor, name: str) -> Tensor:
        mean, var = p[f"{name}.running_mean"].clone(), p[f"{name}.running_var"].clone()
        weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
        return F.batch_norm(x, mean, var, weight, bias, training=training, eps=1e-5)

    x = F.conv2d(x, p["conv1.weight"], padding=1)
    x = F.relu(bn(x, "bn1"))
    for stage in (1, 2, 3):
        for block in range(n):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            out = F.conv2d(x, p[f"{name}.conv1.weight"], stride=stride, padding=1)
            out = F.relu(bn(out, f"{name}.bn1"))
            out = F.conv2d(out, p[f"{name}.conv2.weight"], padding=1)
            out = bn(out, f"{name}.bn2")
            if stride == 2 and shortcuts == "projection":
                x = bn(F.conv2d(x, p[f"{name}.shortcut.0.weight"], stride=2), f"{name}.shortcut.1")
            elif stride == 2 and shortcuts == "identity":
                x = sampled_and_padded(x, out.shape[1])
            x = F.relu(out if shortcuts == "none" else out + x)
    pooled = x.mean(dim=3).mean(dim=2)
    return F.linear(pooled, p["linear.weight"], p["linear.bias"])


def sampled_and_padded(x: Tensor, channels: int, place: str = "centred") -> Tensor:
    a = x.detach().numpy()[:, :, ::2, ::2]
    zeros = np.zeros((a.shape[0], channels - a.shape[1], *a.shape[2:]))
    before, behind = np.split(zeros, [zeros.shape[1] // 2 if place == "centred" else 0], axis=1)
    return torch.from_numpy(np.concatenate([before, a, behind], axis=1))


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("depth", "side"), [(8, 8), (20, 11)])
def test_forward_pass(depth: int, side: int, shortcuts: str, training: bool) -> None:
    torch.manual_seed(1)
    model = CifarResNet(depth, shortcuts, in_channels=2, classes=4).double()
    for name, tensor in model.state_dict().items():
        if re.search(r"(bn\d|shortcut\.1)\.", name) and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    x = torch.randn(6, 2, side, side, dtype=torch.float64)
    expected = written_out(dict(model.state_dict()), x, (depth - 2) // 6, shortcuts, training)
    with torch.no_grad():
        found = model.train(training)(x)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("place", ["centred", "behind"])
@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 5, 7, 9), (3, 1, 1, 1)])
def test_identity_shortcut(shape: tuple[int, ...], place: str) -> None:
    x = torch.randn(shape, dtype=torch.float64)
    expected = sampled_and_padded(x, 2 * shape[1], place)
    found = IdentityShortcut(2, shape[1], place)(x)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_every_parameter_has_a_gradient(shortcuts: str) -> None:
    torch.manual_seed(0)
    model = CifarResNet(14, shortcuts)
    F.cross_entropy(model(torch.randn(8, 3, 8, 8)), torch.arange(8)).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().max() > 0, name


def test_initial_weights_have_the_variance_of_he_et_al() -> None:
    torch.manual_seed(0)
    for name, p in CifarResNet(20, width=2).named_parameters():
        if p.ndim == 4 and p.numel() > 10_000:
            fan_out = p.shape[0] * p.shape[2] * p.shape[3]
            assert float(p.detach().var()) == pytest.approx(2 / fan_out, rel=0.06), name


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"depth": 0}, ["resnet0", "6n+2", "8 and 14"]),
    ({"depth": 2}, ["resnet2", "8 and 14"]),
    ({"depth": 57}, ["resnet57", "56 and 62"]),
    ({"depth": -4}, ["resnet-4", "8 and 14"]),
    ({"shortcuts": "identiy"}, ["'identiy'", "projection, identity, none", "'identity'"]),
    ({"width": 0}, ["width is 0", "at least 1"]),
    ({"in_channels": 0}, ["in_channels is 0"]),
    ({"classes": -1}, ["classes is -1"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        CifarResNet(**settings)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("depth", [8, 26])
def test_settings_inferred_from_weights(depth: int, shortcuts: str, width: int) -> None:
    model = CifarResNet(depth, shortcuts, width=width, in_channels=4, classes=6)
    expected = {"depth": depth, "width": width, "in_channels": 4, "classes": 6}
    if shortcuts == "projection":
        expected["shortcuts"] = "projection"  # type: ignore[assignment]
    assert inferred_settings(model.state_dict()) == expected


def changed(**entries: Tensor | None) -> dict[str, Tensor]:
    state = dict(CifarResNet(8).state_dict())
    for name, tensor in entries.items():
        key = name.replace("__", ".")
        if tensor is None:
            del state[key]
        else:
            state[key] = tensor
    return state


FOREIGN: dict[str, dict[str, Tensor]] = {
    "another network": dict(nn.Sequential(nn.Linear(2, 2)).state_dict()),
    "no layer": changed(linear__weight=None),
    "no stem": changed(conv1__weight=None),
    "a stem of one dimension": changed(conv1__weight=torch.zeros(16)),
    "a stem of no dimension": changed(conv1__weight=torch.tensor(1.0)),
    "a stem of no channels": changed(conv1__weight=torch.zeros(0, 3, 3, 3)),
    "a stem of 10 channels": changed(conv1__weight=torch.zeros(10, 3, 3, 3)),
    "a flat last layer": changed(linear__weight=torch.zeros(64)),
    "a stage of another length": changed(layer2__1__conv1__weight=torch.zeros(1)),
    "a stage without a block": changed(layer2__0__conv1__weight=None),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    assert inferred_settings(FOREIGN[case]) is None
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet", ["'resnet'", "resnet20", "package.module:function"]),
        ("vgg16", ["'vgg16'", "resnet56"]),
        ("ResNet56", ["'ResNet56'", "did you mean 'resnet56'"]),
        ("resnet999998", ["'resnet999998'"]),
        ("resnet55", ["6n+2", "50 and 56"]),
    ],
)
def test_unknown_names(name: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        build_network(name)
    for word in words:
        assert word in str(caught.value)


def test_defaults_and_records() -> None:
    network = build_network("resnet8")
    assert network.name == "resnet8"
    assert network.settings == {
        "depth": 8,
        "shortcuts": "projection",
        "width": 1,
        "in_channels": 3,
        "classes": 10,
    }
    with pytest.raises(InputError, match="give model='resnet56'"):
        build_network()
