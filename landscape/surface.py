"""A sampled surface in memory: a grid, the quantities on it, and their origin.

This module only needs numpy, so a saved surface can be opened, examined and drawn without torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from landscape.accessors import accessor
from landscape.deprecated import warn_renamed
from landscape.errors import InputError, unknown_choice
from landscape.grid import FloatArray, Grid
from landscape.kept import Kept
from landscape.quantity import HIGHER, Quantity, known, main_of

if TYPE_CHECKING:
    from pathlib import Path

    from landscape.render.accessor import SurfacePlot

__all__ = ["HEAVY_TAIL", "NEGATIVE_VARIANCES", "Attribute", "Quantity", "Surface", "Trajectory"]

Attribute = str | int | float | bool
"""An attribute of a surface: text or a number."""

NEGATIVE_VARIANCES = "negative_variances"
"""The attribute that counts the points where an interpolated batch-norm variance is below 0."""

HEAVY_TAIL = "tolerance_tail"
"""The attribute that names the losses for which the interval of a sample cannot be promised."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A path through weight space (the checkpoints of a training run) projected on the plane.

    Attributes
    ----------
    x, y
        Shape (steps,): projection of each checkpoint, in grid coordinates.
    loss
        Shape (steps,): the loss of the checkpoint itself, which is off the plane; or None.
    plane_loss
        Shape (steps,): the loss of its projection, the nearest point of the plane; or None.
    distance
        Shape (steps,): distance of the checkpoint from the plane (Euclidean norm in weight space);
        or None.
    step
        Shape (steps,): the number of each checkpoint, such as its epoch; or None.
    """

    x: FloatArray
    y: FloatArray
    loss: FloatArray | None = None
    plane_loss: FloatArray | None = None
    distance: FloatArray | None = None
    step: FloatArray | None = None

    def until(self, steps: int) -> Trajectory:
        """The first steps of the path."""
        held: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        cut: dict[str, Any] = {n: None if v is None else v[:steps] for n, v in held.items()}
        return Trajectory(**cut)

    def __post_init__(self) -> None:
        for name, given in self.arrays().items():
            values = np.array(given, dtype=np.float64)
            if values.ndim != 1 or values.size == 0 or values.shape != np.shape(self.x):
                raise InputError(
                    f"trajectory: {name} has shape {values.shape}, but x has shape "
                    f"{np.shape(self.x)}; expected one number per step, for at least one step"
                )
            if name in ("x", "y") and not np.isfinite(values).all():
                raise InputError(f"trajectory: {name} must be finite, got {values.tolist()}")
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays that are not None, by name."""
        named = {"x": self.x, "y": self.y, "loss": self.loss, "plane_loss": self.plane_loss}
        named |= {"distance": self.distance, "step": self.step}
        return {name: values for name, values in named.items() if values is not None}


@dataclass(eq=False)
class Surface:
    """Values of one or more quantities on a grid of a plane (or line) in weight space.

    Attributes
    ----------
    grid
        The coordinates; ``values[name][j, i]`` is the value at ``grid.y[j], grid.x[i]``.
    values
        A float64 array of ``grid.shape`` per quantity. Missing points are NaN, but only ``done``
        tells which they are: a computed value may also be NaN or infinite.
    quantities
        The quantity of each array, with its unit and which way is better.
    done
        Boolean, ``grid.shape``: True for computed points.
    attributes
        The origin of the surface: network, data, precision, versions, …
    axes
        Description of the direction per axis (``x``, ``y``): kind, normalization, seed, norm, …
    trajectories
        Paths of training runs in this plane, by name; pictures draw them over the contours.
    file
        The file it was opened from, or empty.
    kept
        What a run that is not complete needs of its points: see :mod:`landscape.kept`.

    Examples
    --------
    >>> import numpy as np
    >>> from landscape import Grid, Surface
    >>> from landscape.surface import Quantity
    >>> grid = Grid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 3))
    >>> bowl = grid.y[:, None] ** 2 + grid.x**2
    >>> done = np.ones(grid.shape, dtype=bool)
    >>> surface = Surface(grid, {"loss": Quantity("a bowl", "nats")}, {"loss": bowl}, done)
    >>> surface["loss"][0].tolist()
    [2.0, 1.25, 1.0, 1.25, 2.0]
    """

    grid: Grid
    quantities: dict[str, Quantity]
    values: dict[str, FloatArray] = field(default_factory=dict)
    done: npt.NDArray[np.bool_] = None  # type: ignore[assignment]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    axes: dict[str, dict[str, Attribute]] = field(default_factory=dict)
    trajectories: dict[str, Trajectory] = field(default_factory=dict)
    file: str = ""
    kept: Kept = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.done is None:
            self.done = np.zeros(self.grid.shape, dtype=bool)
        for name in self.quantities:
            if name not in self.values:
                self.values[name] = np.full(self.grid.shape, math.nan)
        for name, array in {**self.values, "done": self.done}.items():
            if array.shape != self.grid.shape:
                raise InputError(
                    f"{name} has shape {array.shape}, but the grid is {self.grid.shape} "
                    "(ny, nx): values[j, i] belongs to y[j], x[i]"
                )
        for name in self.grid.axes:
            self.axes.setdefault(name, {})

    @property
    def x(self) -> FloatArray:
        """Coordinates along the first direction, shape (nx,)."""
        return self.grid.x

    @property
    def y(self) -> FloatArray | None:
        """Coordinates along the second direction, shape (ny,), or None on a line."""
        return self.grid.y

    @property
    def complete(self) -> bool:
        """Whether every point has been computed."""
        return bool(self.done.all())

    @property
    def main_quantity(self) -> str:
        """The default quantity of pictures: the first loss."""
        return main_of(self.quantities)

    def quantity(self, name: str) -> Quantity:
        """A quantity with its parts, its unit and which way is better.

        Raises
        ------
        InputError
            If the surface does not have it.
        """
        return known(self.quantities, name)

    def __getitem__(self, quantity: str) -> FloatArray:
        """The values of one quantity, shape ``grid.shape``; NaN where not computed yet."""
        if quantity not in self.values:
            raise unknown_choice("quantity", quantity, self.quantities)
        return self.values[quantity]

    def missing(self) -> npt.NDArray[np.int64]:
        """Flat indices of the points not computed yet."""
        return np.flatnonzero(~self.done.ravel())

    def record(self, index: int, values: Mapping[str, float]) -> None:
        """Record the values of a computed point, by its flat index."""
        for name in self.quantities:
            self.values[name].flat[index] = values[name]
        self.done.flat[index] = True

    def minimum(self, quantity: str | None = None) -> tuple[float, dict[str, float]]:
        """The smallest finite computed value and its coordinates.

        Raises
        ------
        InputError
            If no point holds a finite value.
        """
        name = quantity or self.main_quantity
        value, index = self._extreme(name, 1.0)
        where = {"x": float(self.x[index[-1]])}
        if self.y is not None:
            where["y"] = float(self.y[index[0]])
        return value, where

    def best(self, quantity: str | None = None) -> tuple[float, tuple[int, ...]]:
        """The best finite computed value and its index: the largest if higher is better.

        Raises
        ------
        InputError
            If no point holds a finite value.
        """
        name = quantity or self.main_quantity
        return self._extreme(name, -1.0 if self.quantity(name).better == HIGHER else 1.0)

    def _extreme(self, name: str, sign: float) -> tuple[float, tuple[int, ...]]:
        usable = np.where(self.done & np.isfinite(self[name]), sign * self[name], math.inf)
        if not np.isfinite(usable).any():
            end = "minimum" if sign > 0 else "maximum"
            raise InputError(f"{name} has no finite value, so it has no {end}")
        index = np.unravel_index(int(np.argmin(usable)), self.grid.shape)
        return float(self[name][index]), tuple(int(i) for i in index)

    @property
    def plot(self) -> SurfacePlot:
        """Plotting methods, such as ``surface.plot.contour()``."""
        pictures: SurfacePlot = accessor("plot", self)
        return pictures

    def plot_contour(self, **style: Any) -> Any:
        """``plot.contour``."""
        return self.plot.contour(**style)

    def plot_heatmap(self, **style: Any) -> Any:
        """``plot.heatmap``."""
        return self.plot.heatmap(**style)

    def plot_surface(self, **style: Any) -> Any:
        """``plot.surface``."""
        return self.plot.surface(**style)

    def plot_curve(self, **style: Any) -> Any:
        """``plot.curve``."""
        return self.plot.curve(**style)

    def plot_trajectory(self, **style: Any) -> Any:
        """``plot.trajectory``."""
        return self.plot.trajectory(**style)

    def plot_path(self, **style: Any) -> Any:
        """The earlier name of :meth:`plot_trajectory`."""
        warn_renamed("plot_path", "plot_trajectory")
        return self.plot.trajectory(**style)

    def explore(self, **style: Any) -> Any:
        """``plot.explore``: the interactive page, in the cell of a notebook."""
        return self.plot.explore(**style)

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset``: a variable per quantity on the coordinates, with all attributes.

        It needs the extra ``notebook``.

        >>> import landscape
        >>> landscape.open_surface("example:digits_path").to_xarray()["train_loss"].dims
        ('y', 'x')
        """
        return accessor("tables", self).xarray()

    def to_dataframe(self) -> Any:
        """A tidy ``pandas.DataFrame``: a row per point, a column per coordinate and quantity.

        It needs the extra ``notebook``.

        >>> import landscape
        >>> landscape.open_surface("example:digits_between").to_dataframe().columns[0]
        'x'
        """
        return accessor("tables", self).dataframe()

    def to_html(self, path: str | Path, **style: Any) -> Path:
        """``plot.html``."""
        return self.plot.html(path, **style)

    def _repr_png_(self) -> bytes | None:
        return self.plot.png()

    def __repr__(self) -> str:
        done = int(self.done.sum())
        state = "" if self.complete else f", {done}/{self.grid.size} points computed"
        return f"<Surface {self.grid}: {', '.join(self.quantities)}{state}>"
