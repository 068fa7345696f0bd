"""The training loop, with checkpoints and a history in HDF5."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from landscape.checkpoint import read_tensors, save_checkpoint
from landscape.data import Examples
from landscape.device import choose_device, own_context
from landscape.errors import InputError, argument, one_line
from landscape.examples import refuse_example
from landscape.interrupted import saying
from landscape.metrics import usual_loss
from landscape.models.named import Network
from landscape.models.option_a import with_place
from landscape.problem.checks import check_labels
from landscape.training.evaluation import OF_CLASSES, OF_MASKS, means_of
from landscape.training.history import History
from landscape.training.optimizers import OPTIMIZERS
from landscape.training.randomness import seeded
from landscape.training.schedules import SCHEDULES
from landscape.training.settings import TrainingSettings

FINAL = "final.pt"
LAST = "last.pt"
HISTORY = "history.h5"
_AT_ONCE = 250
"""The largest evaluation batch."""


class Diverged(InputError):
    """The training loss is no longer finite; the saved run ends with the previous epoch."""


@own_context()
def train_network(
    make_network: Callable[[], Network],
    data: dict[str, Examples],
    folder: str | Path,
    settings: TrainingSettings | None = None,
    *,
    device: str = "auto",
    resume: bool = False,
    title: str = "training",
    progress: bool = True,
) -> History:
    """Train a network and write checkpoints and a history to ``folder``.

    ``epoch_0000.pt``, … contain intermediate weights, ``final.pt`` the trained ones, ``last.pt``
    the state for ``resume``, ``history.h5`` losses and errors. Masks (n, height, width) are learned
    pixel by pixel, and the history also has the intersection over union.

    On a CPU the same seed and number of threads give bitwise identical weights, resumed or not.

    Parameters
    ----------
    make_network
        Builds the network; called once, with the random generator at ``settings.seed``.
    data
        Examples of splits ``train`` and ``test``.
    folder
        Created if missing.
    resume
        Continue after the last complete epoch in ``folder``; without it, a folder that contains a
        run is refused. Settings, network and examples must match the run; only the device and the
        path of the examples may differ.
    title
        Title of the progress bar.

    Raises
    ------
    InputError
        If the folder contains a run (without ``resume``), or a run with other settings (with
        ``resume``); if the data do not fit the network; :class:`Diverged` if the loss stops being
        finite.

    Examples
    --------
    >>> from landscape import train_network
    >>> from landscape.data import load
    >>> from landscape.models.named import build_network
    >>> from landscape.training import TrainingSettings
    >>> data = {split: load("digits", split).subset(32) for split in ("train", "test")}
    >>> history = train_network(
    ...     lambda: build_network("resnet8", in_channels=1, classes=10),
    ...     data,
    ...     "runs/mine",
    ...     TrainingSettings(epochs=1, batch_size=32),
    ...     device="cpu",
    ...     progress=False,
    ... )
    >>> len(history)
    1
    """
    settings = settings or TrainingSettings()
    if set(data) != {"train", "test"}:
        raise InputError(f"data of splits {', '.join(data)}: expected train and test")
    place = choose_device(device)
    folder = Path(folder)
    _check_folder(folder, resume)
    with seeded(settings.seed, place):
        network = make_network()
    data = {name: examples.to(place) for name, examples in data.items()}
    trainer = _Trainer(network, data, folder, settings, place)
    trainer.check_fit()
    if (folder / LAST).exists():
        trainer.restore()
    else:
        _make(folder)
        trainer.save(f"epoch_{0:04d}.pt")
    with saying(trainer.what_is_saved):
        trainer.run(title, progress)
    return trainer.history


def train_once(
    make_network: Callable[[], Network],
    data: dict[str, Examples],
    folder: str | Path,
    settings: TrainingSettings,
    **options: Any,
) -> Path:
    """Train into ``folder``: an interrupted run is resumed, a complete one is kept.

    Takes the arguments of :func:`landscape.train_network` except ``resume``; the history is next to
    the weights (:func:`landscape.training.read_history`).

    Raises
    ------
    InputError
        If the folder contains a run with another network, other examples or other settings.
    """
    folder = Path(folder)
    resume = (folder / LAST).exists()
    train_network(make_network, data, folder, settings, resume=resume, **options)
    return folder / FINAL


class _Trainer:
    """A run: network, optimizer, schedule and history on a device."""

    def __init__(
        self,
        network: Network,
        data: dict[str, Examples],
        folder: Path,
        settings: TrainingSettings,
        device: torch.device,
    ) -> None:
        self.network = network
        self.model = network.model.to(device)
        self.train, self.test = data["train"], data["test"]
        self.folder = folder
        self.settings = settings
        self.facts: dict[str, Any] = {
            **asdict(settings),
            "model": network.name,
            **network.settings,
            "data": self.train.source,
            "data_sha256": self.train.sha256(),
            "test_data_sha256": self.test.sha256(),
            "preprocess": str(self.train.preprocess),
        }
        steps = math.ceil(len(self.train) / settings.batch_size)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        if not trained:
            raise InputError(f"{network.name} has no trainable parameters: expected at least one")
        self.optimizer = OPTIMIZERS[settings.optimizer](
            trained, settings.lr, settings.momentum, settings.weight_decay
        )
        self.schedule = SCHEDULES[settings.schedule](self.optimizer, settings.epochs, steps)
        self.objective = OF_CLASSES
        self.history = History(attributes=dict(self.facts))
        self.loss = usual_loss(self.train.masks)
        if self.loss == "pixel_loss":
            self.objective = OF_MASKS
            self.history = History.of_masks(dict(self.facts))

    def check_fit(self) -> None:
        """Pass the smallest batch through a copy of the network before training."""
        model = copy.deepcopy(self.model).train()
        dtype = next(model.parameters()).dtype
        smallest = len(self.train) % self.settings.batch_size or self.settings.batch_size
        batch = self.train.head(smallest).batch(dtype)
        try:
            with seeded(0, batch.device), torch.no_grad():
                output = self.objective.outputs(model, batch)
        except InputError:
            raise
        except Exception as error:  # a network can raise any error
            raise InputError(
                f"{self.network.name} does not take a batch of {len(batch)} examples of "
                f"{self.train.source}, {(len(batch), *batch.shape)} ({one_line(error)}); "
                f"choose data that fit the network, or another {argument('batch_size')}"
            ) from error
        for examples in (self.train, self.test):
            check_labels(self.objective.metrics, output, examples, self.loss)

    def run(self, title: str, progress: bool) -> None:
        """Run the remaining epochs."""
        first = len(self.history) + 1
        last = self.settings.epochs
        counted: dict[str, Any] = {"initial": first - 1, "total": last, "unit": "epoch"}
        bar = tqdm(range(first, last + 1), **counted, desc=title, disable=not progress)
        for epoch in bar:
            rate = float(self.schedule.get_last_lr()[0])
            self._epoch(epoch)
            self._measure(rate)
            every = self.settings.checkpoint_every
            if every and epoch % every == 0:
                self.save(f"epoch_{epoch:04d}.pt")
            self.history.save(self.folder / HISTORY)
            self.save(
                LAST,
                optimizer=self.optimizer.state_dict(),
                schedule=self.schedule.state_dict(),
                facts=self.facts,
                history=self.history.columns,
            )
            bar.set_postfix_str(self.history.last_line())
        if not (self.folder / FINAL).exists():  # written last: it marks a complete run
            self.save(FINAL)

    def what_is_saved(self) -> str:
        """``3 of 10 epochs are saved in runs/a``, or empty before the first is complete."""
        if not (self.folder / LAST).exists():
            return ""
        return f"{len(self.history)} of {self.settings.epochs} epochs are saved in {self.folder}"

    def _epoch(self, epoch: int) -> None:
        # Order and dropout noise depend only on seed and epoch, so that a resumed run equals an
        # uninterrupted one.
        device = self.train.device
        with seeded(self.settings.seed * 100_003 + epoch, device):
            order = torch.randperm(len(self.train)).to(device)
            self.model.train()
            dtype = next(self.model.parameters()).dtype
            for chosen in order.split(min(self.settings.batch_size, len(order))):
                loss = self.objective.loss(self.model, self.train[chosen].batch(dtype)).mean()
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.schedule.step()

    def _measure(self, rate: float) -> None:
        # A batch that fits into memory in training also fits in evaluation.
        at_once = min(_AT_ONCE, self.settings.batch_size) if self.loss == "pixel_loss" else _AT_ONCE
        row = {
            f"{split}_{name}": value
            for split, examples in (("train", self.train), ("test", self.test))
            for name, value in means_of(self.model, examples, self.objective, at_once).items()
        }
        if not math.isfinite(row["train_loss"]):
            raise Diverged(
                f"the training loss became {row['train_loss']} in epoch {len(self.history) + 1}; "
                f"train with a learning rate below {self.settings.lr:g} ({argument('lr')})"
            )
        self.history.append(lr=rate, **row)

    def save(self, name: str, **more: Any) -> None:
        """Save the weights with the network's settings, so that they can be read without
        options."""
        settings = {"name": self.network.name, **self.network.settings}
        save_checkpoint(self.folder / name, self.model, settings, epoch=len(self.history), **more)

    def restore(self) -> None:
        """Restore the run from its last complete epoch."""
        path = self.folder / LAST
        found = read_tensors(path)
        try:
            facts = with_place(found["facts"])
            for key, value in self.facts.items():
                if key != "data" and facts.get(key) != value:
                    raise InputError(
                        f"{path} is of a run with {key} {facts.get(key)}, requested {value}; "
                        f"resume with the same settings, or choose another {argument('folder')}"
                    )
            self.model.load_state_dict(found["state_dict"])
            self.optimizer.load_state_dict(found["optimizer"])
            self.schedule.load_state_dict(found["schedule"])
            self.history = replace(self.history, columns=found["history"])
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a checkpoint to resume from ({one_line(error)}); train again into "
                f"another {argument('folder')}"
            ) from error


def _check_folder(folder: Path, resume: bool) -> None:
    if resume and (folder / FINAL).exists() and not (folder / LAST).exists():
        raise InputError(
            f"{folder} contains trained weights, but no {LAST} to resume from; choose another "
            f"{argument('folder')}"
        )
    if not resume and ((folder / LAST).exists() or (folder / FINAL).exists()):
        raise InputError(
            f"{folder} already contains a training run; resume it with {argument('resume', True)}, "
            f"or choose another {argument('folder')}"
        )


def _make(folder: Path) -> None:
    refuse_example(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create the folder {folder}: {error.strerror}") from None
