"""The three trainings of one kind of network with one seed, and what the extension changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples
from landscape.device import choose_device
from landscape.experiments.identity.extension import extend
from landscape.experiments.identity.size import TRAININGS, Size
from landscape.experiments.trained import network_for
from landscape.models.named import Network
from landscape.models.resnet import CifarResNet
from landscape.training import FINAL, HISTORY, evaluate_examples, read_history, seeded
from landscape.training.once import train_once

PRECISIONS = {"float32": torch.float32, "float64": torch.float64}
COMPARED = 2000
"""Images of a split that outputs are compared on, and training images behind the statistics."""


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


def train_all(
    splits: dict[str, Examples],
    shortcuts: str,
    size: Size,
    seed: int,
    folder: Path,
    name: str,
    *,
    device: str,
    progress: bool,
) -> Trained:
    """Train in folders ``NAME-TRAINING-seedSEED``, as far as that is not done."""
    folders = {t: folder / f"{name}-{t}-seed{seed}" for t in TRAININGS}
    names = [f"resnet{depth}" for depth in size.depths]
    new = [partial(network_for, splits, depth, shortcuts=shortcuts) for depth in names]
    images = _images(splits["train"])

    def trained_shallow() -> CifarResNet:
        model = new[0](checkpoint=read_checkpoint(folders["shallow"] / FINAL)).model
        return cast(CifarResNet, model)

    def extended() -> Network:
        network = new[1]()
        extend(trained_shallow(), cast(CifarResNet, network.model), images)
        return network

    makers: dict[str, Callable[[], Network]] = {
        "shallow": new[0],
        "extended": extended,
        "fresh": new[1],
    }
    for training in TRAININGS:
        train_once(
            makers[training],
            splits,
            folders[training],
            size.settings_of(training, seed),
            title=f"{name}, {training}, seed {seed}",
            device=device,
            progress=progress,
        )
    columns = {t: dict(read_history(folders[t] / HISTORY).columns) for t in TRAININGS}
    with seeded(seed, torch.device("cpu")):
        shallow, deep = trained_shallow(), extended().model
    test = _images(splits["test"])
    found = {p: _difference(shallow, deep, images, test, p) for p in PRECISIONS}
    before = _errors(deep.to(choose_device(device)), splits)
    columns["extended"] = {
        name: [error, *columns["extended"][name]] for name, error in before.items()
    }
    return Trained(
        {t: {name: columns[t][name] for name in before} for t in TRAININGS},
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
