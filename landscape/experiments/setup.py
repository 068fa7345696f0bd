"""Setup of one run of an experiment: data, settings, and construction of its networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from landscape.data import Examples, load_splits
from landscape.errors import InputError, argument
from landscape.experiments.results import Coordinates, Results
from landscape.models.named import Network, build_network
from landscape.surface import Attribute
from landscape.training import HISTORY, History, TrainingSettings, read_history
from landscape.training.loop import train_once

SMALL = TrainingSettings(epochs=20, lr=0.05, batch_size=64, weight_decay=1e-4)
"""For digits: enough steps for a residual network of 56 layers to learn all of them.

At a learning rate of 0.1 some seeds do not get there.
"""
HE = TrainingSettings(epochs=164, lr=0.1, batch_size=128, weight_decay=1e-4, schedule="step")
"""For CIFAR-10, as in He et al.: 64,000 steps, learning rate divided by 10 after 32,000 and 48,000.

Unlike in the paper the momentum is Nesterov's, and the images are neither shifted nor flipped.
"""
NETWORKS = {"plain": "none", "residual": "identity"}
"""The kind of shortcuts of plain and residual networks."""


@dataclass(frozen=True)
class Size:
    """Networks and training settings of a size.

    ``depths``: depths of CIFAR ResNets, each 6n+2; empty for other networks.
    """

    settings: TrainingSettings
    depths: tuple[int, ...] = ()


AnySize = TypeVar("AnySize", bound=Size)


@dataclass(frozen=True)
class Setup(Generic[AnySize]):
    """The options of a run.

    ``size_name``, ``size``: ``small`` or ``paper``, and its meaning. ``source``, ``splits``: name
    of the data, and the labelled images of ``train`` and ``test``.
    """

    experiment: str
    folder: Path
    size_name: str
    size: AnySize
    source: str
    splits: dict[str, Examples]
    seeds: tuple[int, ...]
    device: str
    progress: bool

    @property
    def classes(self) -> int:
        """Number of classes over all splits."""
        return max(examples.classes for examples in self.splits.values())

    def with_data(self, source: str) -> Setup[AnySize]:
        """The same setup with other data."""
        return replace(self, source=source, splits=both_splits(source))

    def results(self, coordinates: Mapping[str, Coordinates], **attributes: Attribute) -> Results:
        """Empty results that record the settings, without the path of the data."""
        settings = asdict(self.size.settings)
        del settings["seed"]
        return Results(
            dict(coordinates),
            attributes={
                "experiment": self.experiment,
                "size": self.size_name,
                "data": self.source.partition(":")[0],
                "train_examples": len(self.splits["train"]),
                "test_examples": len(self.splits["test"]),
                "classes": self.classes,
                "augmentation": "none",
                **settings,
                **attributes,
            },
        )

    def network(self, name: str, **options: Any) -> Network:
        """A newly initialized network for these examples.

        ``options``: as for :func:`landscape.models.named.build_network`, such as ``shortcuts``.
        """
        channels = self.splits["train"].channels
        return build_network(name, in_channels=channels, classes=self.classes, **options)

    def train(
        self,
        make_network: Callable[[], Network],
        name: str,
        settings: TrainingSettings,
        title: str,
    ) -> History:
        """Train a network in the folder ``name``, unless already trained; its history."""
        folder = self.folder / name
        train_once(
            make_network,
            self.splits,
            folder,
            settings,
            title=title,
            device=self.device,
            progress=self.progress,
        )
        return read_history(folder / HISTORY)


def source_for(size: str, data: str | None) -> str:
    """The data source; by default the digits, which every installation has.

    Raises an InputError if the size is ``paper`` and no data are given.
    """
    if data is None and size == "paper":
        raise InputError(
            "size paper without data: expected the images of the paper, as in "
            f"{argument('data', 'cifar10:PATH')}; {argument('size', 'small')} uses the included "
            "digits"
        )
    return data or "digits"


def both_splits(source: str) -> dict[str, Examples]:
    """All examples of the splits ``train`` and ``test``."""
    return load_splits(source, "both")


def parameters_in(network: Network) -> int:
    """Number of trainable parameters of a network."""
    return sum(p.numel() for p in network.model.parameters() if p.requires_grad)
