"""A surface as an xarray Dataset, or as a tidy table of pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.extras import library
from landscape.surface import Surface


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


def _words(surface: Surface, name: str) -> dict[str, str]:
    quantity = surface.quantities.get(name)
    if quantity is None:
        return {}
    return {"long_name": quantity.long_name, "units": quantity.units}
