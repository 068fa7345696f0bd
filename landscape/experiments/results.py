"""Results of an experiment, as an HDF5 file with named dimensions that xarray can open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.hdf5 import floats, plain, reading
from landscape.labelled import write_array, write_scale
from landscape.surface import Attribute

Coordinates = Sequence[str] | Sequence[float]

HISTORY_COLUMNS = {
    "train_error": ("fraction of misclassified training examples, evaluation mode", "1"),
    "test_error": ("fraction of misclassified test examples", "1"),
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "test_loss": ("mean cross-entropy over the test examples", "nats"),
}
"""Columns of a training history, per epoch."""


@dataclass(frozen=True)
class Measured:
    """A float64 array with named dimensions; NaN where nothing is measured."""

    dims: tuple[str, ...]
    values: npt.NDArray[np.float64]
    long_name: str
    units: str = "1"


@dataclass
class Results:
    """Measured arrays on shared dimensions.

    ``coordinates``: labels of each dimension: texts (``variant``) or numbers (``epoch``,
    ``depth``). ``measured``: arrays by name. ``attributes``: settings of the experiment.
    """

    coordinates: dict[str, Coordinates]
    measured: dict[str, Measured] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def add(
        self, name: str, dims: Sequence[str], values: Any, long_name: str, units: str = "1"
    ) -> None:
        """Add an array.

        ``values``: None is NaN everywhere, to be filled through :meth:`select`. Raises a ValueError
        if the shape does not match the dimensions.
        """
        shape = tuple(len(self.coordinates[dim]) for dim in dims)
        array = np.full(shape, np.nan) if values is None else np.asarray(values, dtype=np.float64)
        if array.shape != shape:
            raise ValueError(f"{name}: shape {array.shape}, expected {shape} for {tuple(dims)}")
        self.measured[name] = Measured(tuple(dims), array, long_name, units)

    def select(self, name: str, **labels: str | float) -> npt.NDArray[np.float64]:
        """A view of the array ``name`` at the given labels of some of its dimensions."""
        found = self.measured[name]
        index = tuple(
            list(self.coordinates[dim]).index(labels[dim]) if dim in labels else slice(None)
            for dim in found.dims
        )
        return found.values[(*index, ...)]

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(self.attributes)
            for dim, labels in self.coordinates.items():
                text = any(isinstance(label, str) for label in labels)
                kind: Any = h5py.string_dtype() if text else np.float64
                write_scale(file, dim, np.array(list(labels), dtype=kind), {})
            for name, found in self.measured.items():
                facts = {"long_name": found.long_name, "units": found.units}
                write_array(file, name, found.values, found.dims, facts)


def read_results(path: str | Path) -> Results:
    """Read a file written by :meth:`Results.save`.

    Raises
    ------
    InputError
        If the file is missing or contains no results.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not a file; expected the results.h5 of an experiment")
    expected = "results.h5 written by landscape.experiments"
    with reading(path, expected, wrong="contains no results of an experiment") as file:
        # Without h5py's is_scale and dims: HDF5 crashes on damaged ones.
        scales = {n: d for n, d in file.items() if d.attrs.get("CLASS") == b"DIMENSION_SCALE"}
        results = Results(
            {name: _labels(scale) for name, scale in scales.items()},
            attributes={k: v.item() if hasattr(v, "item") else v for k, v in file.attrs.items()},
        )
        for name, stored in file.items():
            if name not in scales:
                dims = [str(plain(label)) for label in stored.attrs.get("DIMENSION_LABELS", ())]
                long_name, units = stored.attrs["long_name"], stored.attrs["units"]
                results.add(name, dims, floats(file, name), long_name, units)
    return results


def _labels(scale: h5py.Dataset) -> Coordinates:
    if h5py.check_string_dtype(scale.dtype) is not None:
        return [str(text) for text in scale.asstr()[()]]
    return [float(number) for number in scale[()]]
