"""Surfaces of segmentation networks: closed forms, and every setting against float64."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.alignment.graph import tied_channels
from landscape.data import Examples, Preprocess
from landscape.errors import InputError
from landscape.evaluate import Settings, evaluate
from landscape.evaluate.network import PointNetwork
from landscape.models.unet import SHORTCUTS, UNet
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface
from tests.cases import images, settled
from tests.naive import evaluate_naive
from tests.test_evaluate import POINTS, plane_of


class Edge(nn.Module):
    """Predicts 1 for columns from ``at`` on, 0 before, with logits ±(column − at)."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.tensor([at]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.at - x, x - self.at], dim=1)


def test_overlap_and_loss_along_a_line_in_closed_form() -> None:
    """Masks of 8 columns starting at column 4, and an edge that moves over them."""
    columns = torch.arange(8.0).expand(3, 1, 8, 8)
    masks = (columns[:, 0] >= 4).long()
    problem = Problem(Edge(3.5), (columns, masks), loss="pixel_loss", device="cpu")
    plane = Plane(problem.origin, [{"at": torch.ones(1)}])
    moved = np.array([[-2.0], [-1.0], [0.0], [1.0], [3.0]])
    for index, found in evaluate(problem, plane, moved, range(5)):
        first = int(4 + moved[index, 0])  # the first column predicted as 1
        zeros = Fraction(min(first, 4), max(first, 4))
        ones = Fraction(8 - max(first, 4), 8 - min(first, 4))
        assert found["iou"] == pytest.approx(float((zeros + ones) / 2), rel=1e-6)
        assert found["accuracy"] == pytest.approx(1 - abs(first - 4) / 8, rel=1e-6)
        margins = [(1 if c >= 4 else -1) * 2 * (c - 3.5 - moved[index, 0]) for c in range(8)]
        loss = np.mean([np.log1p(np.exp(-margin)) for margin in margins])
        assert found["loss"] == pytest.approx(loss, rel=1e-6)
        assert found["iou_stderr"] == pytest.approx(0, abs=1e-7)  # the images are the same


def problem_of(shortcuts: str) -> Problem:
    torch.manual_seed(0)
    model = settled(UNet(shortcuts, levels=2, channels=4, in_channels=1, classes=3))
    data = images(9, channels=1)
    masks = torch.randint(0, 3, (9, 8, 8), generator=torch.Generator().manual_seed(3))
    examples = Examples(data.inputs, masks, data.preprocess)
    return Problem(model, examples, loss="pixel_loss", device="cpu")


WAYS = {
    "plain": Settings(batch_size=4),
    "folded": Settings(fold=True),
    "in place": Settings(in_place=True, channels_last=True),
    "everything": Settings(fold=True, in_place=True, fused=True, channels_last=True, batch_size=4),
}


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_every_setting_against_the_naive_float64_loop(shortcuts: str) -> None:
    problem = problem_of(shortcuts)
    plane, indices = plane_of(problem), [2, 0, 3]
    expected = dict(evaluate_naive(problem, plane, POINTS, indices))
    assert {"loss", "accuracy", "iou", "iou_stderr"} < set(expected[0])
    for way, settings in WAYS.items():
        for index, found in evaluate(problem, plane, POINTS, indices, settings):
            for name, value in expected[index].items():
                assert found[name] == pytest.approx(value, rel=5e-5, abs=1e-6), (way, name)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_every_normalization_is_folded(shortcuts: str) -> None:
    problem = problem_of(shortcuts)
    network = PointNetwork(problem, plane_of(problem), Settings(fold=True))
    assert isinstance(network._model, nn.Module)
    left = [m for m in network._model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert not left


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_all_inner_channels_can_be_aligned(shortcuts: str) -> None:
    """Skips tie no channels: each layer but the last can be permuted independently."""
    model = problem_of(shortcuts).model
    groups = tied_channels(model, lambda network: network(torch.zeros(2, 1, 8, 8)))
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert sum(group.size for group in groups) == sum(m.out_channels for m in layers[:-1])


def mismatched() -> dict[str, tuple[nn.Module, Tensor, dict[str, object], list[str]]]:
    unet = UNet(levels=1, channels=2, in_channels=1, classes=3)
    classifier = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    labels, masks = torch.arange(6) % 3, torch.zeros(6, 8, 8, dtype=torch.int64)
    pixels: dict[str, object] = {"loss": "pixel_loss"}
    return {
        "masks and a classifier": (classifier, masks, pixels, ["these are masks", "unet"]),
        "masks, a classifier and its loss": (classifier, masks, {}, ["these are masks", "unet"]),
        "labels and a unet": (unet, labels, pixels, ["one prediction per pixel", "resnet20"]),
        "labels, a unet and their loss": (unet, labels, {}, ["one prediction per pixel"]),
        "a loss of masks and a classifier": (
            classifier,
            labels,
            pixels,
            ["pixel_loss", "labels (n, …) of every pixel", "choose cross_entropy and accuracy"],
        ),
        "a metric of masks and a classifier": (
            classifier,
            labels,
            {"metrics": ["iou"]},
            ["iou", "labels (n, …) of every pixel"],
        ),
        "a loss of numbers and a unet": (unet, masks, {"loss": "mse"}, ["mse", "cross_entropy"]),
        "a loss of texts and a unet": (unet, masks, {"loss": "token_loss"}, ["token_loss"]),
        "masks of another size": (
            unet,
            masks[:, 2:],
            pixels,
            ["masks of 6 x 8 pixels, outputs of 8 x 8 pixels", "resize the masks"],
        ),
        "labels outside the classes": (
            unet,
            masks + 3,
            pixels,
            ["labels run from 3 to 3", "3 outputs"],
        ),
    }


@pytest.mark.parametrize("case", mismatched())
def test_mismatched_network_data_and_loss(case: str) -> None:
    model, targets, how, words = mismatched()[case]
    data = Examples(images(6, channels=1).inputs, targets, Preprocess(255.0), "mine")
    with pytest.raises(InputError) as caught:
        Problem(model, data, device="cpu", **how)  # type: ignore[arg-type]
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ignored_pixels_have_no_effect() -> None:
    """The surface does not depend on ignored pixels."""
    problem = problem_of("none")
    examples = problem.splits[""]
    assert isinstance(examples, Examples)
    masks = examples.targets.clone()
    masks[:, 3] = -100
    surfaces = []
    for change in (False, True):
        torch.manual_seed(1)
        model = nn.Conv2d(1, 3, 1)
        inputs = examples.inputs.float()
        if change:
            inputs[:, :, 3] += 100
        made = Problem(model, (inputs, masks), loss="pixel_loss", device="cpu")
        surfaces.append(sample_surface(made, "-1:1:3", None, progress=False, tune=False))
    for name in ("loss", "accuracy", "iou"):
        np.testing.assert_array_equal(surfaces[0][name], surfaces[1][name])
