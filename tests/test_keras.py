"""Keras on torch: statistics stay, and kernels have their outputs last."""

from __future__ import annotations

import copy
import os

import pytest
import torch
from torch import nn

import landscape
from landscape.directions import make_directions

pytestmark = pytest.mark.long  # importing keras takes ten seconds


@pytest.fixture(scope="module")
def model() -> nn.Module:
    os.environ["KERAS_BACKEND"] = "torch"
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("keras runs on another backend")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    made = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(3, 2),
            layers.DepthwiseConv2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5),
        ]
    )
    made(torch.randn(32, 6, 6, 2) * 3, training=True)  # statistics that are not the initial ones
    return made.eval()


DATA = torch.randn(20, 6, 6, 2, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 5


def test_statistics_and_the_state_of_dropout_stay(model: nn.Module) -> None:
    for choice in (None, "all"):
        problem = landscape.Problem(model, DATA, device="cpu", parameters=choice)
        assert len(problem.origin) == 10
        assert not [n for n in problem.origin if "moving" in n or "seed" in n]
    surface = landscape.sample_surface(problem, "-1:1:3", None, progress=False)
    (made,) = make_directions(problem.origin, 1, filters=problem.filters)
    for k, x in enumerate(surface.x):
        moved = copy.deepcopy(problem.model)
        with torch.no_grad():
            for name, p in moved.named_parameters():
                if name in made.vector:
                    p += x * made.vector[name]
            loss = nn.functional.cross_entropy(moved(DATA[0]), DATA[1])
        assert surface["loss"][k] == pytest.approx(float(loss), rel=1e-5)


def test_filters_are_what_an_output_channel_depends_on(model: nn.Module) -> None:
    problem = landscape.Problem(model, DATA, device="cpu")
    (made,) = make_directions(problem.origin, 1, filters=problem.filters)
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        ends = f".{layer.name}/kernel", f"/{layer.name}/kernel"
        (name,) = [n for n in problem.origin if n.endswith(ends)]
        assert torch.equal(problem.origin[name], kernel.value.detach())
        outputs = layer(torch.rand(3, *layer.input.shape[1:]) + 0.5)
        for channel in range(outputs.shape[-1]):
            total = outputs[..., channel].sum()
            (gradient,) = torch.autograd.grad(total, kernel.value, retain_graph=True)
            mask = gradient != 0
            wanted = float(problem.origin[name][mask].norm())
            assert float(made.vector[name][mask].norm()) == pytest.approx(wanted, rel=1e-5)
