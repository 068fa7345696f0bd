"""Groups of channels found from the graph are exact."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from landscape.alignment import permute, tied_channels
from landscape.errors import InputError
from tests.alignment.networks import NETS, PLAIN, Net, built, cycle, examples


def shuffled(net: Net, seed: int) -> tuple[nn.Module, dict[str, Tensor], list[int]]:
    model = built(net)
    groups = tied_channels(model, lambda network: network(examples(net, 2)))
    random = np.random.default_rng(seed)
    state = permute(model.state_dict(), groups, [cycle(g.size, random) for g in groups])
    return model, state, sorted(group.size for group in groups)


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_random_permutations_of_groups_keep_the_function(net: Net) -> None:
    model, state, sizes = shuffled(net, seed=1)
    assert sizes == net.groups
    other = copy.deepcopy(model)
    other.load_state_dict(state)
    moved = any(not torch.equal(state[name], p) for name, p in model.state_dict().items())
    assert moved == bool(net.groups)
    x = examples(net)
    with torch.no_grad():
        torch.testing.assert_close(other(x), model(x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("net", PLAIN[:5], ids=lambda net: net.name)
def test_tensor_left_out_changes_the_function(net: Net) -> None:
    """So the test above would detect a forgotten parameter or buffer."""
    model, state, _ = shuffled(net, seed=2)
    x = examples(net)
    for name, p in model.state_dict().items():
        if not torch.equal(p, state[name]):
            other = copy.deepcopy(model)
            other.load_state_dict({**state, name: p})
            with torch.no_grad():
                assert not torch.allclose(other(x), model(x), rtol=1e-6, atol=1e-6), name


def test_positions_of_a_flattened_channel_are_a_block() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Flatten(), nn.Linear(12, 2)).eval()
    (group,) = tied_channels(model, lambda network: network(torch.zeros(2, 1, 2, 2)))
    assert group.places["2.weight", 1].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert group.places["0.weight", 0].tolist() == [[0], [1], [2]]


def test_model_is_not_modified() -> None:
    model = nn.Sequential(nn.Linear(6, 4), nn.Dropout(), nn.Linear(4, 2))
    tied_channels(model, lambda network: network(torch.zeros(2, 6)))
    assert model.training
    assert not isinstance(model, fx.GraphModule)


class Untraceable(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.sum() > 0 else -x)


@pytest.mark.parametrize(
    ("model", "inputs", "words"),
    [
        (Untraceable(6, 2), torch.ones(2, 6), "Untraceable cannot be traced"),
        (nn.Linear(6, 2), torch.ones(2, 5), "without alignment"),
    ],
)
def test_untraceable_networks(
    model: nn.Module, inputs: Tensor, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as error:
        tied_channels(model, lambda network: network(inputs))
    assert words in str(error.value)
    assert capfd.readouterr().err == ""
