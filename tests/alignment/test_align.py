"""Alignment of a state dict to a problem's network, and bad input."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from landscape.alignment import align, permute, tied_channels
from landscape.errors import InputError
from landscape.models import CifarResNet
from landscape.params import parameters_of
from landscape.problem import Problem
from tests.alignment.networks import cycle
from tests.cases import images, language, perceptron, resnet, segmentation, settled, two_splits


def outputs(problem: Problem, state: dict[str, Tensor]) -> Tensor:
    model = copy.deepcopy(problem.model)
    model.load_state_dict(state)
    examples = next(iter(problem.splits.values()))
    with torch.no_grad():
        return model(examples.head(20).batch(problem.dtype).content[0])


def another(problem: Problem) -> dict[str, Tensor]:
    """The state of another network of the same architecture: each tensor's entries reordered."""
    generator = torch.Generator().manual_seed(7)
    state, done = dict(problem.model.state_dict()), dict[int, Tensor]()
    for name, p in state.items():
        order = torch.randperm(p.numel(), generator=generator)
        shared = done.setdefault(p.data_ptr(), p.reshape(-1)[order].reshape(p.shape).clone())
        state[name] = shared
    return state


def test_permuted_network_is_restored_with_its_buffers() -> None:
    problem = resnet("projection")
    state = problem.model.state_dict()
    groups = tied_channels(problem.model, lambda network: network(torch.zeros(2, 3, 8, 8)))
    random = np.random.default_rng(0)
    permuted = permute(state, groups, [cycle(g.size, random) for g in groups])
    aligned, report = align(problem, permuted)
    torch.testing.assert_close(aligned, dict(state), rtol=0, atol=0)
    assert report.distance_before > 1
    assert report.distance_after == 0
    assert (report.groups, report.channels, report.moved) == (6, 224, 224)
    assert report.output_difference < 1e-12
    assert "224 of 224 channels moved in 6 groups" in str(report)
    assert report.attributes["distance_after_alignment"] == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: resnet("identity"),
        lambda: resnet("none"),
        perceptron,
        segmentation,
        language,
        two_splits,
    ],
)
def test_another_network_comes_closer_with_the_same_outputs(make) -> None:  # type: ignore[no-untyped-def]
    problem = make()
    state = another(problem)
    kept = {name: p.clone() for name, p in state.items()}
    aligned, report = align(problem, state)
    assert list(aligned) == list(state)
    assert report.distance_after < report.distance_before
    difference = {name: problem.origin[name] - aligned[name] for name in problem.origin}
    square = sum(float((d.double() ** 2).sum()) for d in difference.values())
    assert report.distance_after == pytest.approx(square**0.5)
    before, after = outputs(problem, state), outputs(problem, aligned)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-5 * float(before.abs().max()))
    torch.testing.assert_close(state, kept, rtol=0, atol=0)


class SecretlyOrdered(nn.Sequential):
    """A network that computes something not in its graph."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self[0](x)
        out: Tensor = self[1](hidden if isinstance(x, fx.Proxy) else hidden.cumsum(1))
        return out


def hiding() -> Problem:
    torch.manual_seed(0)
    model = SecretlyOrdered(nn.Linear(4, 9), nn.Linear(9, 2))
    return Problem(model, (torch.randn(8, 4), torch.randint(0, 2, (8,))), device="cpu")


def test_changed_outputs_are_an_error() -> None:
    problem = hiding()
    with pytest.raises(InputError) as error:
        align(problem, another(problem))
    assert "the network's traced graph is incomplete" in str(error.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.pop("linear.bias"), "no entry for parameter 'linear.bias'"),
        (lambda s: s.update({"bn1.bias": torch.zeros(3)}), "'bn1.bias' has shape (3,)"),
        (lambda s: s["bn1.bias"].fill_(float("nan")), "not finite"),
        (lambda s: s.pop("bn1.running_var"), "no buffer 'bn1.running_var'"),
        (lambda s: s.update({"more": torch.zeros(3)}), "'more' is not"),
    ],
)
def test_states_of_other_networks(spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    problem = resnet("none")
    state = {name: p.clone() for name, p in problem.model.state_dict().items()}
    spoil(state)
    with pytest.raises(InputError) as error:
        align(problem, state)
    assert words in str(error.value)


def test_half_precision_is_checked_in_double() -> None:
    torch.manual_seed(0)
    model = settled(CifarResNet(8, in_channels=1)).to(torch.bfloat16)
    problem = Problem(model, images(9, channels=1), device="cpu")
    state = another(problem)
    aligned, report = align(problem, state)
    assert report.output_difference < 1e-12
    assert report.distance_after < report.distance_before
    assert {p.dtype for p in parameters_of(model).values()} == {aligned["linear.bias"].dtype}
