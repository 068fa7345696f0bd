"""Networks trained for an experiment, each in a folder of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from landscape.build import load_splits
from landscape.data import Examples
from landscape.errors import InputError, argument
from landscape.models.named import Network, build_network
from landscape.surface import Attribute
from landscape.training import TrainingSettings
from landscape.training.once import train_once

SMALL = TrainingSettings(epochs=20, lr=0.05, batch_size=64, weight_decay=1e-4)
"""For digits: steps enough for a residual network of 56 layers to learn all of them.

At a learning rate of 0.1 some seeds have not done so by the end.
"""


def source_for(size: str, data: str | None) -> str:
    """The name of the data: what was asked for, else the digits that every installation has.

    Raises
    ------
    InputError
        If the size is that of the papers and no data are named.
    """
    if data is None and size == "paper":
        raise InputError(
            "size paper without data: expected the images of the paper, as in "
            f"{argument('data', 'cifar10:PATH')}; {argument('size', 'small')} takes the digits "
            "that are there"
        )
    return data or "digits"


def network_for(splits: dict[str, Examples], name: str, **asked: Any) -> Network:
    """The network of that name for these examples, with fresh weights.

    Parameters
    ----------
    splits
        Labelled images, one split of them called ``train``.
    asked
        As for :func:`landscape.models.named.build_network`, such as ``shortcuts``.
    """
    channels = splits["train"].channels
    return build_network(name, in_channels=channels, classes=classes_of(splits), **asked)


def trained(
    splits: dict[str, Examples],
    name: str,
    folder: Path,
    settings: TrainingSettings,
    *,
    title: str,
    device: str,
    progress: bool,
    **asked: Any,
) -> Path:
    """The trained weights in ``folder``, trained now as far as they are not."""
    return train_once(
        lambda: network_for(splits, name, **asked),
        splits,
        folder,
        settings,
        title=title,
        device=device,
        progress=progress,
    )


def both_splits(source: str) -> dict[str, Examples]:
    """All examples of the splits ``train`` and ``test``."""
    return load_splits(source, "both")


def classes_of(splits: dict[str, Examples]) -> int:
    """How many classes the examples of all splits have."""
    return max(examples.classes for examples in splits.values())


def parameters_in(network: Network) -> int:
    """How many trained numbers a network has."""
    return sum(p.numel() for p in network.model.parameters() if p.requires_grad)


def attributes_of(
    experiment: str,
    size: str,
    source: str,
    splits: dict[str, Examples],
    settings: TrainingSettings,
) -> dict[str, Attribute]:
    """What the results say of their trainings; the path of the data is left out."""
    return {
        "experiment": experiment,
        "size": size,
        "data": source.partition(":")[0],
        "train_examples": len(splits["train"]),
        "test_examples": len(splits["test"]),
        "classes": classes_of(splits),
        "augmentation": "none",
        **{name: value for name, value in asdict(settings).items() if name != "seed"},
    }
