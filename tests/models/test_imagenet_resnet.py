"""ImageNet ResNets against the published sizes and an explicit forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError
from landscape.evaluate import Settings, evaluate
from landscape.models import SHORTCUTS, ImageNetResNet
from landscape.models.imagenet_resnet import inferred_settings
from landscape.models.named import build_network
from landscape.problem import Problem
from tests.cases import images, settled
from tests.naive import evaluate_naive
from tests.test_evaluate import POINTS, plane_of

STAGES = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]}


def small(depth: int, shortcuts: str, channels: int = 4) -> nn.Module:
    torch.manual_seed(depth)
    return settled(
        ImageNetResNet(depth, shortcuts, channels=channels, in_channels=2, classes=5)
    ).double()


# torchvision's documentation of its weights: num_params.
@pytest.mark.parametrize(
    ("depth", "published"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032)]
)
def test_published_sizes(depth: int, published: int) -> None:
    model = build_network(f"resnet{depth}").model
    assert sum(p.numel() for p in model.parameters()) == published


def written_out(p: dict[str, Tensor], x: Tensor, depth: int, shortcuts: str) -> Tensor:
    """The forward pass from a state dict, without any module."""

    def conv_bn(x: Tensor, conv: str, bn: str, stride: int, padding: int) -> Tensor:
        x = F.conv2d(x, p[f"{conv}.weight"], stride=stride, padding=padding)
        statistics = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(x, *statistics, p[f"{bn}.weight"], p[f"{bn}.bias"])

    x = F.max_pool2d(F.relu(conv_bn(x, "conv1", "bn1", 2, 3)), 3, 2, 1)
    for stage, blocks in enumerate(STAGES[depth]):
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            stride = 2 if stage > 0 and block == 0 else 1
            plan = [(1, 0), (stride, 1), (1, 0)] if depth == 50 else [(stride, 1), (1, 1)]
            out = x
            for i, (step, padding) in enumerate(plan, start=1):
                out = conv_bn(out, f"{name}.conv{i}", f"{name}.bn{i}", step, padding)
                out = F.relu(out) if i < len(plan) else out
            if shortcuts != "none" and x.shape != out.shape:
                if shortcuts == "projection":
                    x = conv_bn(x, f"{name}.downsample.0", f"{name}.downsample.1", stride, 0)
                else:
                    half = (out.shape[1] - x.shape[1]) // 2
                    zeros = torch.zeros(len(x), half, *out.shape[2:]).to(x)
                    x = torch.cat([zeros, x[:, :, ::stride, ::stride], zeros], dim=1)
            x = F.relu(out if shortcuts == "none" else out + x)
    return F.linear(x.mean(dim=(2, 3)), p["fc.weight"], p["fc.bias"])


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("depth", "side"), [(18, 33), (34, 32), (50, 40)])
def test_forward_pass(depth: int, side: int, shortcuts: str) -> None:
    model = small(depth, shortcuts).eval()
    x = torch.randn(3, 2, side, side, dtype=torch.float64)
    with torch.no_grad():
        found, expected = model(x), written_out(model.state_dict(), x, depth, shortcuts)
    assert found.shape == (3, 5)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("depth", STAGES)
def test_every_parameter_has_a_gradient(depth: int, shortcuts: str) -> None:
    model = small(depth, shortcuts).train()
    x = torch.randn(8, 2, 33, 33, dtype=torch.float64)
    F.cross_entropy(model(x), torch.arange(8) % 5).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().max() > 0, name


@pytest.mark.parametrize("depth", STAGES)
def test_identity_and_none_have_the_same_parameters(depth: int) -> None:
    states = [small(depth, kind).state_dict() for kind in ("identity", "none")]
    shapes = [{name: p.shape for name, p in state.items()} for state in states]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("depth", STAGES)
def test_settings_inferred_from_weights(depth: int, shortcuts: str) -> None:
    expected = {"depth": depth, "channels": 4, "in_channels": 2, "classes": 5}
    if shortcuts == "projection":
        expected["shortcuts"] = "projection"  # type: ignore[assignment]
    assert inferred_settings(small(depth, shortcuts).state_dict()) == expected


def changed(**entries: Tensor | None) -> dict[str, Tensor]:
    state = dict(small(18, "none").state_dict())
    for name, tensor in entries.items():
        key = name.replace("__", ".")
        if tensor is None:
            del state[key]
        else:
            state[key] = tensor
    return state


FOREIGN: dict[str, dict[str, Tensor]] = {
    "no layer": changed(fc__weight=None),
    "no stem": changed(conv1__weight=None),
    "a small stem": changed(conv1__weight=torch.zeros(4, 2, 3, 3)),
    "a flat stem": changed(conv1__weight=torch.zeros(4)),
    "a flat last layer": changed(fc__weight=torch.zeros(4)),
    "no classes": changed(fc__weight=torch.zeros(0, 32)),
    "wide": changed(layer1__0__conv2__weight=torch.zeros(8, 8, 3, 3)),
    "grouped": changed(layer1__0__conv2__weight=torch.zeros(4, 1, 3, 3)),
    "a missing block": changed(layer3__1__conv1__weight=None),
    "blocks of three layers": changed(layer1__0__conv3__weight=torch.zeros(1)),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    assert inferred_settings(FOREIGN[case]) is None
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"depth": 20}, ["ImageNet ResNet '20'", "18, 34, 50"]),
    ({"shortcuts": "identiy"}, ["'identiy'", "projection, identity, none"]),
    ({"channels": 0}, ["resnet34", "channels is 0", "at least 1"]),
    ({"in_channels": 0}, ["in_channels is 0"]),
    ({"classes": -1}, ["classes is -1"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        ImageNetResNet(**settings)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("depth", [34, 50])
def test_folded_and_fused_against_the_naive_float64_loop(depth: int, shortcuts: str) -> None:
    problem = Problem(small(depth, shortcuts).float(), images(7, 2, 33, 5), device="cpu")
    plane = plane_of(problem)
    fast = dict(evaluate(problem, plane, POINTS, [0, 1], Settings(fold=True, fused=True)))
    for index, expected in evaluate_naive(problem, plane, POINTS, [0, 1]):
        for name, value in expected.items():
            assert fast[index][name] == pytest.approx(value, rel=5e-5, abs=1e-6), (index, name)
