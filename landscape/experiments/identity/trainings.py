"""The three trainings of one kind of network with one seed, and what the extension changed."""

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
"""The shallow network, the deep one from there on, and the deep one from a fresh start."""
PRECISIONS = {"float32": torch.float32, "float64": torch.float64}
COMPARED = 2000
"""Images of a split that outputs are compared on, and training images behind the statistics."""


@dataclass(frozen=True, kw_only=True)
class IdentitySize(Size):
    """What is trained: a shallow and a deep network, the settings being those of a fresh start.

    Attributes
    ----------
    before
        Epochs of the shallow network; the extended one is trained for the remaining ones.
    """

    before: int

    def settings_of(self, training: str, seed: int) -> TrainingSettings:
        """Those of one of :data:`TRAININGS`.

        The extended network is trained at a tenth of the learning rate, as He et al. continue
        once a network has learnt most of what it will: at the full rate plain networks move away
        from what was constructed.
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
    """What the trainings gave.

    Attributes
    ----------
    columns
        Errors and losses by training; one number per epoch. Those of the extended network begin
        with what it had before its first epoch.
    difference
        The largest difference of any output between the shallow network and its extension, by
        precision.
    largest_output
        The largest absolute output of the shallow network.
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
    """Losses and errors under the names that a history has for them."""
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

    The extension is made anew in each precision, on the CPU, where every device has both.
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
