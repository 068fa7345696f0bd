"""Four-stage ResNets and the DenseNet of Li et al.'s code: a checkpoint gives its values.

The stand-ins are written out from a state dict of the names in that code, without any module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.checkpoint import Checkpoint, read_checkpoint
from landscape.errors import InputError
from landscape.models import FourBlockDenseNet, FourStageResNet
from landscape.models.named import build_network
from tests.cases import settled

STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
DENSE = (6, 12, 24, 16)
IMAGES = torch.randn(6, 2, 16, 16, generator=torch.Generator().manual_seed(0)).double()
SMALL: dict[str, dict[str, Any]] = {
    "resnet18_cifar": {"channels": 4},
    "resnet34_cifar": {"channels": 2},
    "resnet50_cifar": {"channels": 2},
    "densenet121_cifar": {"growth": 3},
}
CASES = [
    *((f"resnet{depth}_cifar", kind) for depth in STAGES for kind in ("projection", "none")),
    ("densenet121_cifar", "concatenate"),
]


def state_of(name: str, shortcuts: str) -> dict[str, Tensor]:
    torch.manual_seed(len(name))
    more = {"in_channels": 2, "classes": 5}
    return (
        settled(build_network(name, shortcuts=shortcuts, **SMALL[name], **more).model)
        .double()
        .state_dict()
    )


def normalized(p: dict[str, Tensor], x: Tensor, name: str) -> Tensor:
    statistics = p[f"{name}.running_mean"], p[f"{name}.running_var"]
    return F.batch_norm(x, *statistics, p[f"{name}.weight"], p[f"{name}.bias"])


def residual(p: dict[str, Tensor], x: Tensor, depth: int, shortcuts: str) -> Tensor:
    def layer(x: Tensor, conv: str, bn: str, stride: int = 1) -> Tensor:
        weight = p[f"{conv}.weight"]
        return normalized(p, F.conv2d(x, weight, None, stride, weight.shape[-1] // 2), bn)

    x = F.relu(layer(x, "conv1", "bn1"))
    strided = 2 if depth == 50 else 1
    for stage, count in enumerate(STAGES[depth], start=1):
        for block in range(count):
            name, last = f"layer{stage}.{block}", 3 if depth == 50 else 2
            stride = 2 if stage > 1 and block == 0 else 1
            out = x
            for i in range(1, last + 1):
                out = layer(out, f"{name}.conv{i}", f"{name}.bn{i}", stride if i == strided else 1)
                out = F.relu(out) if i < last else out
            if f"{name}.shortcut.0.weight" in p:
                x = layer(x, f"{name}.shortcut.0", f"{name}.shortcut.1", stride)
            out = out if shortcuts == "none" else out + x
            x = out if (depth, shortcuts) == (50, "none") else F.relu(out)  # so in their code
    return F.linear(x.mean(dim=(2, 3)), p["linear.weight"], p["linear.bias"])


def dense(p: dict[str, Tensor], x: Tensor) -> Tensor:
    x = F.conv2d(x, p["conv1.weight"], padding=1)
    for block, count in enumerate(DENSE, start=1):
        for i in range(count):
            name = f"dense{block}.{i}"
            out = F.conv2d(F.relu(normalized(p, x, f"{name}.bn1")), p[f"{name}.conv1.weight"])
            out = F.relu(normalized(p, out, f"{name}.bn2"))
            x = torch.cat([F.conv2d(out, p[f"{name}.conv2.weight"], padding=1), x], 1)
        if block < len(DENSE):
            x = F.relu(normalized(p, x, f"trans{block}.bn"))
            x = F.avg_pool2d(F.conv2d(x, p[f"trans{block}.conv.weight"]), 2)
    x = F.relu(normalized(p, x, "bn")).mean(dim=(2, 3))
    return F.linear(x, p["linear.weight"], p["linear.bias"])


@pytest.mark.parametrize(("name", "shortcuts"), CASES)
def test_a_checkpoint_gives_the_values_of_its_network(
    tmp_path: Path, name: str, shortcuts: str
) -> None:
    state = state_of(name, shortcuts)
    with torch.no_grad():
        if name.startswith("resnet"):
            logits = residual(state, IMAGES, int(name[6:8]), shortcuts)
        else:
            logits = dense(state, IMAGES)
    published = {f"module.{key}": tensor for key, tensor in state.items()}
    torch.save({"state_dict": published, "epoch": 300}, tmp_path / "model_300.t7")

    network = build_network(
        checkpoint=read_checkpoint(tmp_path / "model_300.t7"), shortcuts=shortcuts
    )
    assert (network.name, network.settings["shortcuts"]) == (name, shortcuts)
    with torch.no_grad():
        found = network.model.double().eval()(IMAGES)
    torch.testing.assert_close(found, logits, rtol=1e-9, atol=1e-9)


# The numbers of parameters of these networks with 10 classes, as counted in many places.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [("resnet18_cifar", 11_173_962), ("densenet121_cifar", 6_956_298)],
)
def test_sizes(name: str, parameters: int) -> None:
    model = build_network(name).model
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_without_concatenation_a_layer_sees_its_predecessor() -> None:
    model = build_network("densenet121_cifar", shortcuts="none", growth=2, in_channels=2).model
    layer = model.dense1[1]
    new = layer.conv2(F.relu(layer.bn2(layer.conv1(F.relu(layer.bn1(torch.ones(1, 6, 4, 4)))))))
    assert torch.equal(layer(torch.ones(1, 6, 4, 4)), torch.cat([new] * 4, dim=1))


@pytest.mark.parametrize(
    ("network", "settings", "words"),
    [
        (FourStageResNet, {"depth": 20}, ["four stages '20'", "18, 34, 50"]),
        (FourStageResNet, {"channels": 0}, ["resnet18_cifar", "channels is 0"]),
        (FourBlockDenseNet, {"depth": 100}, ["four blocks '100'", "121, 169, 201"]),
        (FourBlockDenseNet, {"growth": 0}, ["densenet121_cifar", "growth is 0"]),
    ],
    ids=str,
)
def test_wrong_settings(network: Any, settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        network(**settings)
    assert all(word in str(caught.value) for word in words)


def changed(name: str, **entries: Tensor | None) -> dict[str, Tensor]:
    state = {**state_of(name, "none"), **{k.replace("__", "."): t for k, t in entries.items()}}
    return {key: tensor for key, tensor in state.items() if tensor is not None}


RESNET, DENSENET = "resnet18_cifar", "densenet121_cifar"
FOREIGN = {
    "a large stem": changed(RESNET, conv1__weight=torch.zeros(4, 2, 7, 7)),
    "a wide block": changed(RESNET, layer1__0__conv2__weight=torch.zeros(8, 8, 3, 3)),
    "a missing block": changed(RESNET, layer3__1__conv1__weight=None),
    "blocks of three layers": changed(RESNET, layer1__0__conv3__weight=torch.zeros(1)),
    "no classes": changed(RESNET, linear__weight=torch.zeros(0, 32)),
    "a stem of another width": changed(DENSENET, conv1__weight=torch.zeros(7, 2, 3, 3)),
    "a missing layer": changed(DENSENET, dense4__15__conv2__weight=None),
    "no linear layer": changed(DENSENET, linear__weight=None),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))
