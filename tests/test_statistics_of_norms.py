"""Re-estimated batch-norm statistics, against torch's own method and by hand."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from landscape.data import Examples
from landscape.errors import InputError
from landscape.evaluate.statistics_of_norms import reestimate_statistics
from landscape.models import CifarResNet
from tests.cases import images, settled


def network(*, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(0)
    front = [nn.Conv2d(1, 4, 3), nn.Dropout(dropout), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return settled(nn.Sequential(*front, nn.Linear(144, 5), nn.BatchNorm1d(5))).double()


def inputs(n: int) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return torch.randn(n, 1, 8, 8, generator=generator, dtype=torch.float64) * 3 + 1


@pytest.mark.parametrize("model", [network(), CifarResNet(8, in_channels=1).double()])
def test_equals_torch_on_equal_batches(model: nn.Module) -> None:
    expected = copy.deepcopy(model)
    batches = inputs(24).split(8)
    update_bn(batches, expected)
    assert reestimate_statistics(model, batches) > 0
    torch.testing.assert_close(model.state_dict(), expected.state_dict(), rtol=1e-12, atol=1e-12)


def test_every_example_has_the_same_weight() -> None:
    """A smaller last batch is weighted by its number of examples."""
    norm = nn.BatchNorm1d(3).double()
    x = torch.randn(11, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 + 5
    parts = x.split([8, 3])
    reestimate_statistics(norm, parts)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, x.mean(dim=0))
    variance = (8 * parts[0].var(dim=0) + 3 * parts[1].var(dim=0)) / 11
    torch.testing.assert_close(norm.running_var, variance)


def test_previous_statistics_do_not_matter() -> None:
    first, second = network(), network()
    for module in second.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.running_mean.fill_(float("nan"))  # type: ignore[union-attr]
    reestimate_statistics(first, inputs(20).split(10))
    for _ in range(2):
        reestimate_statistics(second, inputs(20).split(10))
        torch.testing.assert_close(first.state_dict(), second.state_dict())


def test_dropout_is_off() -> None:
    dropping, plain = network(dropout=0.9), network()
    for model in (dropping, plain):
        reestimate_statistics(model, inputs(16).split(8))
    torch.testing.assert_close(dropping.state_dict(), plain.state_dict())


def test_only_statistics_change() -> None:
    model = network()
    model[1].train()
    model[2].momentum = 0.3
    model[2].eval()
    modes = [module.training for module in model.modules()]
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    reestimate_statistics(model, inputs(16).split(8))
    assert [module.training for module in model.modules()] == modes
    assert (model[2].momentum, model[6].momentum) == (0.3, 0.1)
    torch.testing.assert_close(dict(model.named_parameters()), weights, rtol=0, atol=0)


def test_layers_without_statistics_are_not_modified() -> None:
    def refuse() -> Tensor:
        raise AssertionError("batch was read")

    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False))
    assert reestimate_statistics(model, (refuse() for _ in range(1))) == 0


@pytest.mark.parametrize(
    ("batches", "words"),
    [([], "without examples"), ([torch.zeros(1, 3)], "a batch of 1 examples")],
)
def test_too_few_examples(batches: list[Tensor], words: str) -> None:
    with pytest.raises(InputError) as error:
        reestimate_statistics(nn.BatchNorm1d(3), batches)
    assert words in str(error.value)


@pytest.mark.parametrize(("n", "sizes"), [(17, [9, 8]), (16, [16]), (33, [11, 11, 11])])
def test_even_batches(n: int, sizes: list[int]) -> None:
    examples: Examples = images(n, channels=1)
    found = [batch.content[0] for batch in examples.even_batches(torch.float64, 16)]
    assert [len(batch) for batch in found] == sizes
    whole = examples.preprocess(examples.inputs, torch.float64)
    torch.testing.assert_close(torch.cat(found), whole)
