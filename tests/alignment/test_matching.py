"""Weight matching: recovers permutations, is exact where possible, never increases distance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.alignment import Group, match_weights, permute, tied_channels
from landscape.alignment.matching import from_the_ends
from landscape.params import Params
from tests.alignment.networks import BUILT_IN, OTHERS, PLAIN, VECTOR, Net, built, cycle, examples


def parameters(model: nn.Module) -> Params:
    return {name: p.detach() for name, p in model.named_parameters()}


def distance(a: Params, b: dict[str, Tensor]) -> float:
    return sum(float(((a[name] - b[name]) ** 2).sum()) for name in a) ** 0.5


def pair(net: Net) -> tuple[Params, Params, list[Group]]:
    """Two independent networks, and their groups."""
    a, b = built(net, 0), built(net, 1)
    return parameters(a), parameters(b), tied_channels(a, lambda network: network(examples(net, 2)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("net", PLAIN, ids=lambda net: net.name)
def test_random_permutation_is_recovered(net: Net, seed: int) -> None:
    model = built(net)
    groups = tied_channels(model, lambda network: network(examples(net, 2)))
    random = np.random.default_rng(seed)
    state = permute(model.state_dict(), groups, [cycle(g.size, random) for g in groups])
    a = parameters(model)
    assert distance(a, state) > 1
    found = match_weights(a, {name: state[name] for name in a}, groups, seed=seed)
    back = permute(state, groups, found)
    for name, tensor in model.state_dict().items():
        assert torch.equal(back[name], tensor), name


def test_permutation_is_found_without_descent() -> None:
    model = built(PLAIN[1])
    groups = tied_channels(model, lambda network: network(examples(PLAIN[1], 2)))
    random = np.random.default_rng(4)
    state = permute(parameters(model), groups, [cycle(g.size, random) for g in groups])
    found = from_the_ends(parameters(model), state, groups)
    torch.testing.assert_close(permute(state, groups, found), parameters(model), rtol=0, atol=0)


def hidden(*sizes: int) -> Net:
    def make() -> nn.Module:
        layers = [
            m for n, k in itertools.pairwise((6, *sizes)) for m in (nn.Linear(n, k), nn.Tanh())
        ]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 3))

    return Net(f"hidden {sizes}", make, VECTOR, sorted(sizes))


@pytest.mark.parametrize(
    ("net", "exact"),
    [(hidden(6), True), (hidden(4, 4), False)],
    ids=["one-layer", "two-layers"],
)
@pytest.mark.parametrize("seed", range(3))
def test_against_all_permutations(net: Net, exact: bool, seed: int) -> None:
    a, b = parameters(built(net, 10 + seed)), parameters(built(net, 20 + seed))
    groups = tied_channels(built(net), lambda network: network(examples(net, 2)))
    every = [[np.array(p) for p in itertools.permutations(range(g.size))] for g in groups]
    least = min(distance(a, permute(b, groups, chosen)) for chosen in itertools.product(*every))
    found = distance(a, permute(b, groups, match_weights(a, b, groups)))
    assert least <= found + 1e-12
    assert found < distance(a, b)
    if exact:
        assert found == pytest.approx(least, rel=1e-12)
    else:  # no single group can gain more
        permutations = match_weights(a, b, groups)
        for k, options in enumerate(every):
            for option in options:
                others = [option if j == k else p for j, p in enumerate(permutations)]
                assert distance(a, permute(b, groups, others)) >= found - 1e-12


@pytest.mark.parametrize("net", [*PLAIN[:5], *OTHERS, *BUILT_IN], ids=lambda net: net.name)
def test_independent_networks_come_closer(net: Net) -> None:
    """Also where both dimensions of a parameter are in one group, and the assignment may be
    wrong."""
    a, b, groups = pair(net)
    for seed in range(3):
        found = match_weights(a, b, groups, seed=seed)
        for group, permutation in zip(groups, found, strict=True):
            assert sorted(permutation) == list(range(group.size))
        assert distance(a, permute(b, groups, found)) <= distance(a, b) + 1e-12


def test_seed_determines_the_order() -> None:
    a, b, groups = pair(PLAIN[1])
    found = [match_weights(a, b, groups, seed=seed) for seed in (0, 0, 1, 2, 3)]
    same = [all(map(np.array_equal, found[0], other)) for other in found]
    assert same[1]
    assert not all(same)


def test_networks_are_not_modified() -> None:
    a, b, groups = pair(PLAIN[0])
    before = {name: p.clone() for name, p in b.items()}
    match_weights(a, b, groups)
    torch.testing.assert_close(b, before, rtol=0, atol=0)
