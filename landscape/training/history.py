"""Loss and error per epoch, as an HDF5 file that xarray opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.hdf5 import floats, reading
from landscape.surface import Attribute

_MEANING = {
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "train_error": ("fraction of training examples answered wrongly", "1"),
    "test_loss": ("mean cross-entropy over the test examples, evaluation mode", "nats"),
    "test_error": ("fraction of test examples answered wrongly", "1"),
    "lr": ("learning rate at the beginning of the epoch", "1"),
}


@dataclass
class History:
    """Columns of equal length, one row per complete epoch; ``attributes`` are the settings."""

    columns: dict[str, list[float]] = field(default_factory=lambda: {n: [] for n in _MEANING})
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["train_loss"])

    def append(self, **row: float) -> None:
        """Add an epoch: one number for every column."""
        for name, column in self.columns.items():
            column.append(row[name])

    def last_line(self) -> str:
        """The newest epoch in a few words."""
        last = {name: column[-1] for name, column in self.columns.items()}
        return (
            f"train loss {last['train_loss']:.4f}, error {last['train_error']:.1%}; "
            f"test error {last['test_error']:.1%}"
        )

    def save(self, path: Path) -> None:
        """Write the history so that a reader never sees half of it."""
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(self.attributes)
            epochs = file.create_dataset("epoch", data=np.arange(1, len(self) + 1))
            epochs.make_scale("epoch")
            for name, (long_name, units) in _MEANING.items():
                column = file.create_dataset(name, data=np.array(self.columns[name]))
                column.attrs["long_name"], column.attrs["units"] = long_name, units
                column.dims[0].attach_scale(epochs)
                column.dims[0].label = "epoch"


def read_history(path: str | Path) -> History:
    """Read a history file.

    Raises
    ------
    InputError
        If the file is missing or no history.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"history {path} does not exist; expected the history.h5 of a training")
    expected, wrong = "history.h5 that landscape.train writes", "is no training history"
    with reading(path, expected, wrong=wrong) as file:
        columns = {name: floats(file, name).tolist() for name in _MEANING}
        attributes = {k: v.item() if hasattr(v, "item") else v for k, v in file.attrs.items()}
    return History(columns, attributes)
