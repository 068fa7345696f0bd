"""DenseNets against the published sizes and an explicit forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.checkpoint import Checkpoint, read_checkpoint
from landscape.errors import InputError
from landscape.models import CifarDenseNet, ImageNetDenseNet
from landscape.models.dense_block import SHORTCUTS
from landscape.models.named import build_network
from tests.cases import settled

LAYERS = {
    "densenet10": (1, 1, 1),
    "densenet22": (3, 3, 3),
    "densenet121": (6, 12, 24, 16),
}


def small(name: str, shortcuts: str) -> nn.Module:
    torch.manual_seed(0)
    settings: dict[str, Any] = {"growth": 3, "in_channels": 2, "classes": 5}
    if name == "densenet121":
        settings["channels"] = 4
    return settled(build_network(name, shortcuts=shortcuts, **settings).model).double()


def size(name: str, **settings: Any) -> int:
    return sum(p.numel() for p in build_network(name, **settings).model.parameters())


# Table 2 of Huang et al. in millions, and the number that implementations agree on.
@pytest.mark.parametrize(
    ("depth", "growth", "millions"),
    [(100, 12, 0.8), pytest.param(250, 24, 15.3, marks=pytest.mark.long)],
)
def test_published_sizes_for_cifar(depth: int, growth: int, millions: float) -> None:
    found = size(f"densenet{depth}", growth=growth)
    assert round(found / 1e6, 1) == millions
    if depth == 100:
        assert found == 769_162


# torchvision's documentation of its weights: num_params.
@pytest.mark.parametrize(
    ("depth", "published"),
    [
        (121, 7_978_856),
        pytest.param(169, 14_149_480, marks=pytest.mark.long),
        pytest.param(201, 20_013_928, marks=pytest.mark.long),
    ],
)
def test_published_sizes_for_imagenet(depth: int, published: int) -> None:
    assert size(f"densenet{depth}") == published


@pytest.mark.parametrize("name", LAYERS)
def test_concatenation_and_none_have_the_same_parameters(name: str) -> None:
    states = [small(name, kind).state_dict() for kind in SHORTCUTS]
    shapes = [{key: p.shape for key, p in state.items()} for state in states]
    assert shapes[0] == shapes[1]


def written_out(p: dict[str, Tensor], x: Tensor, layers: tuple[int, ...], shortcuts: str) -> Tensor:
    """The forward pass from a state dict, without any module; no statistics are updated."""

    def bn_relu(x: Tensor, name: str) -> Tensor:
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.relu(F.batch_norm(x, mean, var, p[f"{name}.weight"], p[f"{name}.bias"]))

    imagenet = len(layers) == 4
    stride, padding = (2, 3) if imagenet else (1, 1)
    x = F.conv2d(x, p["features.conv0.weight"], None, stride, padding)
    if imagenet:
        x = F.max_pool2d(bn_relu(x, "features.norm0"), 3, 2, 1)
    for b, count in enumerate(layers, start=1):
        seen, channels = [x], x.shape[1]
        for number in range(1, count + 1):
            name = f"features.denseblock{b}.denselayer{number}"
            out = F.conv2d(bn_relu(x, f"{name}.norm1"), p[f"{name}.conv1.weight"])
            out = F.conv2d(bn_relu(out, f"{name}.norm2"), p[f"{name}.conv2.weight"], padding=1)
            seen.append(out)
            channels += out.shape[1]
            if shortcuts == "concatenate":
                x = torch.cat(seen, dim=1)
            else:
                x = out[:, [k % out.shape[1] for k in range(channels)]]
        if b < len(layers):
            x = bn_relu(x, f"features.transition{b}.norm")
            x = F.avg_pool2d(F.conv2d(x, p[f"features.transition{b}.conv.weight"]), 2)
    x = bn_relu(x, "features.norm5").mean(dim=(2, 3))
    return F.linear(x, p["classifier.weight"], p["classifier.bias"])


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("densenet10", (4, 4)),
        ("densenet22", (8, 8)),
        ("densenet22", (11, 9)),
        ("densenet121", (29, 33)),
    ],
)
def test_forward_pass(name: str, shape: tuple[int, int], shortcuts: str) -> None:
    model = small(name, shortcuts).eval()
    x = torch.randn(3, 2, *shape, dtype=torch.float64)
    with torch.no_grad():
        found = model(x)
        expected = written_out(dict(model.state_dict()), x, LAYERS[name], shortcuts)
    assert found.shape == (3, 5)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("name", "side"), [("densenet22", 8), ("densenet121", 64)])
def test_every_parameter_has_a_gradient(name: str, side: int, shortcuts: str) -> None:
    model = small(name, shortcuts).train()
    x = torch.randn(8, 2, side, side, dtype=torch.float64)
    F.cross_entropy(model(x), torch.arange(8) % 5).backward()
    for key, p in model.named_parameters():
        assert p.grad is not None, key
        assert p.grad.abs().max() > 0, key


def test_initial_weights_have_the_variance_of_he_et_al() -> None:
    torch.manual_seed(0)
    for name, p in CifarDenseNet(40, growth=24).named_parameters():
        if p.ndim == 4 and p.numel() > 10_000:
            fan_in = p.shape[1] * p.shape[2] * p.shape[3]
            assert float(p.detach().var()) == pytest.approx(2 / fan_in, rel=0.06), name


@pytest.mark.parametrize("name", ["densenet22", "densenet121"])
def test_files_with_earlier_names(tmp_path: Path, name: str) -> None:
    """norm.1 for norm1, as torchvision published them; norm_final for norm5, as for CIFAR."""
    state = small(name, "concatenate").float().state_dict()
    old = {}
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            for part in ("norm1", "norm2", "conv1", "conv2"):
                key = key.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
            old[key.replace("norm5", "norm_final") if name == "densenet22" else key] = tensor
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "old.pth")
    network = build_network(
        checkpoint=read_checkpoint(tmp_path / "old.pth"), shortcuts="concatenate"
    )
    assert network.name == name
    for key, p in network.model.named_parameters():
        assert torch.equal(p, state[key]), key


WRONG: list[tuple[type[nn.Module], dict[str, Any], list[str]]] = [
    (CifarDenseNet, {"depth": 120}, ["densenet120", "6n+4", "118 and 124", "121, 169 and 201"]),
    (CifarDenseNet, {"depth": 4}, ["densenet4", "10 and 16"]),
    (CifarDenseNet, {"shortcuts": "add"}, ["'add'", "concatenate, none"]),
    (CifarDenseNet, {"growth": 0}, ["densenet100", "growth is 0", "at least 1"]),
    (CifarDenseNet, {"classes": -1}, ["classes is -1"]),
    (ImageNetDenseNet, {"depth": 100}, ["ImageNet DenseNet '100'", "121, 169, 201"]),
    (ImageNetDenseNet, {"shortcuts": "gate"}, ["'gate'", "concatenate, none"]),
    (ImageNetDenseNet, {"channels": 0}, ["densenet121", "channels is 0"]),
    (ImageNetDenseNet, {"growth": 5000}, ["growth is 5000", "at most 1,024"]),
]


@pytest.mark.parametrize(("network", "settings", "words"), WRONG, ids=str)
def test_wrong_settings(
    network: type[nn.Module], settings: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        network(**settings)
    for word in words:
        assert word in str(caught.value)


def changed(name: str, **entries: Tensor | None) -> dict[str, Tensor]:
    entries = {key.replace("__", "."): value for key, value in entries.items()}
    state = {**small(name, "none").state_dict(), **entries}
    return {key: tensor for key, tensor in state.items() if tensor is not None}


LAST = "features__denseblock3__denselayer3__conv2__weight"
FOREIGN = {
    "no stem": changed("densenet22", features__conv0__weight=None),
    "a flat stem": changed("densenet22", features__conv0__weight=torch.zeros(6)),
    "a stem of another width": changed(
        "densenet22", features__conv0__weight=torch.zeros(7, 2, 3, 3)
    ),
    "a large stem": changed("densenet22", features__conv0__weight=torch.zeros(6, 2, 7, 7)),
    "a normalized stem": changed("densenet22", features__norm0__weight=torch.zeros(6)),
    "a block of another length": changed("densenet22", **{LAST: None}),
    "no classes": changed("densenet22", classifier__weight=torch.zeros(0, 9)),
    "a small stem": changed("densenet121", features__conv0__weight=torch.zeros(4, 2, 3, 3)),
    "no layer": changed("densenet121", classifier__weight=None),
    "a flat last layer": changed("densenet121", classifier__weight=torch.zeros(5)),
    "a block of another depth": changed(
        "densenet121", features__denseblock4__denselayer16__conv2__weight=None
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))
