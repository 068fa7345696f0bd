"""Every evaluation method on the built-in networks against the naive float64 loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from landscape.evaluate import Settings, evaluate
from landscape.evaluate.abreast import evaluate_abreast
from landscape.models.named import build_network, family_called
from landscape.problem import Problem
from tests.cases import images, settled
from tests.naive import evaluate_naive
from tests.test_evaluate import plane_of

SMALL: dict[str, dict[str, Any]] = {
    "highway8": {},
    "densenet22": {"growth": 4},
    "densenet121": {"growth": 2, "channels": 4, "classes": 10},
    "vgg9": {"channels": 4},
}
VARIANTS = [(name, kind) for name in SMALL for kind in family_called(name).shortcuts]
POINTS = np.array([[0.0, 0.0], [0.3, -0.2], [-0.4, 0.1]])
WAYS = {
    "plain": Settings(),
    "folded": Settings(fold=True, in_place=True),
    "fused": Settings(fold=True, fused=True, in_place=True, channels_last=True),
    "abreast": Settings(fold=True, fused=True, abreast=2, batch_size=4),
}


@pytest.mark.parametrize(("name", "shortcuts"), VARIANTS)
def test_methods_against_the_naive_float64_loop(name: str, shortcuts: str) -> None:
    torch.manual_seed(0)
    network = build_network(name, shortcuts=shortcuts, **SMALL[name])
    side = 29 if name == "densenet121" else 8
    problem = Problem(settled(network.model), images(11, 3, side), device="cpu")
    plane, indices = plane_of(problem), range(len(POINTS))
    expected = dict(evaluate_naive(problem, plane, POINTS, indices))
    losses = [values["loss"] for values in expected.values()]
    assert max(losses) > 1.001 * min(losses)
    # One method is enough for the deepest network, which only differs in its stem.
    ways = WAYS if name != "densenet121" else {"fused": WAYS["fused"]}
    for way, settings in ways.items():
        run = evaluate_abreast if settings.abreast > 1 else evaluate
        found = dict(run(problem, plane, POINTS, indices, settings))
        for index in indices:
            for quantity, value in expected[index].items():
                near = pytest.approx(value, rel=5e-5, abs=1e-6)
                assert found[index][quantity] == near, (way, index, quantity)
