"""Norms by layer, against explicit products, and networks without normalization."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.experiments.gradients.normalization import ScaleAndShift, without_normalization
from landscape.experiments.gradients.probe import Layer, layers_of, norms
from landscape.models.resnet import CifarResNet


def of(values: Tensor | np.ndarray) -> float:
    return float(np.sqrt(np.sum(np.square(np.asarray(values)))))


def test_a_linear_network_by_hand() -> None:
    """Three linear layers: every derivative is a product of matrices."""
    generator = torch.Generator().manual_seed(0)
    sizes = [(5, 4), (3, 5), (3, 3)]
    w1, w2, w3 = (
        torch.randn(shape, generator=generator, dtype=torch.float64).numpy() for shape in sizes
    )
    x = torch.randn(7, 4, generator=generator, dtype=torch.float64).numpy()
    targets = np.array([0, 1, 2, 0, 1, 2, 2])
    h1, h2 = x @ w1.T, x @ w1.T @ w2.T
    logits = h2 @ w3.T
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    by_logits = (p - np.eye(3)[targets]) / 7
    by_h2 = by_logits @ w3
    by_h1 = by_h2 @ w2

    model = nn.Sequential(*(nn.Linear(n, m, bias=False) for m, n in sizes)).double()
    with torch.no_grad():
        for module, w in zip(model, (w1, w2, w3), strict=True):
            module.weight.copy_(torch.from_numpy(w))
    # The first is read as the input of its consumer, the others as outputs.
    layers = [
        Layer(model[0].weight, model[1], taken=True),
        Layer(model[1].weight, model[1]),
        Layer(model[2].weight, model[2]),
    ]
    found = norms(model, layers, torch.from_numpy(x), torch.from_numpy(targets))
    close = {"rtol": 1e-12, "atol": 0.0}
    rms = [of(h) / np.sqrt(h.size) for h in (h1, h2, logits)]
    np.testing.assert_allclose(found.activation, rms, **close)
    np.testing.assert_allclose(found.gradient, [of(by_h1), of(by_h2), of(by_logits)], **close)
    by_weights = [by_h1.T @ x, by_h2.T @ h1, by_logits.T @ h2]
    np.testing.assert_allclose(found.weight_gradient, [of(w) for w in by_weights], **close)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model)
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("shortcuts", ["identity", "none"])
@pytest.mark.parametrize("normalized", [True, False])
def test_a_residual_network_step_by_step(shortcuts: str, normalized: bool) -> None:
    """Activations computed through the blocks by hand, and the gradients of autograd."""
    torch.manual_seed(0)
    model = CifarResNet(14, shortcuts, in_channels=1).double()
    if not normalized:
        without_normalization(model)
        model.double()
    x, targets = torch.randn(6, 1, 8, 8, dtype=torch.float64), torch.arange(6)
    found = norms(model.train(), layers_of(model), x, targets)
    out = F.relu(model.bn1(model.conv1(x)))
    steps, weights = [out], [model.conv1.weight]
    for stage in (model.layer1, model.layer2, model.layer3):
        for block in stage:
            before = out
            out = F.relu(block.bn1(block.conv1(before)))
            steps.append(out)
            out = block.bn2(block.conv2(out))
            out = F.relu(out if shortcuts == "none" else out + block.shortcut(before))
            steps.append(out)
            weights += [block.conv1.weight, block.conv2.weight]
    steps.append(model.linear(out.mean(dim=(2, 3))))
    weights.append(model.linear.weight)
    for step in steps:
        step.retain_grad()
    F.cross_entropy(steps[-1], targets).backward()
    assert len(steps) == len(found.activation) == 14
    close = {"rtol": 1e-10, "atol": 0.0}
    rms = [of(s.detach()) / np.sqrt(s.numel()) for s in steps]
    np.testing.assert_allclose(found.activation, rms, **close)
    np.testing.assert_allclose(found.gradient, [of(s.grad) for s in steps], **close)
    np.testing.assert_allclose(found.weight_gradient, [of(w.grad) for w in weights], **close)


def test_norms_whose_squares_overflow_float32() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False))
    nn.init.constant_(model[0].weight, 1e25)
    layers = [Layer(model[0].weight, model[0])]
    found = norms(model, layers, torch.ones(1, 2), torch.tensor([0]))
    assert found.activation[0] == pytest.approx(2e25)


def test_without_normalization_only_scale_and_shift_remain() -> None:
    """With a mean of 0 and a variance of 1, normalization changes nothing."""
    torch.manual_seed(0)
    model = CifarResNet(14, "identity", in_channels=1).eval()
    names = [name for name, _ in model.named_parameters()]
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
    x = torch.randn(3, 1, 8, 8)
    with torch.no_grad():
        expected = model(x)
        without_normalization(model)
        assert [name for name, _ in model.named_parameters()] == names
        assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
        torch.testing.assert_close(model(x), expected)


def test_scale_and_shift() -> None:
    layer, x = ScaleAndShift(2), torch.randn(3, 2, 4, 5)
    assert torch.equal(layer(x), x)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, -1.0]))
        layer.bias.copy_(torch.tensor([0.5, 3.0]))
    expected = torch.stack([2 * x[:, 0] + 0.5, 3 - x[:, 1]], dim=1)
    torch.testing.assert_close(layer(x), expected)
