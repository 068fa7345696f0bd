"""Surfaces computed elsewhere: tables, arrays, and HDF5 or netCDF files with axes ``x`` and ``y``.

Names say what the arrays are: ``loss`` (in nats), ``accuracy`` (a fraction, or in percent if a
value is above 1), each also with a split in front, as in ``test_loss``; other quantities have no
unit unless the file gives one. ``done`` says which points are computed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from landscape.errors import InputError, one_line
from landscape.grid import FloatArray, Grid, parse_range
from landscape.hdf5 import floats, plain
from landscape.quantity import Quantity
from landscape.storable import check_size
from landscape.surface import Surface

_AXES, _DONE = ("x", "y"), "done"
_TRUTH = {"true": 1.0, "false": 0.0}
_LARGEST = 2**28
"""Bytes of a table, or of an array or the archive that holds it."""


def surface_of(
    arrays: Mapping[str, FloatArray],
    x: FloatArray,
    y: FloatArray | None = None,
    units: Mapping[str, str] | None = None,
) -> Surface:
    """A surface of given arrays; NaN is a point that is not computed, unless ``done`` says so.

    Parameters
    ----------
    arrays
        By name, shape (len(y), len(x)), or (len(x),) on a line; ``done`` is above 0, or true, where
        a point is computed.
    x, y
        Strictly increasing coordinates; y is None for a line.
    units
        By name, where they are not nats for a loss and none for all else.

    Raises
    ------
    InputError
        If there is no array, or a shape is not that of the coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> from landscape.elsewhere import surface_of
    >>> axis = np.linspace(-1, 1, 5)
    >>> surface_of({"loss": axis[:, None] ** 2 + axis**2}, axis, axis).main_quantity
    'loss'
    """
    grid = Grid(x, y)
    held = {name: np.asarray(given, dtype=np.float64) for name, given in arrays.items()}
    for name, array in held.items():
        if array.shape != grid.shape:
            raise InputError(
                f"{name} has shape {array.shape}, but the coordinates give {grid.shape} (ny, nx)"
            )
    computed = held.pop(_DONE, None)
    if not held:
        raise InputError("there are coordinates but no values; expected an array or column")
    quantities, values = {}, {}
    for name, array in held.items():
        quantity = Quantity(name).called(name)
        unit = (units or {}).get(name) or ("nats" if quantity.is_loss else "1")
        if quantity.kind.guesses > 0 and (unit == "%" or np.nanmax(array, initial=0.0) > 1):
            array, unit = array / 100.0, "1"
        quantities[name], values[name] = quantity.beside(units=unit), array
    if computed is None:
        done = ~np.all([np.isnan(array) for array in values.values()], axis=0)
    else:
        done = computed > 0
        values = {name: np.where(done, array, np.nan) for name, array in values.items()}
    return Surface(grid, quantities, values, done, {"source": "computed elsewhere"})


def suffix_of(path: Path) -> str:
    """The suffix that a file is read by, which for an HDF5 file is none, whatever its name is."""
    return "" if path.is_file() and h5py.is_hdf5(path) else path.suffix.lower()


def read_elsewhere(path: Path) -> Surface:
    """Read a table (``.csv``, ``.tsv``) or arrays of NumPy (``.npz``).

    A table has a header; columns ``x`` (and ``y``) are coordinates, one row is one point, in any
    order, and points that are missing are not computed. A column without a name, which pandas
    writes for its rows, is left out. An ``.npz`` has arrays ``x`` (and ``y``) and values of shape
    (ny, nx).

    Raises an InputError if it cannot be read as that.
    """
    if path.stat().st_size > _LARGEST:
        raise InputError(f"{path} has {path.stat().st_size:,} bytes; expected at most {_LARGEST:,}")
    try:
        return READERS[path.suffix.lower()](path)
    except InputError as error:
        said = error.marked
        raise InputError(said if said.startswith(str(path)) else f"{path}: {said}") from None
    except (OSError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as {path.suffix}: {error}") from None


def read_array(path: Path, x: str, y: str | None = None) -> Surface:
    """Read an array of NumPy (``.npy``), which has no coordinates, on the given ranges.

    ``x``, ``y``: ``-1:1`` or ``-1:1:51``; without a number of points, that of the array. The name
    of the quantity is that of the file if it says what the values are, as in ``test_loss.npy``, and
    ``loss`` otherwise. Raises an InputError if the array does not fit.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)  # no larger than the file
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or one_line(error)}") from None
    except (ValueError, EOFError):
        raise InputError(
            f"{path} cannot be read as .npy: it is damaged, or holds objects; expected an array of "
            "numbers, as numpy.save writes it"
        ) from None
    dimensions = 1 if y is None else 2
    if (
        not isinstance(array, np.ndarray)
        or array.ndim != dimensions
        or array.dtype.kind not in "fiu"
    ):
        came = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        wanted = "(nx,), or (ny, nx) if y has a range too" if y is None else "(ny, nx)"
        raise InputError(f"{path} holds {came}; expected numbers of shape {wanted}")
    if array.nbytes > _LARGEST:
        raise InputError(f"{path} has {array.nbytes:,} bytes; expected at most {_LARGEST:,}")
    axes = []
    for name, text, count in zip(_AXES, (x, y), array.shape[::-1], strict=False):
        ends = str(text).strip()
        axes.append(parse_range(ends if ends.count(":") > 1 else f"{ends}:{count}", name))
    quantity = path.stem if Quantity("").called(path.stem).kind.words else "loss"
    return surface_of({quantity: array.astype(np.float64)}, *_two(axes))


def is_labelled(file: h5py.File) -> bool:
    """Whether an open HDF5 file has coordinates ``x`` but is not of this package."""
    return "x" in file and "schema" not in file.attrs and isinstance(file["x"], h5py.Dataset)


def read_labelled(file: h5py.File, path: Path) -> Surface:
    """Arrays on ``x`` (and ``y``) in an HDF5 file, such as a netCDF file that xarray wrote."""
    axes = [floats(file, name) for name in _AXES if name in file]
    shape = tuple(axis.size for axis in reversed(axes))
    arrays, units = {}, {}
    for name, dataset in file.items():
        if name in _AXES or not isinstance(dataset, h5py.Dataset):
            continue
        if (
            dataset.dtype.kind in "fiub"
            and dataset.shape in (shape, shape[::-1])
            and dataset.ndim == len(shape)
        ):
            names = [dim[0].name.rpartition("/")[2] if len(dim) else "" for dim in dataset.dims]
            array = floats(file, name)
            arrays[name] = array.T if names == ["x", "y"] or dataset.shape != shape else array
            units[name] = str(plain(dataset.attrs["units"])) if "units" in dataset.attrs else ""
    try:
        return surface_of(arrays, *_two(axes), units)
    except InputError as error:
        raise InputError(f"{path}: {error.marked}") from None


def _table(path: Path) -> Surface:
    with path.open(newline="", encoding="utf-8-sig") as file:
        sample = file.read(4096)
        file.seek(0)
        delimiter = max(",;\t", key=sample.partition("\n")[0].count)
        header, *rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    names = [name.strip() for name in header]
    check_names(names)
    if "x" not in names:
        raise InputError(f"the columns are {', '.join(names[:6])}; expected x (and y) among them")
    table = np.array([[_number(cell) for cell in row] for row in rows], dtype=np.float64)
    if table.size == 0 or table.shape[1] != len(names):
        raise InputError(f"{len(rows)} rows do not fit {len(names)} columns of numbers")
    columns = dict(zip(names, table.T, strict=True))
    columns.pop("", None)
    return of_columns(columns)


def _number(cell: str) -> float:
    truth = _TRUTH.get(cell.strip().lower())
    return float(cell or "nan") if truth is None else truth


def check_names(columns: Sequence[str]) -> None:
    """Raise an InputError if two columns of a table have one name."""
    twice = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if twice:
        raise InputError(f"two columns are called {twice[0]!r}; give one of them another name")


def of_columns(columns: dict[str, FloatArray]) -> Surface:
    """A surface of columns ``x`` (and ``y``) and values, one row for each point, in any order.

    Raises an InputError if a point comes more than once, or the points are far from a grid.
    """
    present = [name for name in _AXES if name in columns]
    places = [np.unique(columns.pop(name), return_inverse=True) for name in present]
    grid = Grid(*_two([values for values, _ in places]))
    check_size(grid, len(columns))
    shape = grid.shape
    index = np.ravel_multi_index([at for _, at in reversed(places)], shape)
    if len(np.unique(index)) < len(index):
        raise InputError(f"{len(index) - len(np.unique(index))} points come more than once")
    arrays = {}
    for name, column in columns.items():
        arrays[name] = np.full(shape, np.nan)
        arrays[name].flat[index] = column
    return surface_of(arrays, grid.x, grid.y)


def _arrays(path: Path) -> Surface:
    from landscape.data.npz import names_in_npz, read_npz

    names = names_in_npz(path)
    held = dict(zip(names, read_npz(path, names, _LARGEST), strict=True))
    if "x" not in held:
        raise InputError(f"it has {', '.join(list(held)[:6])}; expected x (and y) among them")
    axes = [held.pop(name).astype(np.float64) for name in _AXES if name in held]
    shape = tuple(axis.size for axis in reversed(axes))
    return surface_of({n: a for n, a in held.items() if a.shape == shape}, *_two(axes))


def _two(axes: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray | None]:
    return axes[0], axes[1] if len(axes) > 1 else None


READERS: dict[str, Callable[[Path], Surface]] = {".csv": _table, ".tsv": _table, ".npz": _arrays}
"""By suffix."""
