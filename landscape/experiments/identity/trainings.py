"""The three trainings of one kind of network with one seed, and a check of the extension."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples
from landscape.device import choose_device
from landscape.experiments.identity.extension import extend
from landscape.experiments.setup import NETWORKS, Setup, Size
from landscape.models.named import Network
from landscape.models.resnet import CifarResNet
from landscape.training import FINAL, TrainingSettings, evaluate_examples, seeded

TRAININGS = ("shallow", "extended", "fresh")
"""The shallow network, the deep one extended from it, and the deep one from scratch."""
PRECISIONS = {"float32": torch.float32, "float64": torch.float64}
COMPARED = 2000
"""Number of images of a split to compare outputs on, and of training images for statistics."""


@dataclass(frozen=True, kw_only=True)
class IdentitySize(Size):
    """A shallow and a deep network; the settings are those of training from scratch.

    ``before``: epochs of the shallow network; the extended one is trained for the remaining epochs.
    """

    before: int

    def settings_of(self, training: str, seed: int) -> TrainingSettings:
        """Settings of one of :data:`TRAININGS`.

        The extended network is trained at a tenth of the learning rate, as He et al. do once a
        network has converged: at the full rate plain networks move away from the constructed
        solution.
        """
        settings = replace(self.settings, seed=seed)
        if training == "shallow":
            return replace(settings, epochs=self.before)
        if training == "extended":
            rest = settings.epochs - self.before
            return replace(settings, epochs=rest, lr=settings.lr / 10)
        return settings


@dataclass(frozen=True)
class Trained:
    """Results of the trainings.

    Attributes
    ----------
    columns
        Errors and losses by training, one value per epoch. Those of the extended network start
        with the values before its first epoch.
    difference
        Largest difference of outputs between the shallow network and its extension, by precision.
    largest_output
        Largest absolute output of the shallow network.
    """

    columns: dict[str, dict[str, list[float]]]
    difference: dict[str, float]
    largest_output: float


def train_all(setup: Setup[IdentitySize], name: str, seed: int) -> Trained:
    """Train plain or residual networks in folders ``NAME-TRAINING-seedSEED``."""
    folders = {t: f"{name}-{t}-seed{seed}" for t in TRAININGS}
    new_shallow, new_deep = (
        partial(setup.network, f"resnet{depth}", shortcuts=NETWORKS[name])
        for depth in setup.size.depths
    )
    images = _images(setup.splits["train"])

    def trained_shallow() -> CifarResNet:
        weights = setup.folder / folders["shallow"] / FINAL
        return cast(CifarResNet, new_shallow(checkpoint=read_checkpoint(weights)).model)

    def extended() -> Network:
        network = new_deep()
        extend(trained_shallow(), cast(CifarResNet, network.model), images)
        return network

    makers: tuple[Callable[[], Network], ...] = (new_shallow, extended, new_deep)
    columns = {}
    for training, make_network in zip(TRAININGS, makers, strict=True):
        settings = setup.size.settings_of(training, seed)
        title = f"{name}, {training}, seed {seed}"
        columns[training] = setup.train(make_network, folders[training], settings, title).columns
    with seeded(seed, torch.device("cpu")):
        shallow, deep = trained_shallow(), extended().model
    test = _images(setup.splits["test"])
    found = {p: _difference(shallow, deep, images, test, p) for p in PRECISIONS}
    untrained = _errors(deep.to(choose_device(setup.device)), setup.splits)
    return Trained(
        {
            t: {
                name: [error, *columns[t][name]] if t == "extended" else list(columns[t][name])
                for name, error in untrained.items()
            }
            for t in TRAININGS
        },
        {p: difference for p, (difference, _) in found.items()},
        found["float64"][1],
    )


def _images(examples: Examples) -> Tensor:
    inputs: Tensor
    inputs, _ = examples.subset(COMPARED).batch(torch.float32).content
    return inputs


def _errors(model: nn.Module, splits: dict[str, Examples]) -> dict[str, float]:
    """Losses and errors, by column names of a history."""
    device = next(model.parameters()).device
    found: dict[str, float] = {}
    for split, examples in splits.items():
        loss, error = evaluate_examples(model, examples.to(device))
        found |= {f"{split}_loss": loss, f"{split}_error": error}
    return found


def _difference(
    shallow: nn.Module, deep: nn.Module, images: Tensor, others: Tensor, precision: str
) -> tuple[float, float]:
    """The largest difference of outputs for any of the images, and the largest output.

    The extension is constructed again in each precision, on the CPU, which supports both.
    """
    dtype = PRECISIONS[precision]
    first, second = copy.deepcopy(shallow).to(dtype), copy.deepcopy(deep).to(dtype)
    extend(cast(CifarResNet, first), cast(CifarResNet, second), images.to(dtype))
    second.eval()
    difference = largest = 0.0
    with torch.inference_mode():
        for batch in torch.cat([images, others]).to(dtype).split(250):
            expected = first(batch)
            difference = max(difference, float((second(batch) - expected).abs().max()))
            largest = max(largest, float(expected.abs().max()))
    return difference, largest
