"""Surfaces from a formula, for tests of what is measured on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from landscape.grid import Grid
from landscape.surface import Attribute, Quantity, Surface

Formula = Callable[..., npt.NDArray[np.float64]]

UNEQUAL_X = np.array([-1.0, -0.83, -0.7, -0.45, -0.31, -0.2, -0.06, 0.0, 0.1, 0.14, 0.4, 0.66, 0.9])
UNEQUAL_Y = np.array([-0.9, -0.5, -0.44, -0.2, 0.0, 0.07, 0.3, 0.52, 0.8, 1.1])


def surface_of(
    formula: Formula,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    stderr: npt.ArrayLike | None = None,
    axes: tuple[dict[str, Attribute], ...] = (),
    **attributes: Attribute,
) -> Surface:
    """A complete surface with ``loss = formula(x[, y])`` on meshes of shape (ny, nx), or (nx,)."""
    grid = Grid(*[np.asarray(a, dtype=np.float64) for a in (x, y) if a is not None])
    meshes = np.meshgrid(*grid.axes.values(), indexing="xy")
    quantities = {"loss": Quantity("loss", "nats")}
    values = {"loss": np.broadcast_to(formula(*meshes), grid.shape).astype(np.float64)}
    if stderr is not None:
        quantities["loss_stderr"] = Quantity("its standard error", "nats")
        values["loss_stderr"] = np.broadcast_to(stderr, grid.shape).astype(np.float64)
    surface = Surface(grid, quantities, values, np.ones(grid.shape, bool), dict(attributes))
    for name, facts in zip(grid.axes, axes, strict=False):
        surface.axes[name] = facts
    return surface


def put(surface: Surface, index: tuple[int, ...], value: float) -> None:
    """Another value at one point."""
    surface.values["loss"][index] = value


def undo(surface: Surface, index: tuple[int, ...]) -> None:
    """Make a point one that is not computed."""
    surface.values["loss"][index] = np.nan
    surface.done[index] = False
