"""The four networks: with and without batch normalization, with and without shortcuts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from landscape.checkpoint import load_state, read_checkpoint
from landscape.data import Examples
from landscape.experiments.gradients.normalization import without_normalization
from landscape.experiments.gradients.probe import Norms, layers_of, norms
from landscape.experiments.setup import Setup
from landscape.models.named import Network
from landscape.models.resnet import CifarResNet


@dataclass(frozen=True)
class Kind:
    """One of the four networks.

    ``shortcuts``: ``identity`` (option A of He et al., without parameters) or ``none``.
    ``normalized``: whether it has batch normalization. ``folder``: prefix of its training folders.
    """

    shortcuts: str
    normalized: bool
    folder: str

    def network(self, setup: Setup[Any], depth: int) -> Network:
        """The network, newly initialized; all four kinds have the same number of parameters.

        Convolutions are initialized with the normal distribution of He et al. (fan-out mode), with
        or without normalization.
        """
        network = setup.network(f"resnet{depth}", shortcuts=self.shortcuts)
        if self.normalized:
            return network
        without_normalization(network.model)
        return Network(network.model, network.name, {**network.settings, "normalization": "none"})


KINDS = {
    "BN and shortcuts": Kind("identity", True, "bn-shortcuts"),
    "BN only": Kind("none", True, "bn"),
    "shortcuts only": Kind("identity", False, "shortcuts"),
    "neither": Kind("none", False, "neither"),
}


def norms_at(network: Network, weights: Path, examples: Examples, device: torch.device) -> Norms:
    """Norms of every layer with the weights of a checkpoint, in training mode.

    ``network``: its weights are replaced. ``examples``: one batch.
    """
    load_state(network.model, read_checkpoint(weights).state, f"{weights} does not fit")
    model = network.model.to(device).train()
    assert isinstance(model, CifarResNet)
    inputs, targets = examples.to(device).batch(torch.float32).content
    return norms(model, layers_of(model), inputs, targets)
