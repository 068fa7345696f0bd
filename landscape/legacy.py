"""Surface files of tomgoldstein/loss-landscape.

They hold ``xcoordinates`` (and ``ycoordinates``) and arrays such as ``train_loss``, ``train_acc``
(in percent). The value at (x_i, y_j) stands at ``[j, i]``, with −1 where nothing was computed.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.grid import FloatArray, Grid
from landscape.surface import Quantity, Surface

_NAMES = {
    "train_loss": ("train_loss", Quantity("mean cross-entropy over the training examples", "nats")),
    "test_loss": ("test_loss", Quantity("mean cross-entropy over the test examples", "nats")),
    "train_acc": ("train_accuracy", Quantity("top-1 accuracy over the training examples")),
    "test_acc": ("test_accuracy", Quantity("top-1 accuracy over the test examples")),
}
_NOT_COMPUTED = -1.0


def is_legacy(file: h5py.File) -> bool:
    """Whether an open HDF5 file is a surface in the authors' layout."""
    return "xcoordinates" in file and "schema" not in file.attrs


def read_legacy(file: h5py.File, path: Path) -> Surface:
    """The surface in the authors' layout; accuracies become fractions.

    A point counts as done where every quantity in the file has been computed (is not −1).

    Raises
    ------
    InputError
        If an array does not have the grid's shape, or there is none.
    """
    x = _coordinates(file["xcoordinates"])
    y = _coordinates(file["ycoordinates"]) if "ycoordinates" in file else None
    grid = Grid(x, y)
    quantities, values = {}, {}
    done = np.ones(grid.shape, dtype=bool)
    for theirs, (ours, quantity) in _NAMES.items():
        if theirs not in file:
            continue
        array = np.asarray(file[theirs][()], dtype=np.float64)
        if array.shape != grid.shape:
            raise InputError(
                f"{path}: {theirs} has shape {array.shape}, but the coordinates make "
                f"{grid.shape} (ny, nx)"
            )
        computed = array != _NOT_COMPUTED
        done &= computed
        array = array / 100.0 if theirs.endswith("_acc") else array
        quantities[ours], values[ours] = quantity, np.where(computed, array, np.nan)
    if not quantities:
        raise InputError(
            f"{path} has coordinates but no values; expected one of {', '.join(_NAMES)}"
        )
    surface = Surface(grid, quantities, values, done, {"source": "tomgoldstein/loss-landscape"})
    return surface


def save_legacy(surface: Surface, path: str | Path) -> Path:
    """Write a surface so that the scripts of tomgoldstein/loss-landscape read it."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name, axis in surface.grid.axes.items():
            file[f"{name}coordinates"] = axis
        for theirs, (ours, _) in _NAMES.items():
            if ours in surface.values:
                scale = 100.0 if theirs.endswith("_acc") else 1.0
                file[theirs] = np.where(surface.done, surface[ours] * scale, _NOT_COMPUTED)
    return Path(path)


def _coordinates(data: h5py.Dataset) -> FloatArray:
    values = np.asarray(data[()], dtype=np.float64)
    # Their linspace leaves 1e-17 where the trained network itself is meant.
    values[np.abs(values) < 1e-12] = 0.0
    return values
