"""The 3-D shape of a surface as drawn, in a box one unit wide.

All 3-D output has this shape: the figures of both renderers, exported meshes and movies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from landscape.errors import InputError
from landscape.grid import FloatArray, IntArray
from landscape.render.heights import Heights
from landscape.render.scale import Scale
from landscape.render.space.interpolate import Fine, refine, statement
from landscape.render.words.captions import name_of

HEIGHT = 0.65
"""Height of the box in units of its width."""
_MOST = 1000


@dataclass(frozen=True, eq=False)
class Relief:
    """One 3-D panel.

    Attributes
    ----------
    panel, scale
        The panel, and the scale that it shares with others.
    fine
        Its points: coordinates in the unit of the axes, heights on the scale, NaN for holes.
    logarithmic
        From 0, where the height on a log scale is proportional to the value, to 1, where it is
        proportional to the logarithm. In between the height is interpolated, for movies.
        Colours always follow the scale.
    said
        Further notes for the reader, for example that a run is unfinished.
    """

    panel: Heights
    scale: Scale
    fine: Fine
    logarithmic: float = 1.0
    said: tuple[str, ...] = ()

    @property
    def across(self) -> FloatArray:
        """x from -0.5 to 0.5, shape (nx,)."""
        return _unit(self.fine.x)

    @property
    def along(self) -> FloatArray:
        """y from -0.5 to 0.5, shape (ny,)."""
        return _unit(self.fine.y)

    @property
    def up(self) -> FloatArray:
        """Heights in units of the box's width, from 0 to HEIGHT, shape (ny, nx), NaN for holes."""
        return self.raised(self.fine.heights)

    @property
    def best(self) -> FloatArray:
        """The position of the marked point in the box, shape (3,)."""
        (j, i), (x, y) = self.panel.best, self.panel.surface.grid.plane
        place = _unit(x)[i], _unit(y)[j]
        return np.array([*place, self.raised(self.panel.heights[j, i])])

    @property
    def best_index(self) -> tuple[int, int]:
        """The drawn point (j, i) nearest to the marked one; the same if no point is left out."""
        x, y, _ = self.best
        return int(np.abs(self.along - y).argmin()), int(np.abs(self.across - x).argmin())

    def raised(self, heights: FloatArray) -> FloatArray:
        """Heights on the scale as heights in the box."""
        bottom, top = self.scale.bottom, self.scale.top
        part = (heights - bottom) / (top - bottom)
        if self.logarithmic < 1 and self.scale.kind == "log":
            # In units of the largest value, which may be too large to be taken to the power of 10.
            least = 10.0 ** (bottom - top)
            plain = (10.0 ** (heights - top) - least) / (1 - least)
            part = self.logarithmic * part + (1 - self.logarithmic) * plain
        return HEIGHT * part

    def points(self) -> FloatArray:
        """All points in the box, shape (ny, nx, 3), NaN heights for holes."""
        across, along = np.meshgrid(self.across, self.along)
        return np.stack([across, along, self.up], axis=-1)

    @property
    def words(self) -> str:
        """``cubic interpolation of log10(loss) between 51 x 51 sampled points``."""
        name = self.panel.quantity.name
        words = {"log": f"log10({name})", "symlog": f"the signed logarithm of {name}"}
        what = words.get(self.scale.kind, name)
        return statement(self.fine, self._drawn_samples, what)

    @property
    def notes(self) -> list[str]:
        """Notes for the reader about the shape itself."""
        drawn, sampled = self._drawn_samples, self.panel.values.shape
        if drawn == sampled:
            return [*self.said]
        return [*self.said, f"Showing {_size(drawn)} of {_size(sampled)} points."]

    @property
    def _drawn_samples(self) -> tuple[int, ...]:
        (ny, nx), (across, upward) = self.fine.heights.shape, self.fine.parts
        return ((ny - 1) // upward + 1, (nx - 1) // across + 1)


def relief(panel: Heights, scale: Scale, interpolate: str, cells: int, most: int = _MOST) -> Relief:
    """The shape of a panel.

    ``interpolate``: ``cubic`` or ``none``, see :func:`landscape.render.space.interpolate.refine`.
    ``cells``: cells are divided until there are about this many along each axis. ``most``: of a
    grid with more cells along an axis every second (third, …) point is taken. Raises an InputError
    if the surface has no cell with four corners to draw, or the interpolation is unknown.
    """
    x, y = panel.surface.x, panel.surface.y
    if y is None or x.size < 2 or y.size < 2:
        raise InputError(
            f"a 3-D surface needs at least 2 × 2 points, this one has {panel.surface.grid}; "
            "draw it as a curve"
        )
    rows, columns = _every(y.size, most), _every(x.size, most)
    heights = panel.heights[np.ix_(rows, columns)]
    corners = heights[:-1, :-1] + heights[:-1, 1:] + heights[1:, :-1] + heights[1:, 1:]
    if np.isnan(corners).all():
        raise InputError(
            f"{name_of(panel.surface)} has no cell whose four corners are all computed and finite, "
            "so there is no surface to draw yet; continue sampling, or draw contours"
        )
    # Clipped after the interpolation, so that the edge is smooth rather than stepped.
    whole = _uncut(panel.values, scale)[np.ix_(rows, columns)]
    fine = refine(x[columns], y[rows], whole, interpolate, cells)
    cut = np.clip(fine.heights, scale.bottom, scale.top)
    return Relief(panel, scale, replace(fine, heights=cut))


def described(reliefs: Sequence[Relief]) -> str:
    """What was drawn and how it was interpolated, for a file's metadata."""
    return "; ".join(dict.fromkeys(shape.words for shape in reliefs))


def _uncut(values: FloatArray, scale: Scale) -> FloatArray:
    """Heights that exceed the scale, by at most its length."""
    values = scale.mapped(values)
    length = scale.top - scale.bottom
    return np.clip(values, scale.bottom - length, scale.top + length)


def _every(points: int, most: int) -> IntArray:
    step = -(-(points - 1) // most)
    return np.unique(np.append(np.arange(0, points, step), points - 1))


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]:,} × {shape[0]:,}"


def _unit(axis: FloatArray) -> FloatArray:
    # Divided first: the difference of the ends of an axis could overflow.
    size = max(abs(axis[0]), abs(axis[-1]))
    low, high = axis[0] / size, axis[-1] / size
    unit: FloatArray = (axis / size - low) / (high - low) - 0.5
    return unit
