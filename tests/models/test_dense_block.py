"""Dense layers, blocks and transitions, with numbers computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from landscape.models.dense_block import SHORTCUTS, DenseBlock, Transition, inferred_layers


def exact(module: nn.Module) -> nn.Module:
    """The module in float64 and evaluation mode, with normalizations that only scale and shift."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = 0.0
    return module.double().eval()


def pixel(*channels: float) -> Tensor:
    return torch.tensor(channels, dtype=torch.float64).view(1, -1, 1, 1)


def write(convolution: nn.Module, rows: list[list[float]]) -> None:
    """Set the central weights; for a single pixel the others only see padding."""
    weight = convolution.weight
    assert isinstance(weight, Tensor)
    middle = weight.shape[2] // 2
    with torch.no_grad():
        weight[:, :, middle, middle] = torch.tensor(rows, dtype=torch.float64)


# (2) → 2·(1, −1, ½, 0), rectified (2, 0, 1, 0), summed 3. Then γ = (1, 2), β = (0, −1) of
# (2, 3) are (2, 5), of (3, 3) are (3, 5); the rows give (7, −3, 5, 0) or (8, −2, 5, 0), of which
# the first and twice the third are left: 17 or 18.
BY_HAND = {"concatenate": [2.0, 3.0, 17.0], "none": [18.0, 18.0, 18.0]}


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_two_layers_by_hand(shortcuts: str) -> None:
    block = exact(DenseBlock(2, 1, 1, shortcuts))
    first, second = block.denselayer1, block.denselayer2
    write(first.conv1, [[1.0], [-1.0], [0.5], [0.0]])
    write(first.conv2, [[1.0, 1.0, 1.0, 1.0]])
    write(second.conv1, [[1.0, 1.0], [1.0, -1.0], [0.0, 1.0], [0.0, 0.0]])
    write(second.conv2, [[1.0, 1.0, 2.0, 1.0]])
    with torch.no_grad():
        second.norm1.weight.copy_(torch.tensor([1.0, 2.0]))
        second.norm1.bias.copy_(torch.tensor([0.0, -1.0]))
        assert block(pixel(2.0)).flatten().tolist() == BY_HAND[shortcuts]


def test_channels_are_repeated() -> None:
    torch.manual_seed(0)
    block = exact(DenseBlock(1, 3, 2, "none"))
    x = pixel(1.0, -2.0, 0.5)
    with torch.no_grad():
        a, b = block.denselayer1(x).flatten().tolist()
        assert a != b
        assert block(x).flatten().tolist() == [a, b, a, b, a]


def test_transition_by_hand() -> None:
    transition = exact(Transition(2))
    write(transition.conv, [[0.5, 1.0]])
    x = torch.tensor([[[[1.0, -1.0], [2.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]]]).double()
    with torch.no_grad():
        assert transition(x).flatten().tolist() == [(1.5 + 1.0 + 2.0 + 3.0) / 4]


def test_layers_inferred_from_a_state() -> None:
    key = "features.denseblock{}.denselayer{}.conv2.weight"
    where = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]
    state = {key.format(*place): torch.zeros(1) for place in where}
    assert inferred_layers(state) == (2, 3)
    for place in [(1, 1), (2, 2)]:
        rest = {name: p for name, p in state.items() if name != key.format(*place)}
        assert inferred_layers(rest) is None
    assert inferred_layers({key.format(2, 1): torch.zeros(1)}) is None
    assert inferred_layers({}) is None
