"""``.stl``: a closed solid with a base and sides, in millimetres, ready for 3-D printing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.atomic import replacing
from landscape.errors import InputError
from landscape.extras import pyvista
from landscape.grid import FloatArray
from landscape.render.mesh.facets import whole_cells
from landscape.render.mesh.scenery import Shape, in_range
from landscape.surface import Surface

_CELLS = 200
_MOST = 250


def write_print(
    surfaces: Sequence[Surface],
    path: Path,
    style: str | None = None,
    *,
    width_mm: float = 80.0,
    base_mm: float = 3.0,
    **shape: Any,
) -> Path:
    """Write surfaces as solids side by side, on one scale.

    A cell with a hole at a corner is open down through the base: no height is invented for it. Of a
    grid with more than 250 cells along an axis every second (third, …) point is taken. Raises an
    InputError if there is nothing to write, an option is out of range, or PyVista is not installed.

    ``width_mm``: of each surface, along x and along y. ``base_mm``: thickness of the plate below
    the lowest value of the scale. ``shape``: the attributes of
    :class:`landscape.render.mesh.scenery.Shape`.
    """
    pv = pyvista("writing .stl files")
    in_range("width_mm", width_mm, 1, 10_000)
    in_range("base_mm", base_mm, 0.01, 1_000)
    options = Shape(**shape)
    solids = []
    for k, relief in enumerate(options.reliefs(surfaces, _CELLS, _MOST)):
        points = options.points(relief, k) * width_mm
        points[..., 2] += base_mm
        solids.append(_solid(pv, points, _without_pinches(whole_cells(points[..., 2]))))
    whole = pv.merge(solids, merge_points=False) if len(solids) > 1 else solids[0]
    if not whole.is_manifold:
        raise InputError(f"{path}: the solid is not closed; write the surface as .glb instead")
    with replacing(path) as temporary, TemporaryDirectory() as folder:
        written = Path(folder) / "solid.stl"  # the suffix is how PyVista knows the format
        whole.save(written, binary=True)
        temporary.write_bytes(written.read_bytes())
    return path


def _solid(pv: Any, upper: FloatArray, cells: npt.NDArray[np.bool_]) -> Any:
    """The closed surface, of triangles, of the columns below the cells."""
    ny, nx, _ = upper.shape
    lower = upper.copy()
    lower[..., 2] = 0.0
    grid = pv.StructuredGrid()
    grid.points = np.nan_to_num(np.stack([lower, upper])).reshape(-1, 3)
    grid.dimensions = (nx, ny, 2)
    columns = grid.extract_cells(np.flatnonzero(cells.ravel()))
    return columns.extract_surface(algorithm="dataset_surface").triangulate().clean()


def _without_pinches(cells: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Remove cells until no two touch only at a corner.

    At such a corner four sides would share one edge, which is not a valid solid for a printer.
    """
    cells = cells.copy()
    while True:
        a, b = cells[:-1, :-1], cells[:-1, 1:]
        c, d = cells[1:, :-1], cells[1:, 1:]
        falling, rising = a & d & ~b & ~c, b & c & ~a & ~d
        if not (falling | rising).any():
            return cells
        cells[1:, 1:] &= ~falling
        cells[1:, :-1] &= ~rising
