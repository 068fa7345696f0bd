"""``.vtp`` and ``.vts``: the sampled points with all their values, for ParaView and VTK."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.extras import pyvista
from landscape.grid import FloatArray, IntArray
from landscape.render.mesh.facets import facets, whole_cells
from landscape.render.mesh.paths import lines_on
from landscape.render.mesh.scenery import Shape, notes
from landscape.render.space.relief import HEIGHT, Relief
from landscape.render.words.captions import name_of
from landscape.surface import Surface

_ALL = 10**9


def write_grid(
    surfaces: Sequence[Surface], path: Path, style: str | None = None, **shape: Any
) -> Path:
    """Write the samples of one surface, without interpolation.

    Points lie at (x, y) of the plane and rise to their drawn height. Every quantity is point data
    as it is stored, unclipped; together with ``done`` and the drawn ``height`` (log10 of the value
    on a log scale). Where the surface came from is field data, one array per attribute. ``.vtp``
    leaves out cells with a hole at a corner, ``.vts`` hides them. Trajectories are lines of a
    ``.vtp`` on the surface, whose points hold ``path`` (its number, 0 on the surface), ``path
    loss`` (the checkpoint's own), ``path plane_loss``, ``path distance`` and ``path step``; their
    names are field data. A ``.vts`` file cannot contain lines. Raises an InputError if there are
    several surfaces, nothing to write, or PyVista is not installed.

    ``shape``: the attributes of :class:`landscape.render.mesh.scenery.Shape`, but for
    ``interpolate``.
    """
    pv = pyvista(f"writing {path.suffix} files")
    if len(surfaces) > 1:
        raise InputError(
            f"a {path.suffix} file holds one surface, got {len(surfaces)}: write one file for "
            "each, with the same norm_range for one scale (.glb holds several side by side)"
        )
    options = Shape(**shape, interpolate="none")
    (relief,) = options.reliefs(surfaces, 1, _ALL)
    mesh = _points(pv, relief, options, surfaces[0]) if path.suffix.lower() == ".vts" else None
    mesh = _cells(pv, relief, options, surfaces[0]) if mesh is None else mesh
    for name, text in _provenance(surfaces[0], relief).items():
        mesh.GetFieldData().AddArray(_text(name, text))
    with replacing(path) as temporary, TemporaryDirectory() as folder:
        written = Path(folder) / f"surface{path.suffix.lower()}"  # how PyVista knows the format
        mesh.save(written)
        temporary.write_bytes(written.read_bytes())
    return path


def _places(relief: Relief, options: Shape) -> FloatArray:
    """(x, y) of the plane, and heights in the requested proportion."""
    x, y = relief.fine.x, relief.fine.y
    raised = relief.up * _per_height(relief, options)
    return np.stack([*np.meshgrid(x, y), raised], axis=-1).reshape(-1, 3)


def _data(relief: Relief, surface: Surface) -> dict[str, Any]:
    values = {name: array.ravel() for name, array in surface.values.items()}
    done = surface.done.ravel().astype(np.uint8)
    return {**values, "done": done, "height": relief.fine.heights.ravel()}


def _points(pv: Any, relief: Relief, options: Shape, surface: Surface) -> Any:
    grid = pv.StructuredGrid()
    grid.points = np.nan_to_num(_places(relief, options))  # hidden below
    grid.dimensions = (surface.x.size, len(relief.fine.y), 1)
    for name, array in _data(relief, surface).items():
        grid.point_data[name] = array
    holes = np.flatnonzero(np.isnan(relief.fine.heights))
    if holes.size:
        grid.hide_points(holes)
        grid.hide_cells(np.flatnonzero(~whole_cells(relief.fine.heights)), inplace=True)
    grid.set_active_scalars(relief.panel.quantity.name)
    return grid


def _cells(pv: Any, relief: Relief, options: Shape, surface: Surface) -> Any:
    cells = facets(whole_cells(relief.fine.heights))
    places = _places(relief, options)[cells.used]
    data = {name: array[cells.used] for name, array in _data(relief, surface).items()}
    if not surface.trajectories:
        mesh = pv.PolyData.from_regular_faces(places, cells.faces)
    else:
        mesh, data = _with_paths(pv, relief, options, surface, places, cells.faces, data)
    for name, array in data.items():
        mesh.point_data[name] = array
    mesh.set_active_scalars(relief.panel.quantity.name)
    return mesh


def _with_paths(
    pv: Any,
    relief: Relief,
    options: Shape,
    surface: Surface,
    places: FloatArray,
    faces: IntArray,
    data: dict[str, Any],
) -> tuple[Any, dict[str, Any]]:
    """The mesh with the trajectories as lines, and the data of all its points."""
    paths = lines_on(relief, surface)
    raised = relief.raised(paths.places[:, 2]) * _per_height(relief, options)
    points = np.concatenate([places, np.column_stack([paths.places[:, :2], raised])])
    squares = np.column_stack([np.full(len(faces), faces.shape[1]), faces]).ravel()
    lines = [np.concatenate([[line.size], line + len(places)]) for line in paths.lines]
    mesh = pv.PolyData(
        points, faces=squares, lines=np.concatenate(lines) if lines else None, verts=None
    )
    count, own = len(paths.places), len(places)
    # Grid quantities are unknown at the steps, and the steps' own losses on the grid.
    gaps = {name: np.zeros(count) if name == "done" else np.full(count, np.nan) for name in data}
    gaps["height"] = paths.places[:, 2]
    whole = {name: np.append(array, gaps[name]) for name, array in data.items()}
    whole["done"] = whole["done"].astype(np.uint8)
    empty = {name: np.full(own, 0.0 if name == "path" else np.nan) for name in paths.facts}
    whole |= {name: np.append(empty[name], array) for name, array in paths.facts.items()}
    return mesh, whole


def _per_height(relief: Relief, options: Shape) -> float:
    x = relief.fine.x
    return float(options.height_ratio / HEIGHT * (x[-1] - x[0]))


def _text(name: str, text: str) -> Any:
    from vtkmodules.vtkCommonCore import vtkStringArray

    array = vtkStringArray()  # PyVista's own way takes ASCII only
    array.SetName(name)
    array.InsertNextValue(text)
    return array


def _provenance(surface: Surface, relief: Relief) -> dict[str, Any]:
    axes = {
        f"{axis} {key}": value
        for axis, facts in surface.axes.items()
        for key, value in facts.items()
    }
    paths = {f"path {k}": name for k, name in enumerate(surface.trajectories, start=1)}
    units = {f"{name} unit": quantity.units for name, quantity in surface.quantities.items()}
    own = {"title": name_of(surface), "heights": relief.words, "notes": notes([relief])}
    said = {**surface.attributes, **axes, **units, **paths, **own}
    return {name: str(value) for name, value in said.items()}
