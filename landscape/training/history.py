"""Loss and error per epoch, as an HDF5 file that xarray can open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.hdf5 import floats, reading
from landscape.labelled import write_array, write_scale
from landscape.surface import Attribute

_MEANING = {
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "train_error": ("fraction of training examples answered wrongly", "1"),
    "test_loss": ("mean cross-entropy over the test examples, evaluation mode", "nats"),
    "test_error": ("fraction of test examples answered wrongly", "1"),
    "lr": ("learning rate at the beginning of the epoch", "1"),
}
_IOU = "intersection over union of an image, the mean over the classes that it has or is given"
_WITH_MASKS = {
    **_MEANING,
    "train_error": ("fraction of training pixels answered wrongly", "1"),
    "test_error": ("fraction of test pixels answered wrongly", "1"),
    "train_iou": (f"{_IOU}; mean over the training examples, evaluation mode", "1"),
    "test_iou": (f"{_IOU}; mean over the test examples, evaluation mode", "1"),
}


@dataclass
class History:
    """Columns of equal length, one row per complete epoch; ``attributes`` are the settings.

    For examples with masks, errors are pixel errors, and there are ``train_iou`` and ``test_iou``:
    the mean over the images of :func:`landscape.metrics.intersection_over_union`.
    """

    columns: dict[str, list[float]] = field(default_factory=lambda: {n: [] for n in _MEANING})
    attributes: dict[str, Attribute] = field(default_factory=dict)

    @classmethod
    def of_masks(cls, attributes: dict[str, Attribute]) -> History:
        """An empty history for training with masks."""
        return cls({name: [] for name in _WITH_MASKS}, attributes)

    @property
    def _meaning(self) -> dict[str, tuple[str, str]]:
        return _WITH_MASKS if "train_iou" in self.columns else _MEANING

    def __len__(self) -> int:
        return len(self.columns["train_loss"])

    def append(self, **row: float) -> None:
        """Append an epoch: one number per column."""
        for name, column in self.columns.items():
            column.append(row[name])

    def last_line(self) -> str:
        """The latest epoch in one line."""
        last = {name: column[-1] for name, column in self.columns.items()}
        words = {split: f"error {last[f'{split}_error']:.1%}" for split in ("train", "test")}
        if "test_iou" in last:
            words = {
                split: f"pixel {said}, IoU {last[f'{split}_iou']:.3f}"
                for split, said in words.items()
            }
        return f"train loss {last['train_loss']:.4f}, {words['train']}; test {words['test']}"

    def save(self, path: Path) -> None:
        """Write the history atomically."""
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(self.attributes)
            write_scale(file, "epoch", np.arange(1, len(self) + 1), {})
            for name, (long_name, units) in self._meaning.items():
                facts = {"long_name": long_name, "units": units}
                write_array(file, name, np.array(self.columns[name]), ["epoch"], facts)


def read_history(path: str | Path) -> History:
    """Read a history file.

    Raises
    ------
    InputError
        If the file is missing or not a training history.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"history {path} does not exist; expected the history.h5 of a training run"
        )
    expected, wrong = "history.h5 that landscape.train writes", "is not a training history"
    with reading(path, expected, wrong=wrong) as file:
        names = _WITH_MASKS if "train_iou" in file else _MEANING
        columns = {name: floats(file, name).tolist() for name in names}
        attributes = {k: v.item() if hasattr(v, "item") else v for k, v in file.attrs.items()}
    return History(columns, attributes)
