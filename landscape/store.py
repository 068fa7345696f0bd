"""Surfaces as HDF5 files.

``x`` (and ``y``) are dimension scales; every quantity is a float64 dataset on (y, x), and all draws
of one are a dataset on (draw, y, x) (:mod:`landscape.stacked`), beside a ``done`` mask, with
attributes that describe it (``long_name``, ``units``, ``better``: lower or higher, and the parts of
its name: ``split``, ``base``, ``statistic``, ``draw``); attributes of the file record its origin;
paths of training runs, if any, are in the group ``trajectories``, one group each; what a run needs
of its points (:mod:`landscape.kept`) is in ``unfinished`` until all are done. The checksum
``values_sha256`` detects damage on opening. ``xarray.open_dataset(path, engine="h5netcdf")`` shows
labelled coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from landscape.atomic import replacing
from landscape.checksum import values_sha256
from landscape.elsewhere import READERS, is_labelled, read_elsewhere, read_labelled, suffix_of
from landscape.errors import InputError
from landscape.examples import located
from landscape.grid import FloatArray, Grid
from landscape.hdf5 import plain, reading
from landscape.kept import Kept, arrays, from_arrays, sha256
from landscape.labelled import write_array, write_scale
from landscape.legacy import is_legacy, read_legacy
from landscape.quantity import Quantity
from landscape.stacked import DRAW, draw_of, stacked
from landscape.storable import (
    OF_AN_AXIS,
    OF_THE_FILE,
    UNFINISHED,
    check_storable,
    storable,
)
from landscape.surface import Surface, Trajectory

SCHEMA = 2
"""The newest. Files without draws are of schema 1, which earlier versions read too."""

_PARTS = ("split", "base", "statistic", "draw")
_TYPES = {"draw": int}
_OLD_KINDS = {"bezier": "curve"}
"""Kinds of directions by the names that earlier versions stored."""


def save_surface(surface: Surface, path: str | Path) -> Path:
    """Write a surface atomically: a reader sees the old file or the new one.

    Raises
    ------
    InputError
        If the folder is missing or cannot be written to, or the surface is larger or has other
        names than :func:`open_surface` accepts.

    Examples
    --------
    >>> from landscape import open_surface, save_surface
    >>> surface = open_surface("example:digits_path")
    >>> surface.attributes["title"] = "Two trainings"
    >>> save_surface(surface, "titled.h5").name
    'titled.h5'
    """
    check_storable(surface)
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        _write(file, surface)
    return Path(path)


def _write(file: h5py.File, surface: Surface) -> None:
    stacks = stacked(surface.quantities)
    of_draws = {name for stack in stacks.values() for name in stack.names}
    single = [name for name in surface.quantities if name not in of_draws]
    file.attrs["schema"] = SCHEMA if stacks else 1
    file.attrs["quantities"] = _listed([*single, *stacks])  # HDF5 itself has no order
    file.attrs["values_sha256"] = values_sha256(surface)
    file.attrs.update(storable(surface.attributes))
    for name, values in surface.grid.axes.items():
        long_name = f"coordinate along the {name} direction"
        facts = {"long_name": long_name, "units": "1", **storable(surface.axes[name])}
        write_scale(file, name, values, facts)
    dimensions = list(surface.grid.axes)[::-1]  # (y, x), as in the arrays
    for name in single:
        facts = _facts(surface.quantities[name])
        write_array(file, name, surface.values[name], dimensions, facts)
    if stacks:
        numbers = np.arange(1, 1 + len(next(iter(stacks.values())).names))
        write_scale(file, DRAW, numbers, {"long_name": "number of the draw", "units": "1"})
    for name, stack in stacks.items():
        values = np.stack([surface.values[one] for one in stack.names])
        write_array(file, name, values, [DRAW, *dimensions], _facts(stack.quantity))
    facts = {"long_name": "1 where the point has been computed"}
    write_array(file, "done", surface.done.astype(np.int8), dimensions, facts)
    _write_trajectories(file, surface)
    _write_kept(file, surface)


def _listed(names: Iterable[str]) -> str:
    """Names separated by spaces, or by newlines if a name contains a space."""
    kept = list(names)
    return " ".join(kept) if " ".join(kept).split() == kept else "".join(f"{n}\n" for n in kept)


def _named(text: str) -> list[str]:
    """The inverse of :func:`_listed`."""
    return text[:-1].split("\n") if text.endswith("\n") else text.split()


def _facts(quantity: Quantity) -> dict[str, str | int | float | bool]:
    """The attributes of a quantity, omitting unknown ones."""
    facts = {"long_name": quantity.long_name, "units": quantity.units}
    if quantity.better is not None:
        facts["better"] = quantity.better
    return storable(
        {**facts, **({key: getattr(quantity, key) for key in _PARTS} if quantity.base else {})}
    )


def _write_trajectories(file: h5py.File, surface: Surface) -> None:
    if not surface.trajectories:
        return
    paths = file.create_group("trajectories", track_order=True)
    for name, trajectory in surface.trajectories.items():
        group = paths.create_group(name)
        for what, values in trajectory.arrays().items():
            group[what] = values


def _write_kept(file: h5py.File, surface: Surface) -> None:
    if surface.complete:
        return
    for name, held in arrays(surface.kept, np.flatnonzero(surface.done).tolist()).items():
        group = file.require_group(UNFINISHED).create_group(name)
        group.attrs["sha256"] = sha256(held)
        for what, values in held.items():
            group[what] = values


def open_surface(path: str | Path) -> Surface:
    """Read a surface file of this package, of tomgoldstein/loss-landscape, or of other programs.

    Of other programs: tables (``.csv``, ``.tsv``) with columns ``x`` and ``y``, ``.npz``, and HDF5
    or netCDF-4 files with arrays of these names (:mod:`landscape.elsewhere`).

    Parameters
    ----------
    path
        The file, or ``example:NAME`` for a surface included in the package.

    Raises
    ------
    InputError
        If the file is missing, not HDF5, not a surface or of a later version, or the example does
        not exist.

    Examples
    --------
    >>> from landscape import open_surface
    >>> surface = open_surface("example:resnet56")
    >>> surface.grid.shape, surface.main_quantity
    ((51, 51), 'train_loss')
    """
    path = located(path)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"surface file {path} {kind}; expected an HDF5 file with a surface")
    suffix = suffix_of(path)
    if suffix == ".npy":
        raise InputError(
            f"{path} is an array without coordinates: give them with python -m landscape.convert, "
            "or from Python by landscape.elsewhere.surface_of"
        )
    if suffix in READERS:
        surface = read_elsewhere(path)
    else:
        expected = "surface written by landscape or by tomgoldstein/loss-landscape"
        with reading(path, expected) as file:
            read = read_legacy if is_legacy(file) else read_labelled if is_labelled(file) else _read
            surface = read(file, path)
    surface.file = str(path)
    return surface


def _read(file: h5py.File, path: Path) -> Surface:
    if "schema" not in file.attrs or "x" not in file or "done" not in file:
        held = ", ".join(list(file)[:6]) or "nothing"
        raise InputError(
            f"{path} is an HDF5 file but not a surface: it contains {held}; expected coordinates "
            "'x' (and 'y'), a 'done' mask and quantities"
        )
    schema = plain(file.attrs["schema"])
    listed = _named(str(file.attrs.get("quantities", "")))
    if not isinstance(schema, int) or not listed:
        raise InputError(
            f"{path} records schema {schema!r} and quantities {', '.join(listed) or 'none'}; "
            "expected a whole number and at least one quantity; the file is damaged"
        )
    if schema > SCHEMA:
        raise InputError(
            f"{path} has schema {schema}, but this version of landscape reads up to {SCHEMA}; "
            "upgrade landscape"
        )
    names = ["x", "y"] if "y" in file else ["x"]
    try:
        grid = Grid(*[_numbers(file, name, path) for name in names])
    except InputError as error:
        raise InputError(f"{path}: {error.marked}") from None
    axes = {
        name: {k: plain(v) for k, v in file[name].attrs.items() if k not in OF_AN_AXIS}
        for name in names
    }
    for facts in axes.values():
        if (kind := str(facts.get("kind"))) in _OLD_KINDS:
            facts["kind"] = _OLD_KINDS[kind]
    quantities, values = {}, {}
    stacks, repeats = [], _repeats(file, path)
    for name in listed:
        if repeats and np.ndim(file.get(name)) > len(grid.shape):
            stacks.append((_numbers(file, name, path, (repeats, *grid.shape)), name))
            continue
        values[name] = _numbers(file, name, path, grid.shape)
        quantities[name] = _quantity(file[name], name, path)
    common = [_quantity(file[name], name, path) for _, name in stacks]
    for k in range(repeats):
        for (drawn, _), quantity in zip(stacks, common, strict=True):
            one = draw_of(quantity, k + 1)
            quantities[one.name], values[one.name] = one, drawn[k]
    attributes = {k: plain(v) for k, v in file.attrs.items() if k not in OF_THE_FILE}
    done = _numbers(file, "done", path, grid.shape).astype(bool)
    paths = _trajectories(file, path)
    kept = _kept(file, path, grid)
    surface = Surface(grid, quantities, values, done, attributes, axes, paths, kept=kept)
    stated = file.attrs.get("values_sha256")  # files of earlier versions have none
    if stated is not None and stated != values_sha256(surface):
        raise InputError(
            f"{path}: the values do not match their checksum; the file is damaged, or was changed "
            "by another program (which can delete the attribute 'values_sha256' if the change is "
            "intended); restore a copy, or sample again"
        )
    return surface


def _repeats(file: h5py.File, path: Path) -> int:
    """The number of draws of a file that has a dimension for them, otherwise 0."""
    if DRAW not in file or file[DRAW].attrs.get("CLASS") != b"DIMENSION_SCALE":
        return 0
    numbers = _numbers(file, DRAW, path)
    if not np.array_equal(numbers, np.arange(1, numbers.size + 1)):
        raise InputError(f"{path}: draws are not numbered from 1; the file is damaged")
    return numbers.size


def _quantity(data: h5py.Dataset, name: str, path: Path) -> Quantity:
    """The quantity stored in an array; files of earlier versions record only name and unit."""
    said = {key: plain(data.attrs[key]) for key in ("better", *_PARTS) if key in data.attrs}
    long_name, units = data.attrs.get("long_name", name), data.attrs.get("units", "1")
    odd = [key for key, value in said.items() if type(value) is not _TYPES.get(key, str)]
    try:
        if odd:
            raise InputError(f"{odd[0]} is {said[odd[0]]!r}")
        return Quantity(str(long_name), str(units), **said)  # type: ignore[arg-type]
    except InputError as error:
        raise InputError(f"{path}: {name}: {error}; the file is damaged") from None


def _trajectories(file: h5py.File, path: Path) -> dict[str, Trajectory]:
    paths, found = file.get("trajectories"), {}
    for name in paths if isinstance(paths, h5py.Group) else ():
        group, where = paths[name], f"{path}: trajectories/{name}"
        if not isinstance(group, h5py.Group):
            raise InputError(f"{where} is not a group of arrays; the file is damaged")
        present = [k for k in ("loss", "plane_loss", "distance", "step") if k in group]
        arrays = {k: _numbers(group, k, Path(where)) for k in ("x", "y", *present)}
        try:
            found[name] = Trajectory(**arrays)
        except InputError as error:
            raise InputError(f"{where}: {error.marked}") from None
    return found


def _kept(file: h5py.File, path: Path, grid: Grid) -> Kept:
    groups, stored = file.get(UNFINISHED), {}
    for name in groups if isinstance(groups, h5py.Group) else ():
        group = groups[name]
        held = {what: np.asarray(group[what][()]) for what in group}
        stored[name] = held
        if group.attrs.get("sha256") != sha256(held):
            raise InputError(
                f"{path}: {UNFINISHED}/{name} does not match its checksum; the file is damaged: "
                "restore a copy, or sample again"
            )
    return from_arrays(stored, grid.size, str(path))


def _numbers(
    file: h5py.File, name: str, path: Path, shape: tuple[int, ...] | None = None
) -> FloatArray:
    """Read an array as float64, after checking its type and shape."""
    data = file.get(name)
    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiu":
        raise InputError(f"{path} has no numeric array {name!r}; the file is damaged")
    if shape is not None and data.shape != shape:
        raise InputError(f"{path}: {name} has shape {data.shape}, but the grid is {shape} (ny, nx)")
    return np.asarray(data[()], dtype=np.float64)
