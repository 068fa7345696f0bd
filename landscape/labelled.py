"""Arrays with named dimensions in HDF5 files, as xarray opens them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import h5py


def write_scale(file: h5py.File, name: str, labels: Any, facts: Mapping[str, Any]) -> None:
    """Write the labels of a dimension, with attributes."""
    scale = file.create_dataset(name, data=labels)
    scale.make_scale(name)
    scale.attrs.update(facts)


def write_array(
    file: h5py.File, name: str, values: Any, dims: Sequence[str], facts: Mapping[str, Any]
) -> None:
    """Write an array on dimensions that are in the file already, with attributes."""
    data = file.create_dataset(name, data=values)
    data.attrs.update(facts)
    for k, dim in enumerate(dims):
        data.dims[k].attach_scale(file[dim])
        data.dims[k].label = dim
