"""The U-Net against an explicit forward pass, its computed size, and its skip connections."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from landscape.errors import InputError
from landscape.models.named import build_network
from landscape.models.unet import SHORTCUTS, UNet, inferred_settings

SMALL = {"levels": 2, "channels": 4, "in_channels": 2, "classes": 3}


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def size_by_arithmetic(levels: int, channels: int, in_channels: int, classes: int) -> int:
    """Figure 1 of Ronneberger et al., with normalizations instead of the 3×3 layers' biases."""
    total, before = channels * classes + classes, in_channels
    for level in range(levels + 1):
        c = channels * 2**level
        total += 9 * before * c + 9 * c * c + 2 * 2 * c
        before = c
        if level < levels:
            total += 2 * c * c * 4 + c  # the 2×2 up-convolution that halves the channels
            total += 9 * 2 * c * c + 9 * c * c + 2 * 2 * c
    return total


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("sizes", [(4, 64, 3, 2), (2, 8, 1, 11), (1, 3, 4, 1), (3, 5, 2, 7)])
def test_same_parameters_with_and_without_skips(
    shortcuts: str, sizes: tuple[int, int, int, int]
) -> None:
    names = ("levels", "channels", "in_channels", "classes")
    network = build_network("unet", shortcuts=shortcuts, **dict(zip(names, sizes, strict=True)))
    assert size(network.model) == size_by_arithmetic(*sizes)


def test_size_in_the_paper() -> None:
    model = UNet()
    assert size(model) == 31_037_698  # the paper's 23 convolutions, with normalizations
    assert sum(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in model.modules()) == 23
    assert model.encoder[4].conv2.out_channels == 1024  # type: ignore[union-attr]


def written_out(p: dict[str, Tensor], x: Tensor, levels: int, shortcuts: str) -> Tensor:
    """Figure 1 of the paper from a state dict, in evaluation mode, without any module."""

    def two(x: Tensor, name: str) -> Tensor:
        for k in "12":
            mean, var = p[f"{name}.bn{k}.running_mean"], p[f"{name}.bn{k}.running_var"]
            x = F.conv2d(x, p[f"{name}.conv{k}.weight"], padding=1)
            x = (x - mean[:, None, None]) / torch.sqrt(var[:, None, None] + 1e-5)
            x = x * p[f"{name}.bn{k}.weight"][:, None, None]
            x = (x + p[f"{name}.bn{k}.bias"][:, None, None]).clamp(min=0)
        return x

    def larger(x: Tensor, name: str) -> Tensor:
        """Every pixel becomes a 2×2 square, each a linear map of its channels."""
        n, _, h, w = x.shape
        out = torch.einsum("nihw,ioab->nohawb", x, p[f"{name}.weight"])
        return out.reshape(n, -1, 2 * h, 2 * w) + p[f"{name}.bias"][:, None, None]

    def smaller(x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))

    left = [two(x, "encoder.0")]
    for level in range(1, levels + 1):
        left.append(two(smaller(left[-1]), f"encoder.{level}"))
    x = left.pop()
    for level in range(levels - 1, -1, -1):
        x = larger(x, f"up.{level}")
        beside = left.pop()
        x = two(torch.cat([beside if shortcuts == "concatenate" else x, x], 1), f"decoder.{level}")
    return torch.einsum("nihw,oi->nohw", x, p["head.weight"][:, :, 0, 0]) + p["head.bias"].reshape(
        -1, 1, 1
    )


def made(shortcuts: str, **settings: Any) -> UNet:
    """A network in float64 with non-initial running statistics and factors."""
    torch.manual_seed(1)
    model = UNet(shortcuts, **{**SMALL, **settings}).double()
    for name, tensor in model.state_dict().items():
        if re.search(r"\.bn\d\.", name) and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return model


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("levels", "height", "width"), [(1, 2, 6), (2, 8, 12), (3, 16, 8)])
def test_forward_pass(shortcuts: str, levels: int, height: int, width: int) -> None:
    model = made(shortcuts, levels=levels).eval()
    x = torch.randn(3, 2, height, width, dtype=torch.float64)
    with torch.no_grad():
        found = model(x)
    assert found.shape == (3, 3, height, width)
    expected = written_out(dict(model.state_dict()), x, levels, shortcuts)
    torch.testing.assert_close(found, expected.detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("shortcuts", "through"), [("concatenate", True), ("none", False)])
def test_only_skips_bypass_the_lowest_level(shortcuts: str, through: bool) -> None:
    """With the path up from the lowest level cut, only the skips carry the image."""
    model = made(shortcuts).eval()
    with torch.no_grad():
        for up in model.up:
            up.weight.zero_()
        a, b = model(torch.randn(2, 2, 8, 8, dtype=torch.float64))
    assert (not torch.equal(a, b)) == through


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_every_parameter_has_a_gradient(shortcuts: str) -> None:
    torch.manual_seed(0)
    model = UNet(shortcuts, **SMALL)
    masks = torch.randint(0, 3, (4, 16, 16))
    F.cross_entropy(model(torch.randn(4, 2, 16, 16)), masks).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().max() > 0, name


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_tracing(shortcuts: str) -> None:
    model = made(shortcuts).eval()
    x = torch.randn(2, 2, 8, 8, dtype=torch.float64)
    traced = fx.symbolic_trace(model)
    torch.testing.assert_close(traced(x), model(x), rtol=0, atol=0)
    with pytest.raises(InputError, match=r"divisible by 2\^2 = 4"):
        traced(x[..., 1:])


def test_skips_cannot_be_inferred_from_weights() -> None:
    shown = [inferred_settings(UNet(kind, **SMALL).state_dict()) for kind in SHORTCUTS]
    assert shown == [SMALL, SMALL]


SIZES = [
    ((30, 32), 2, ["30 x 32 pixels", "2 levels", "divisible by 2^2 = 4", "to 32 x 32", "levels=1"]),
    ((8, 8), 4, ["8 x 8 pixels", "2^4 = 16", "to 16 x 16", "levels=3"]),
    ((31, 2), 1, ["31 x 2 pixels", "2^1 = 2", "to 32 x 2"]),
]


@pytest.mark.parametrize(("image", "levels", "words"), SIZES, ids=str)
@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_indivisible_image_sizes(
    shortcuts: str, image: tuple[int, int], levels: int, words: list[str]
) -> None:
    model = UNet(shortcuts, levels=levels, channels=1, in_channels=1)
    with pytest.raises(InputError) as caught:
        model(torch.zeros(2, 1, *image))
    for word in words:
        assert word in str(caught.value)
    assert ("fewer levels" in str(caught.value)) == (levels > 1)


WRONG = [
    ({"shortcuts": "add"}, ["shortcuts of unet 'add'", "concatenate, none"]),
    ({"levels": 0}, ["levels is 0", "at least 1", "at most 8"]),
    ({"levels": 9}, ["levels is 9"]),
    ({"channels": 0}, ["channels is 0"]),
    ({"in_channels": 0}, ["in_channels is 0"]),
    ({"classes": 0}, ["classes is 0"]),
    ({"depth": 4}, ["setting of unet 'depth'", "levels, channels, in_channels, classes"]),
]


@pytest.mark.parametrize(("asked", "words"), WRONG, ids=str)
def test_wrong_settings(asked: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        build_network("unet", **asked)
    for word in words:
        assert word in str(caught.value)
