"""Identity layers: the deep network has the outputs of the shallow one."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.experiments.identity.extension import extend
from landscape.models.resnet import CifarResNet


def used(depth: int, shortcuts: str, dtype: torch.dtype, width: int = 1) -> CifarResNet:
    """A network in which no parameter or buffer has its initial value."""
    with torch.random.fork_rng():
        torch.manual_seed(depth)
        model = CifarResNet(depth, shortcuts, in_channels=1, width=width)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.3)
                nn.init.normal_(module.bias, 0.1, 0.3)
                nn.init.normal_(module.running_mean, 0.0, 0.2)  # type: ignore[arg-type]
                nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return model.to(dtype)


def images(count: int, seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("shortcuts", ["none", "identity", "projection"])
@pytest.mark.parametrize(("dtype", "bar"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_outputs_are_the_same(shortcuts: str, dtype: torch.dtype, bar: float) -> None:
    shallow, deep = used(8, shortcuts, dtype), used(26, shortcuts, dtype)
    behind, others = images(40, 0, dtype), 3 * images(20, 1, dtype)
    before = copy.deepcopy(shallow.state_dict())
    shallow.eval()
    with torch.no_grad():
        expected = [shallow(x) for x in (behind, others)]
        deep.eval()
        fresh = (deep(others) - expected[1]).abs().max()
    extend(shallow, deep, behind)
    deep.eval()
    with torch.no_grad():
        for x, output in zip((behind, others), expected, strict=True):
            assert output.abs().max() > 0.1
            assert (deep(x) - output).abs().max() <= bar * max(1.0, float(output.abs().max()))
    assert fresh > 1e-2  # the effect of the extension
    for name, tensor in shallow.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize(("shortcuts", "bar"), [("identity", 0.0), ("none", 1e-9)])
def test_in_training_mode_on_the_same_examples(shortcuts: str, bar: float) -> None:
    """Batch statistics equal those of all examples if the batch contains all examples."""
    shallow, deep = used(8, shortcuts, torch.float64), used(20, shortcuts, torch.float64)
    shallow.eval()
    x = images(40, 0, torch.float64)
    extend(shallow, deep, x)
    deep.eval()
    for stage in (deep.layer1, deep.layer2, deep.layer3):
        stage[1:].train()  # the added blocks
    with torch.no_grad():
        assert (deep(x) - shallow(x)).abs().max() <= bar


@pytest.mark.parametrize("shortcuts", ["none", "identity"])
def test_added_layers_have_gradients(shortcuts: str) -> None:
    shallow, deep = used(8, shortcuts, torch.float32), used(14, shortcuts, torch.float32)
    x = images(16, 0, torch.float32)
    extend(shallow, deep, x)
    deep.train()(x).square().sum().backward()
    for stage in (deep.layer1, deep.layer2, deep.layer3):
        assert stage[1].bn2.weight.grad.abs().max() > 0


def test_a_network_of_another_width_is_rejected() -> None:
    shallow, deep = used(8, "none", torch.float32, width=2), used(14, "none", torch.float32)
    with pytest.raises(InputError, match=r"cannot take the weights of the shallow one: 'conv1"):
        extend(shallow, deep, images(4, 0, torch.float32))
