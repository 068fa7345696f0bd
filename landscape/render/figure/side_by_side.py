"""Figures of several surfaces side by side on one scale, of any style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.render.figure.named import Named
from landscape.render.figure.options import PlaneLook, takes
from landscape.render.resolve import one_kind
from landscape.render.space.camera import Camera
from landscape.render.styles import PLANES, STYLES
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
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    samples: bool | None = None,
    scale_bar: bool | None = None,
    **look: Unpack[PlaneLook],
) -> Figure:
    """One or more surfaces in one figure, on one scale, with one colour bar.

    Parameters
    ----------
    style
        ``contour``, ``filled``, ``lines``, ``heatmap``, ``surface``, ``curve``, ``path``,
        ``barcode``, ``tree`` or ``profile``; None is contour for planes and curve for lines.
    elevation, azimuth, renderer
        Of style ``surface``, as for :func:`landscape.render.surface3d`.
    interpolate
        Of contours and surfaces: ``cubic`` (also None) or ``none``.
    columns
        Number of columns; None adapts it to the number of surfaces and the width.
    row_titles, column_titles
        Titles of rows, on the left, and of columns, above, instead of those of the panels.
    samples, scale_bar
        Of planes, as for :func:`landscape.render.contour`.

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
    named = Named(columns, row_titles, column_titles)
    Camera(elevation or 0, azimuth or 0)  # raises if unusable, also where nothing is in space
    if style == "surface":
        _refuse(style, "contour", samples=samples, scale_bar=scale_bar)
        view = {"elevation": elevation, "azimuth": azimuth, "interpolate": interpolate}
        return draw(surfaces, look, renderer=renderer, named=named, **view)
    _refuse(style, "surface", renderer=renderer)
    if STYLES[style].suits == PLANES:
        of_maps = {"interpolate": interpolate, "samples": samples, "scale_bar": scale_bar}
        return draw(surfaces, {**look, **of_maps}, named)
    _refuse(style, "contour", interpolate=interpolate, samples=samples, scale_bar=scale_bar)
    return draw(surfaces, look, named)


def _refuse(style: str, instead: str, **options: object) -> None:
    strange = [name for name, value in options.items() if value]
    if strange:
        raise InputError(f"style {style} takes no {' or '.join(strange)}: use style {instead}")
