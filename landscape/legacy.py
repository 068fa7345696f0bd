"""Surface files of tomgoldstein/loss-landscape.

They contain ``xcoordinates`` (and ``ycoordinates``) and arrays such as ``train_loss``,
``train_acc`` (in percent). The value at (x_i, y_j) is at ``[j, i]``, with −1 for points not
computed.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.grid import FloatArray, Grid
from landscape.hdf5 import floats
from landscape.quantity import Quantity, find
from landscape.surface import Attribute, Surface

_LOSS, _ACCURACY = "mean cross-entropy over the {} examples", "top-1 accuracy over the {} examples"
_NAMES = {
    "train_loss": Quantity(_LOSS.format("training"), "nats", split="train", base="loss"),
    "test_loss": Quantity(_LOSS.format("test"), "nats", split="test", base="loss"),
    "train_acc": Quantity(_ACCURACY.format("training"), split="train", base="accuracy"),
    "test_acc": Quantity(_ACCURACY.format("test"), split="test", base="accuracy"),
}
"""Their names and ours; an unnamed split is written as ``train``."""
_NOT_COMPUTED = -1.0


def is_legacy(file: h5py.File) -> bool:
    """Whether an open HDF5 file is a surface in the authors' layout."""
    return "xcoordinates" in file and "schema" not in file.attrs


def read_legacy(file: h5py.File, path: Path) -> Surface:
    """Read a surface in the authors' layout; accuracies become fractions.

    A point counts as done if every quantity in the file has been computed (is not −1).

    Raises
    ------
    InputError
        If an array does not have the grid's shape, or there is no array.
    """
    x = _coordinates(file, "xcoordinates")
    y = _coordinates(file, "ycoordinates") if "ycoordinates" in file else None
    try:
        grid = Grid(x, y)
    except InputError as error:
        raise InputError(f"{path}: {error.marked}") from None
    quantities, values = {}, {}
    done = np.ones(grid.shape, dtype=bool)
    for theirs, quantity in _NAMES.items():
        if theirs not in file:
            continue
        array = floats(file, theirs)
        if array.shape == grid.shape[::-1]:
            # Their script allocates arrays as (nx, ny), but fills them with x running fastest:
            # only the shape is swapped.
            array = array.reshape(grid.shape)
        if array.shape != grid.shape:
            raise InputError(
                f"{path}: {theirs} has shape {array.shape}, but the coordinates give {grid.shape} "
                "(ny, nx)"
            )
        computed = array != _NOT_COMPUTED
        done &= computed
        array = array / 100.0 if _in_percent(theirs) else array
        quantities[quantity.name] = quantity
        values[quantity.name] = np.where(computed, array, np.nan)
    if not quantities:
        raise InputError(
            f"{path} has coordinates but no values; expected one of {', '.join(_NAMES)}"
        )
    attributes: dict[str, Attribute] = {"source": "tomgoldstein/loss-landscape"}
    if "dir_file" in file:
        attributes["dir_file"] = file["dir_file"].asstr()[()]
    return Surface(grid, quantities, values, done, attributes)


def save_legacy(surface: Surface, path: str | Path) -> Path:
    """Write a surface so that the scripts of tomgoldstein/loss-landscape read it.

    Losses and accuracies of ``train`` and ``test`` are kept; an unnamed split is called ``train``.
    All else is lost: see :func:`lost_in_legacy`.

    Raises
    ------
    InputError
        If there is no loss or accuracy, or a computed value is −1, which in that layout means not
        computed.
    """
    kept = _kept(surface)
    if not kept:
        expected = ", ".join(dict.fromkeys(q.name for _, q in _places()))
        raise InputError(
            f"the surface has {', '.join(surface.quantities)}, but their layout only stores "
            f"{expected}"
        )
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name, axis in surface.grid.axes.items():
            file[f"{name}coordinates"] = axis
        if "dir_file" in surface.attributes:
            file["dir_file"] = surface.attributes["dir_file"]
        for theirs, ours in kept.items():
            values = _percent(surface[ours]) if _in_percent(theirs) else surface[ours]
            clash = int((surface.done & (values == _NOT_COMPUTED)).sum())
            if clash:
                raise InputError(
                    f"{ours} is exactly −1 at {clash} computed points, which means not computed in "
                    "their layout; keep this surface in our layout"
                )
            file[theirs] = np.where(surface.done, values, _NOT_COMPUTED)
    return Path(path)


def lost_in_legacy(surface: Surface) -> list[str]:
    """The quantities of a surface that the authors' layout cannot store."""
    kept = _kept(surface).values()
    return [name for name in surface.quantities if name not in kept]


def _kept(surface: Surface) -> dict[str, str]:
    """Their names of the quantities that their layout stores, with ours."""
    found: dict[str, str] = {}
    for theirs, wanted in _places():
        if (name := find(surface.quantities, wanted)) is not None:
            found.setdefault(theirs, name)
    return found


def _places() -> list[tuple[str, Quantity]]:
    """Their names with the quantities to store there, in order of preference."""
    own = list(_NAMES.items())
    return own + [(theirs, q.beside(split="")) for theirs, q in own if q.split == "train"]


def _in_percent(theirs: str) -> bool:
    return _NAMES[theirs].kind.guesses > 0


def _percent(fraction: FloatArray) -> FloatArray:
    """Percentages that give the fractions when divided by 100: 7 for 0.07, not
    7.000000000000001."""
    product = fraction * 100.0
    tries = [product.round(10), product, np.nextafter(product, 0), np.nextafter(product, 1000)]
    return np.select([t / 100.0 == fraction for t in tries], tries, product)


def _coordinates(file: h5py.File, name: str) -> FloatArray:
    values = floats(file, name)
    # Their linspace gives 1e-17 for the trained network at 0.
    values[np.abs(values) < 1e-12] = 0.0
    return values
