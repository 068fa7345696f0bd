"""Numbers of an experiment, as an HDF5 file that xarray opens with its dimensions named."""

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
from landscape.surface import Attribute

Coordinates = Sequence[str] | Sequence[float]

HISTORY_COLUMNS = {
    "train_error": ("fraction of training examples answered wrongly, evaluation mode", "1"),
    "test_error": ("fraction of test examples answered wrongly", "1"),
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "test_loss": ("mean cross-entropy over the test examples", "nats"),
}
"""What the history of a training has for every epoch."""


@dataclass(frozen=True)
class Measured:
    """An array of float64 with a name for each of its dimensions; NaN where nothing is measured."""

    dims: tuple[str, ...]
    values: npt.NDArray[np.float64]
    long_name: str
    units: str = "1"


@dataclass
class Results:
    """Measured arrays on shared dimensions.

    Attributes
    ----------
    coordinates
        For each dimension its labels: texts (``variant``) or numbers (``epoch``, ``depth``).
    measured
        Arrays by name, each of the shape that its dimensions have.
    attributes
        Settings of the experiment.
    """

    coordinates: dict[str, Coordinates]
    measured: dict[str, Measured] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def add(
        self, name: str, dims: Sequence[str], values: Any, long_name: str, units: str = "1"
    ) -> None:
        """Add an array.

        Parameters
        ----------
        values
            None for NaN everywhere, to be filled by :meth:`select`.

        Raises
        ------
        ValueError
            If its shape is not that of its dimensions.
        """
        shape = tuple(len(self.coordinates[dim]) for dim in dims)
        array = np.full(shape, np.nan) if values is None else np.asarray(values, dtype=np.float64)
        if array.shape != shape:
            raise ValueError(f"{name}: shape {array.shape}, but {tuple(dims)} make {shape}")
        self.measured[name] = Measured(tuple(dims), array, long_name, units)

    def select(self, name: str, **labels: str | float) -> npt.NDArray[np.float64]:
        """The array ``name`` at the given labels of some of its dimensions; the others remain.

        A view: what is assigned to its elements is entered.
        """
        found = self.measured[name]
        index = tuple(
            list(self.coordinates[dim]).index(labels[dim]) if dim in labels else slice(None)
            for dim in found.dims
        )
        return found.values[(*index, ...)]

    def save(self, path: Path) -> None:
        """Write all, so that a reader never sees half of it."""
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(self.attributes)
            scales = {}
            for dim, labels in self.coordinates.items():
                text = any(isinstance(label, str) for label in labels)
                kind: Any = h5py.string_dtype() if text else np.float64
                scales[dim] = file.create_dataset(dim, data=np.array(list(labels), dtype=kind))
                scales[dim].make_scale(dim)
            for name, found in self.measured.items():
                stored = file.create_dataset(name, data=found.values)
                stored.attrs["long_name"], stored.attrs["units"] = found.long_name, found.units
                for axis, dim in enumerate(found.dims):
                    stored.dims[axis].attach_scale(scales[dim])
                    stored.dims[axis].label = dim


def read_results(path: str | Path) -> Results:
    """Read what :meth:`Results.save` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds no results.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {path}: expected the results.h5 of an experiment")
    expected = "results.h5 that landscape.experiments writes"
    with reading(path, expected, wrong="holds no results of an experiment") as file:
        # Not by h5py's is_scale and dims: HDF5 itself breaks down over damaged ones.
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
