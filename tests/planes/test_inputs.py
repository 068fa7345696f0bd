"""Offsets of inputs against a loop in float64 that moves each example by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.data import Examples, Preprocess
from landscape.directions import generator_for
from landscape.errors import InputError
from landscape.planes import span
from landscape.render.words.directions import axis_label, axis_name


def problem_of(dtype: torch.dtype = torch.float64, **options: Any) -> landscape.Problem:
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Tanh(), nn.Flatten(), nn.Linear(16, 3)
    model = nn.Sequential(*layers).to(dtype).eval()
    inputs = torch.randint(0, 256, (150, 1, 4, 4), dtype=torch.uint8)
    preprocess = Preprocess(255.0, (0.5,), (0.25,), "own")
    examples = Examples(inputs, torch.randint(0, 3, (150,)), preprocess)
    return landscape.Problem(model, {"train": examples}, device="cpu", **options)


def by_hand(problem: landscape.Problem, x: float, y: float, seed: int) -> float:
    examples = problem.splits["train"]
    inputs, targets = examples.batch(torch.float64).content
    losses, generator = [], generator_for(seed, 1)
    signs = [
        torch.randint(2, part.shape, generator=generator, dtype=torch.int8) * 2 - 1
        for part in inputs.split(128)
    ]
    for one, target, random in zip(inputs, targets, torch.cat(signs), strict=True):
        at = one[None].clone().requires_grad_()
        loss = nn.functional.cross_entropy(problem.model(at), target[None])
        (gradient,) = torch.autograd.grad(loss, at)
        moved = one + x * gradient[0].sign() + y * random
        losses.append(nn.functional.cross_entropy(problem.model(moved[None]), target[None]))
    return float(torch.stack(losses).mean())


@pytest.mark.parametrize("tune", [False, True])
def test_every_example_is_moved_by_its_own_offset(tune: bool) -> None:
    problem = problem_of()
    surface = landscape.sample_surface(
        problem, "-0.2:0.3:3", "-0.1:0.1:2", directions="input:gradient,random", seed=4, tune=tune,
        progress=False,
    )  # fmt: skip
    wanted = [[by_hand(problem, x, y, 4) for x in surface.x] for y in surface.y]
    np.testing.assert_allclose(surface["train_loss"], wanted, rtol=1e-10)
    assert surface.axes["x"]["norm"] == 1.0  # a coordinate is ε
    assert (axis_name(surface, "x"), axis_name(surface, "y")) == (
        "input offset ε (gradient)",
        "input offset ε (random)",
    )
    assert axis_label(surface, "x") == "offset ε of every input along the signs of its gradient"


def test_the_gradient_rises_and_a_line_has_one_axis() -> None:
    problem = problem_of(torch.float32)
    line = landscape.sample_surface(
        problem, "0:0.05:3", None, directions="input:gradient", progress=False
    )
    assert (np.diff(line["train_loss"]) > 0).all()
    spanned = span(problem, "input:random", axes=1)
    again = landscape.sample_surface(
        problem, "0:0.05:3", None, directions=spanned, tolerance="5%,0.01", progress=False
    )
    assert again["train_loss"][0] == pytest.approx(line["train_loss"][0], rel=0.2)


def test_derivatives_are_those_in_the_offset() -> None:
    problem = problem_of(metrics=["gradient_norm"])
    surface = landscape.sample_surface(
        problem, "-0.1:0.1:3", None, directions="input:gradient", progress=False
    )
    step = 1e-5
    ends = [by_hand(problem, x, 0.0, 0) for x in (-step, step)]
    slope = (ends[1] - ends[0]) / (2 * step)
    assert surface["train_gradient_norm"][1] == pytest.approx(abs(slope), rel=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"directions": "input:gradient"}, "expected one direction for each"),
        ({"directions": "input:gradient,gradient"}, "expected one direction for each"),
        ({"directions": "input:"}, "unknown direction of inputs"),
        ({"directions": "input:radnom,gradient"}, "did you mean 'random'"),
        ({"directions": "input:random,random", "norm": "filter"}, "not normalized"),
        ({"directions": "input:random,random", "filters": "first"}, "not normalized"),
        ({"directions": "input:random,random", "repeats": 2}, "repeats"),
        ({"directions": "input:random,random", "trajectories": "runs/a"}, "weights"),
        ({"directions": "input:random,random", "save_directions": "d.h5"}, "weights"),
    ],
)
def test_what_does_not_fit(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        landscape.sample_surface(problem_of(), "-1:1:3", "-1:1:3", progress=False, **options)


def test_no_parameter_moves() -> None:
    spanned = span(problem_of(parameters="4.*"), "input:random", axes=1)
    assert spanned.problem is not None
    assert not [name for name in spanned.problem.attributes if name.startswith("moved")]


def test_tokens_cannot_be_moved() -> None:
    model = nn.Sequential(nn.Embedding(7, 3), nn.Flatten(), nn.Linear(12, 2))
    data = torch.randint(0, 7, (9, 4)), torch.randint(0, 2, (9,))
    with pytest.raises(InputError, match="not one tensor of floating-point numbers"):
        span(landscape.Problem(model, data, device="cpu"), "input:random", axes=1)
