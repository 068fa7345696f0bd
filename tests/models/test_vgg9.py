"""VGG-9 against its size by arithmetic, the names of Li et al., and an explicit forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError
from landscape.models import Vgg9
from landscape.models.named import build_network
from landscape.models.vgg9 import inferred_settings
from tests.cases import settled

# Channels of each convolution as multiples of the first; indices of the convolutions.
CONVOLUTIONS = {0: 1, 3: 1, 7: 2, 10: 2, 14: 4, 17: 4, 20: 4}
POOLED = (3, 10, 20)


def small() -> nn.Module:
    torch.manual_seed(0)
    return settled(Vgg9(channels=3, in_channels=2, classes=5)).double()


def test_size() -> None:
    sizes = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
    total = sum(9 * a * b + 3 * b for a, b in sizes)  # a bias, γ and β for each channel
    total += 4 * 4 * 256 * 256 + 3 * 256 + 256 * 10 + 10
    model = build_network("vgg9").model
    assert sum(p.numel() for p in model.parameters()) == total == 2_789_706
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == 9


def names_by_rule() -> list[str]:
    """The names in the authors' files, whose networks are sequences of layers."""
    layers = [f"features.{i + k}" for i in CONVOLUTIONS for k in (0, 1)] + ["fc.0", "fc.1"]
    ends = {"weight", "bias"}
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    norms = {f"features.{i + 1}" for i in CONVOLUTIONS} | {"fc.1"}
    names = [f"{a}.{end}" for a in layers for end in ends | (statistics if a in norms else set())]
    return [*names, "classifier.weight", "classifier.bias"]


def test_names() -> None:
    assert set(small().state_dict()) == set(names_by_rule())


def written_out(p: dict[str, Tensor], x: Tensor, training: bool) -> Tensor:
    def bn_relu(x: Tensor, name: str) -> Tensor:
        mean, var = p[f"{name}.running_mean"].clone(), p[f"{name}.running_var"].clone()
        return F.relu(F.batch_norm(x, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training))

    for i in CONVOLUTIONS:
        x = F.conv2d(x, p[f"features.{i}.weight"], p[f"features.{i}.bias"], padding=1)
        x = bn_relu(x, f"features.{i + 1}")
        if i in POOLED:
            # Odd sizes keep their last row and column, as if padded with −∞.
            odd = (0, x.shape[3] % 2, 0, x.shape[2] % 2)
            x = F.max_pool2d(F.pad(x, odd, value=-torch.inf), 2)
    if x.shape[2:] == (1, 1):
        x = x.expand(-1, -1, 4, 4)
    x = bn_relu(F.linear(x.flatten(1), p["fc.0.weight"], p["fc.0.bias"]), "fc.1")
    return F.linear(x, p["classifier.weight"], p["classifier.bias"])


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("side", [32, 8, 7, 28])
def test_forward_pass(side: int, training: bool) -> None:
    model = small().train(training)
    x = torch.randn(4, 2, side, side, dtype=torch.float64)
    expected = written_out(dict(model.state_dict()), x, training)
    with torch.no_grad():
        found = model(x)
    assert found.shape == (4, 5)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_feature_maps_of_larger_images_are_averaged() -> None:
    """An image with a constant feature map gives the same output at any size, up to the borders."""
    model = small().eval()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                centre = module.weight[:, :, 1:2, 1:2].clone()
                module.weight.zero_()[:, :, 1:2, 1:2] = centre
        outputs = [model(torch.full((1, 2, n, n), 0.7).double()) for n in (8, 32, 96)]
    for other in outputs[1:]:
        torch.testing.assert_close(other, outputs[0], rtol=1e-10, atol=1e-10)


def test_every_parameter_has_a_gradient() -> None:
    # In training the biases before a normalization have none: it subtracts the mean.
    model = small().eval()
    x = torch.randn(8, 2, 8, 8, dtype=torch.float64)
    F.cross_entropy(model(x), torch.arange(8) % 5).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().max() > 1e-9, name


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"shortcuts": "gate"}, ["of vgg9 'gate'", "none"]),
    ({"channels": 0}, ["vgg9: channels is 0", "at least 1"]),
    ({"in_channels": 0}, ["in_channels is 0"]),
    ({"classes": -1}, ["classes is -1"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Vgg9(**settings)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["vgg16", "vgg"])
def test_other_depths(name: str) -> None:
    with pytest.raises(InputError, match=f"unknown model '{name}'.*vgg9.*torchvision:NAME"):
        build_network(name)


def changed(**entries: Tensor | None) -> dict[str, Tensor]:
    state = {**small().state_dict(), **{k.replace("__", "."): v for k, v in entries.items()}}
    return {name: tensor for name, tensor in state.items() if tensor is not None}


FOREIGN = {
    "no first layer": changed(features__0__weight=None),
    "no hidden layer": changed(fc__0__weight=None),
    "a flat first layer": changed(features__0__weight=torch.zeros(3)),
    "no classes": changed(classifier__weight=torch.zeros(0, 12)),
    "of smaller images": changed(fc__0__weight=torch.zeros(12, 12)),
    "an extra convolution": changed(features__24__weight=torch.zeros(12, 12, 3, 3)),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    assert inferred_settings(small().state_dict()) == {
        "channels": 3,
        "in_channels": 2,
        "classes": 5,
    }
    assert inferred_settings(FOREIGN[case]) is None
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))
