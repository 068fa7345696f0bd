"""The drawn cells of a relief as quadrilaterals over the points they use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.grid import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Facets:
    """Quadrilaterals, counterclockwise seen from above.

    ``faces``: shape (faces, 4): numbers of points, counted among those that are used. ``used``:
    shape (points,): which points of the flattened grid they are.
    """

    faces: IntArray
    used: IntArray


def whole_cells(heights: FloatArray) -> npt.NDArray[np.bool_]:
    """Which cells, shape (ny - 1, nx - 1), have a height at each of their corners."""
    there = np.isfinite(heights)
    whole: npt.NDArray[np.bool_] = there[:-1, :-1] & there[:-1, 1:] & there[1:, :-1] & there[1:, 1:]
    return whole


def facets(cells: npt.NDArray[np.bool_]) -> Facets:
    """The cells, shape (ny - 1, nx - 1), that are True."""
    j, i = np.nonzero(cells)
    nx = cells.shape[1] + 1
    corner = j * nx + i
    around = np.stack([corner, corner + 1, corner + nx + 1, corner + nx], axis=1)
    used, faces = np.unique(around, return_inverse=True)
    return Facets(faces.reshape(-1, 4).astype(np.int64), used.astype(np.int64))
