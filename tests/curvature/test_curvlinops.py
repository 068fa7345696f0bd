"""ResNet-20 against the independent implementation curvlinops: products, eigenvalues, trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.sparse.linalg import eigsh

from landscape.data import load
from landscape.hessian import HessianOperator, eigenpairs, estimate_trace, verified
from landscape.models import CifarResNet
from landscape.problem import Problem

curvlinops = pytest.importorskip("curvlinops")


@pytest.fixture(scope="module")
def problem() -> Problem:
    """ResNet-20 on 12 digits after a few steps of training, so that its spectrum has outliers."""
    torch.manual_seed(0)
    examples = load("digits", "train", limit=12)
    model = CifarResNet(20, in_channels=1)
    inputs = examples.preprocess(examples.inputs, torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(8):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), examples.targets).backward()
        optimizer.step()
    return Problem(model, {"train": examples}, device="cpu")


def test_resnet_20_on_digits(problem: Problem) -> None:
    examples = problem.splits["train"].head(12)
    inputs = examples.preprocess(examples.inputs, torch.float32)
    model = problem.model
    moved = [p.requires_grad_(True) for p in model.parameters() if p.ndim > 1]
    batches = [(inputs[:5], examples.targets[:5]), (inputs[5:], examples.targets[5:])]
    theirs = curvlinops.HessianLinearOperator(
        model, torch.nn.CrossEntropyLoss(), moved, batches, check_deterministic=False
    )
    ours = HessianOperator(problem, batch_size=7)
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(ours.size, generator=generator)
    expected = theirs @ v
    assert torch.allclose(ours.product(v), expected, rtol=0, atol=1e-5 * float(expected.norm()))

    pairs = verified(ours, eigenpairs(ours, tolerance=1e-3))
    assert pairs.residuals.max() <= 1e-3
    start = pairs.vectors.sum(dim=0).double().numpy()  # saves products, converges on its own
    scipy = theirs.to_scipy()
    low, high = eigsh(scipy, k=2, which="BE", tol=1e-3, v0=start, return_eigenvectors=False)
    assert abs(pairs.value(1) - high) <= 1e-3 * pairs.modulus
    assert abs(pairs.value(-1) - low) <= 1e-3 * pairs.modulus
    assert pairs.value(-1) < 0 < pairs.value(1)

    trace = estimate_trace(ours, 24)
    samples = []
    for _ in range(8):
        signs = torch.randint(0, 2, (ours.size,), generator=generator) * 2.0 - 1
        samples.append(float(signs @ (theirs @ signs)))
    stderr = np.std(samples, ddof=1) / np.sqrt(8)
    assert abs(trace.value - np.mean(samples)) < 3 * np.hypot(stderr, trace.stderr)
