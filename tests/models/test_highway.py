"""Highway networks against exact sizes, closed forms of the gate, and an explicit forward pass."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError
from landscape.models import HighwayNetwork
from landscape.models.highway import SHORTCUTS, HighwayLayer, inferred_settings
from landscape.models.named import build_network
from tests.cases import settled


def small(shortcuts: str, depth: int = 8, **settings: Any) -> nn.Module:
    torch.manual_seed(depth)
    model = HighwayNetwork(depth, shortcuts, in_channels=2, classes=5, **settings)
    return settled(model).double()


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(
    ("depth", "width", "channels", "classes"), [(20, 1, 3, 10), (5, 2, 1, 7), (56, 1, 3, 100)]
)
def test_exact_sizes(depth: int, width: int, channels: int, classes: int, shortcuts: str) -> None:
    n, c = (depth - 2) // 3, [16 * width, 32 * width, 64 * width]
    total = 9 * channels * c[0] + 2 * c[0]
    for before, after in [(c[0], c[0]), (c[0], c[1]), (c[1], c[2])]:
        total += 2 * 9 * after * (before + (n - 1) * after)  # H and T
        total += n * 3 * after  # γ, β, and the bias of the gate
    total += c[2] * classes + classes
    model = HighwayNetwork(depth, shortcuts, width=width, in_channels=channels, classes=classes)
    assert sum(p.numel() for p in model.parameters()) == total


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 32, 32), (2, 9, 13), (2, 4, 4)], ids=str)
def test_shapes(shape: tuple[int, ...], shortcuts: str) -> None:
    x = torch.randn(3, *shape, dtype=torch.float64)
    assert small(shortcuts)(x).shape == (3, 5)


def layer(shortcuts: str, bias: float, stride: int = 1, channels: int = 6) -> HighwayLayer:
    torch.manual_seed(1)
    made = HighwayLayer(6, channels, stride, shortcuts, 0.0).double().eval()
    assert made.gate.bias is not None
    nn.init.constant_(made.gate.bias, bias)
    return made


def test_closed_gate_is_the_identity() -> None:
    x = torch.randn(2, 6, 5, 5, dtype=torch.float64)
    with torch.no_grad():
        assert torch.equal(layer("gate", -math.inf)(x), x)
        assert torch.equal(layer("none", -math.inf)(x), torch.zeros_like(x))


def test_closed_gate_where_the_shape_changes() -> None:
    x = torch.randn(2, 6, 5, 7, dtype=torch.float64)
    with torch.no_grad():
        y = layer("gate", -math.inf, stride=2, channels=12)(x)
    assert torch.equal(y[:, :6], x[:, :, ::2, ::2])
    assert torch.equal(y[:, 6:], torch.zeros(2, 6, 3, 4, dtype=torch.float64))


def test_open_gate_gives_only_the_transform() -> None:
    x = torch.randn(2, 6, 5, 5, dtype=torch.float64)
    plain, gated = layer("none", math.inf), layer("gate", math.inf)
    with torch.no_grad():
        change = F.relu(plain.norm(plain.transform(x)))
        assert torch.equal(plain(x), change)
        assert torch.equal(gated(x), change)


def test_a_layer_by_hand() -> None:
    """One channel, one pixel: H = relu(3·2 − 1) = 5, T = σ(ln 3) = ¾, x = 2."""
    y = {}
    for shortcuts in SHORTCUTS:
        made = HighwayLayer(1, 1, 1, shortcuts, 0.0).double().eval()
        made.norm.eps = 0.0
        with torch.no_grad():
            made.transform.weight.fill_(3.0)
            made.norm.bias.fill_(-1.0)
            made.gate.weight.fill_(math.log(3) / 4)
            assert made.gate.bias is not None
            made.gate.bias.fill_(math.log(3) / 2)
            y[shortcuts] = float(made(torch.full((1, 1, 1, 1), 2.0, dtype=torch.float64)))
    assert y["gate"] == pytest.approx(5 * 0.75 + 2 * 0.25, rel=1e-12)
    assert y["none"] == pytest.approx(5 * 0.75, rel=1e-12)


def test_initial_bias_of_gates() -> None:
    for bias in (-2.0, -5.5):
        model = HighwayNetwork(8, carry_bias=bias)
        biases = [p for name, p in model.state_dict().items() if name.endswith("gate.bias")]
        assert len(biases) == 6
        assert set(torch.cat(biases).tolist()) == {bias}
    assert build_network("highway8").settings["carry_bias"] == -2.0
    assert build_network("highway8", carry_bias="-1").settings["carry_bias"] == -1.0


def written_out(p: dict[str, Tensor], x: Tensor, n: int, shortcuts: str, training: bool) -> Tensor:
    """Equation 3 of Srivastava et al. layer by layer from a state dict, without any module."""

    def bn(x: Tensor, name: str) -> Tensor:
        mean, var = p[f"{name}.running_mean"].clone(), p[f"{name}.running_var"].clone()
        return F.batch_norm(x, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    x = F.relu(bn(F.conv2d(x, p["conv1.weight"], padding=1), "bn1"))
    for stage in (1, 2, 3):
        for number in range(n):
            name, stride = f"stage{stage}.{number}", 2 if stage > 1 and number == 0 else 1
            h = F.conv2d(x, p[f"{name}.transform.weight"], None, stride, 1)
            h = F.relu(bn(h, f"{name}.norm"))
            t = F.conv2d(x, p[f"{name}.gate.weight"], p[f"{name}.gate.bias"], stride, 1)
            t = 1 / (1 + torch.exp(-t))
            x = x[:, :, ::stride, ::stride]
            zeros = torch.zeros(len(x), h.shape[1] - x.shape[1], *x.shape[2:], dtype=x.dtype)
            x = h * t + (torch.cat([x, zeros], 1) * (1 - t) if shortcuts == "gate" else 0)
    return F.linear(x.mean(dim=(2, 3)), p["linear.weight"], p["linear.bias"])


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("depth", "side"), [(5, 8), (14, 11)])
def test_forward_pass(depth: int, side: int, shortcuts: str, training: bool) -> None:
    model = small(shortcuts, depth).train(training)
    x = torch.randn(4, 2, side, side, dtype=torch.float64)
    expected = written_out(dict(model.state_dict()), x, (depth - 2) // 3, shortcuts, training)
    with torch.no_grad():
        torch.testing.assert_close(model(x), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_every_parameter_has_a_gradient(shortcuts: str) -> None:
    model = small(shortcuts, 14).train()
    x = torch.randn(8, 2, 8, 8, dtype=torch.float64)
    F.cross_entropy(model(x), torch.arange(8) % 5).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().max() > 0, name


def test_gate_and_none_have_the_same_parameters() -> None:
    shapes = [{n: p.shape for n, p in small(k).state_dict().items()} for k in SHORTCUTS]
    assert shapes[0] == shapes[1]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"depth": 21}, ["highway21", "3n+2", "20 and 23"]),
    ({"depth": 2}, ["highway2", "5 and 8"]),
    ({"shortcuts": "gates"}, ["'gates'", "gate, none", "did you mean 'gate'"]),
    ({"width": 0}, ["highway20", "width is 0", "at least 1"]),
    ({"in_channels": 0}, ["in_channels is 0"]),
    ({"classes": 0}, ["classes is 0"]),
    ({"carry_bias": 1e6}, ["highway20", "carry_bias is 1e+06", "from -100 to 100"]),
    ({"carry_bias": math.nan}, ["carry_bias is nan"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        HighwayNetwork(**settings)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
@pytest.mark.parametrize(("depth", "width"), [(5, 1), (11, 2)])
def test_settings_inferred_from_weights(depth: int, width: int, shortcuts: str) -> None:
    expected = {"depth": depth, "width": width, "in_channels": 2, "classes": 5}
    assert inferred_settings(small(shortcuts, depth, width=width).state_dict()) == expected


def changed(**entries: Tensor | None) -> dict[str, Tensor]:
    state = {**small("gate").state_dict(), **{k.replace("__", "."): v for k, v in entries.items()}}
    return {name: tensor for name, tensor in state.items() if tensor is not None}


FOREIGN = {
    "no layer": changed(linear__weight=None),
    "a flat stem": changed(conv1__weight=torch.zeros(16)),
    "a stem of 10 channels": changed(conv1__weight=torch.zeros(10, 2, 3, 3)),
    "no classes": changed(linear__weight=torch.zeros(0, 64)),
    "a stage of another length": changed(stage2__2__gate__bias=torch.zeros(1)),
    "no gates": {name: p for name, p in changed().items() if ".gate." not in name},
}


@pytest.mark.parametrize("case", FOREIGN)
def test_weights_of_another_network(case: str) -> None:
    assert inferred_settings(FOREIGN[case]) is None
    with pytest.raises(InputError, match="does not match any built-in network"):
        build_network(checkpoint=Checkpoint(FOREIGN[case], Path("w.pt"), ""))
