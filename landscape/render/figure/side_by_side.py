"""Figures of several surfaces side by side on one scale, of any style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.render.figure.contour import CONTOUR, FILLED, LINES
from landscape.render.figure.curve import curves
from landscape.render.figure.heatmap import HEATMAP
from landscape.render.figure.options import PlaneLook, Shared, picked, takes
from landscape.render.figure.path import paths
from landscape.render.figure.plane_layout import planes
from landscape.render.figure.surface import surfaces as draw_surfaces
from landscape.render.resolve import one_kind
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

PLANES = {style.name: style for style in (CONTOUR, FILLED, LINES, HEATMAP)}


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
        How many panels stand side by side; None is what suits their number and the width.

    Returns
    -------
    A figure of exactly the width asked for.

    Raises
    ------
    InputError
        If lines and planes are mixed, a surface lacks the quantity, the columns do not fit, or
        nothing can be drawn.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> names = ["digits_eigen_ratio", "digits_eigen_ratio_noshort"]
    >>> figure = render.side_by_side([open_surface(f"example:{name}") for name in names], "heatmap")
    >>> float(figure.get_figwidth())  # inches
    6.75
    """
    style = one_kind(surfaces, style)
    if style == "surface":
        return draw_surfaces(
            surfaces,
            look,
            elevation=elevation,
            azimuth=azimuth,
            interpolate=interpolate or "cubic",
            renderer=renderer or "matplotlib",
            columns=columns,
        )
    if interpolate or renderer:
        raise InputError(f"style {style} takes neither interpolate nor renderer: use style surface")
    if style == "path":
        return _paths(surfaces, look, columns)
    if style == "curve":
        return curves(surfaces, look, columns)
    return planes(surfaces, PLANES[style], look, asked=columns)


def _paths(surfaces: Sequence[Surface], look: PlaneLook, columns: int | None) -> Figure:
    strange = [name for name in ("quantity", "cmap") if look.get(name)]
    if strange:
        raise InputError(
            f"style path takes no {' and no '.join(strange)}: it draws the losses that the "
            "trajectories hold, in lines"
        )
    shared: Any = picked(look, Shared)
    return paths(surfaces, shared, columns)
