"""Figures of several surfaces side by side on one scale, of any style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.render.figure.options import PlaneLook, takes
from landscape.render.resolve import one_kind
from landscape.render.styles import STYLES
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(PlaneLook)
def side_by_side(
    surfaces: Sequence[Surface],
    style: str | None = None,
    *,
    elevation: float | None = None,
    azimuth: float | None = None,
    interpolate: str | None = None,
    renderer: str | None = None,
    columns: int | None = None,
    **look: Unpack[PlaneLook],
) -> Figure:
    """One or more surfaces in one figure, on one scale, with one colour bar.

    Parameters
    ----------
    style
        ``contour``, ``filled``, ``lines``, ``heatmap``, ``surface``, ``curve`` or ``path``; None
        is contour for planes and curve for lines.
    elevation, azimuth, interpolate, renderer
        Of style ``surface``, as for :func:`landscape.render.surface3d`.
    columns
        Number of columns; None adapts it to the number of surfaces and the width.

    Returns
    -------
    A figure of exactly the requested width.

    Raises
    ------
    InputError
        If lines and planes are mixed, a surface lacks the quantity, the columns do not fit, or
        there is nothing to draw.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> names = ["digits_eigen_ratio", "digits_eigen_ratio_noshort"]
    >>> figure = render.side_by_side([open_surface(f"example:{name}") for name in names], "heatmap")
    >>> float(figure.get_figwidth())  # inches
    6.75
    """
    style = one_kind(surfaces, style)
    draw: Callable[..., Figure] = STYLES[style].load()
    if style == "surface":
        view = {"elevation": elevation, "azimuth": azimuth, "interpolate": interpolate}
        return draw(surfaces, look, renderer=renderer, columns=columns, **view)
    if interpolate or renderer:
        raise InputError(f"style {style} takes neither interpolate nor renderer: use style surface")
    return draw(surfaces, look, columns)
