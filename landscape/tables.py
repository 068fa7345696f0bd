"""A surface as an xarray Dataset, or as a tidy table of pandas, and such as a surface."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from landscape.elsewhere import check_names, of_columns, surface_of
from landscape.errors import InputError
from landscape.extras import library
from landscape.grid import FloatArray
from landscape.hdf5 import plain
from landscape.storable import OF_AN_AXIS, OF_THE_FILE
from landscape.surface import Attribute, Surface


class SurfaceTables:
    """The forms of a surface that other libraries compute with."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def xarray(self) -> Any:
        """See :meth:`landscape.Surface.to_xarray`."""
        xarray = library("xarray", "xarray", "notebook", "to_xarray()")
        surface = self._surface
        dims = tuple(reversed(surface.grid.axes))
        coordinates = {
            name: (name, axis, dict(surface.axes.get(name, {})))
            for name, axis in surface.grid.axes.items()
        }
        variables = {
            name: (dims, np.array(values), _words(surface, name))
            for name, values in surface.values.items()
        }
        variables["done"] = (dims, np.array(surface.done), {"long_name": "computed"})
        return xarray.Dataset(variables, coordinates, dict(surface.attributes))

    def dataframe(self) -> Any:
        """See :meth:`landscape.Surface.to_dataframe`."""
        pandas = library("pandas", "pandas", "notebook", "to_dataframe()")
        surface = self._surface
        points = surface.grid.points()
        columns = {name: points[:, k] for k, name in enumerate(surface.grid.axes)}
        columns |= {name: values.ravel() for name, values in surface.values.items()}
        return pandas.DataFrame({**columns, "done": surface.done.ravel()})


def from_xarray(data: Any, *, x: str = "x", y: str = "y") -> Surface:
    """A surface in an ``xarray.Dataset`` or ``DataArray``, as of :meth:`Surface.to_xarray`.

    Parameters
    ----------
    data
        Variables on the dimensions ``x`` (and ``y``), in any order; others are left out. A NaN is a
        point that is not computed, unless a variable ``done`` says otherwise. A nameless array is
        the loss. Attributes that surface files use themselves are left out.
    x, y
        Names of the dimensions in ``data``.

    Raises
    ------
    InputError
        If there is no such dimension, its coordinates are not numbers, or no variable is on them.

    Examples
    --------
    >>> import landscape
    >>> dataset = landscape.open_surface("example:resnet56").to_xarray()
    >>> landscape.from_xarray(dataset.rename(x="alpha", y="beta"), x="alpha", y="beta").grid.shape
    (51, 51)
    """
    if not hasattr(data, "coords") or not hasattr(data, "sortby"):
        raise InputError(f"{type(data).__name__}: expected a Dataset or DataArray of xarray")
    if not hasattr(data, "data_vars"):
        data = data.to_dataset(name="loss" if data.name in (None, *data.coords) else data.name)
    dims = [y, x] if y in data.dims or y != "y" else [x]
    missing = [name for name in dims if name not in data.dims or name not in data.coords]
    if missing:
        raise InputError(
            f"no coordinate {missing[0]!r}, the dimensions are {', '.join(map(str, data.dims))}; "
            "name them, as in from_xarray(data, x='alpha', y='beta')"
        )
    axes = [_numbers(name, data[name]) for name in dims]
    several = [name for name, axis in zip(dims, axes, strict=True) if axis.ndim != 1]
    if several:
        raise InputError(f"coordinate {several[0]!r} has several dimensions; expected one")
    data = data.sortby(dims)
    own = {
        str(name): variable.transpose(*dims)
        for name, variable in data.data_vars.items()
        if set(variable.dims) == set(dims) and variable.dtype.kind in "fiub"
    }
    arrays = {name: np.asarray(v.values, dtype=np.float64) for name, v in own.items()}
    units = {name: str(v.attrs["units"]) for name, v in own.items() if "units" in v.attrs}
    axes = [_numbers(name, data[name]) for name in reversed(dims)]
    surface = surface_of(arrays, axes[0], axes[1] if len(axes) > 1 else None, units)
    for name, quantity in surface.quantities.items():
        words = str(own[name].attrs.get("long_name", name))
        surface.quantities[name] = quantity.beside(long_name=words)
    surface.attributes.update(_plain(data.attrs, OF_THE_FILE))
    for axis, name in zip(surface.grid.axes, reversed(dims), strict=True):
        surface.axes[axis] = _plain(data[name].attrs, OF_AN_AXIS)
    return surface


def from_dataframe(table: Any, *, x: str = "x", y: str = "y") -> Surface:
    """A surface in a ``pandas.DataFrame`` of one row per point, as of :meth:`Surface.to_dataframe`.

    Parameters
    ----------
    table
        Numeric columns are values; others are left out. Rows can be in any order. Points that are
        missing are not computed, nor NaN, unless a column ``done`` says otherwise.
    x, y
        Names of the columns of coordinates; without ``y`` it is a line.

    Raises
    ------
    InputError
        If there is no column ``x``, its coordinates are not numbers, two have one name, a point
        comes more than once, or the points are on no grid.

    Examples
    --------
    >>> import landscape
    >>> table = landscape.open_surface("example:digits_between").to_dataframe()
    >>> landscape.from_dataframe(table).main_quantity
    'train_loss'
    """
    if not all(hasattr(table, name) for name in ("columns", "dtypes", "items")):
        raise InputError(f"{type(table).__name__}: expected a DataFrame of pandas")
    if getattr(table.columns, "nlevels", 1) > 1:
        raise InputError(
            f"the columns have {table.columns.nlevels} levels of names; expected one, as "
            "table.columns.map('_'.join) makes it"
        )
    check_names([str(name) for name in table.columns])
    own = {x: "x", y: "y"} if y in table.columns or y != "y" else {x: "x"}
    missing = [name for name in own if name not in table.columns]
    if missing:
        raise InputError(
            f"no column {missing[0]!r}, they are {', '.join(map(str, list(table.columns)[:6]))}; "
            "name them, as in from_dataframe(table, x='alpha', y='beta')"
        )
    columns = {
        own.get(name, str(name)): _numbers(name, column)
        for name, column in table.items()
        if name in (*own, "done") or (name not in ("x", "y") and column.dtype.kind in "fiub")
    }
    return of_columns(columns)


def _numbers(name: Any, values: Any) -> FloatArray:
    """Coordinates or truths as floats; raises an InputError if they are anything else."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "mMc":  # times and complex numbers, which would be converted
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{name!r} is of type {values.dtype}; expected numbers")


def _plain(facts: Mapping[Any, Any], without: Collection[str]) -> dict[str, Attribute]:
    """Attributes that a surface can have."""
    return {str(name): plain(value) for name, value in facts.items() if name not in without}


def _words(surface: Surface, name: str) -> dict[str, str]:
    quantity = surface.quantities.get(name)
    if quantity is None:
        return {}
    return {"long_name": quantity.long_name, "units": quantity.units}
