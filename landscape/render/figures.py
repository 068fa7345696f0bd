"""Figures for a paper: contours, 3-D surfaces and curves, alone or side by side on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.render.captions import axis_label, axis_name, brief, name_of
from landscape.render.choice import chosen_levels, one_kind, quantity_of_all
from landscape.render.colour_bar import bar_room, colour_bar
from landscape.render.contour_panel import draw_contour
from landscape.render.curve_figure import curves, other_losses
from landscape.render.heights import Heights, prepare
from landscape.render.numerals import short
from landscape.render.panel_sheet import panel_sheet
from landscape.render.scale import Scale
from landscape.render.sheet import TICKS_BELOW, Margins, panel_width
from landscape.render.style import (
    LINE,
    STYLE,
    colour_map,
    wrap,
)
from landscape.render.surface_figure import surfaces as draw_surfaces
from landscape.surface import Surface

_CONTOUR_MARGINS = Margins(left=0.76, right=0.1, below=0.27)
_TICKS_LEFT = 0.47
_NARROW = 1.8
"""Width in inches below which panels get the short names of their axes."""


def contour(
    surface: Surface,
    *,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    ax: Any = None,
) -> Figure:
    """Filled contours of one surface, with labelled lines at round values.

    The white dot is the smallest value; the dashed white line is what guessing gives, where the
    number of classes is known. What is clipped or left open is said below the picture.

    Parameters
    ----------
    quantity
        A name in the surface; None is its first loss.
    scale
        ``log`` or ``linear``; None is log for a loss and linear for everything else.
    clip
        ``auto``, ``none`` or a number, see :func:`landscape.render.heights.prepare`.
    levels
        About how many lines, or their values in the unit of the picture (percent for an
        accuracy); None is about 8.
    cmap
        A matplotlib colour map; None is viridis.
    title
        Over the panel in place of the network's name.
    norm_range
        (low, high) of the colours, to make pictures one by one on one scale.
    ax
        Matplotlib axes to draw into, in the caller's own style and with a colour bar beside them.

    Raises
    ------
    InputError
        If there is nothing to draw, or an option is not one of those above.
    """
    look: dict[str, Any] = {"scale": scale, "clip": clip, "norm_range": norm_range}
    if ax is None:
        return side_by_side(
            [surface], "contour", quantity=quantity, levels=levels, cmap=cmap, title=title, **look
        )
    one_kind([surface], "contour")
    panels, shared = prepare([(surface, quantity_of_all([surface], quantity))], **look)
    lines = chosen_levels(levels, shared)
    norm, colours = Normalize(shared.bottom, shared.top), colour_map(cmap)
    draw_contour(ax, panels[0], shared, lines, norm, colours)
    notes = _contour_notes(panels[0])
    ax.set_xlabel("\n".join([axis_label(surface, "x"), *notes]), parse_math=False)
    ax.set_ylabel(axis_label(surface, "y"), parse_math=False)
    ax.set_title(name_of(surface) if title is None else title, parse_math=False)
    colour_bar(ax.figure, panels, shared, lines, norm, colours, {"ax": ax})
    return ax.figure


def surface3d(
    surface: Surface,
    *,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    elevation: float | None = None,
    azimuth: float | None = None,
    interpolate: str | None = None,
    renderer: str | None = None,
) -> Figure:
    """A shaded 3-D surface; height and colour are the logarithm of a loss, its ticks losses.

    Parameters are those of :func:`contour` (``levels`` are the ticks of the height), and

    Parameters
    ----------
    elevation, azimuth
        Of the camera, in degrees; None chooses the lowest view that shows the minimum.
    interpolate
        ``cubic`` (also None) passes smoothly through the samples, and nowhere beyond the corners
        of a cell (:mod:`landscape.render.interpolate`); ``none`` joins them by straight lines.
    renderer
        ``matplotlib`` (also None), or ``pyvista``: light, shine and shadow, in an image that the
        figure holds; it needs the extra ``mesh``.
    """
    return side_by_side(
        [surface],
        "surface",
        quantity=quantity,
        scale=scale,
        clip=clip,
        levels=levels,
        cmap=cmap,
        title=title,
        norm_range=norm_range,
        elevation=elevation,
        azimuth=azimuth,
        interpolate=interpolate,
        renderer=renderer,
    )


def curve(
    surface: Surface,
    *,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
) -> Figure:
    """Loss (left) and accuracy (right) along a line, each with a band of ±1.96 standard errors.

    Without ``quantity`` all losses are drawn, the first with a full line. A plane of a single row
    or column is a line too. Parameters are those of :func:`contour` (``levels`` are the ticks).
    """
    return side_by_side(
        [surface],
        "curve",
        quantity=quantity,
        scale=scale,
        clip=clip,
        levels=levels,
        title=title,
        norm_range=norm_range,
    )


def side_by_side(
    surfaces: Sequence[Surface],
    style: str | None = None,
    *,
    quantity: str | None = None,
    scale: str | None = None,
    clip: str | float = "auto",
    levels: int | Sequence[float] | None = None,
    cmap: str | None = None,
    title: str | None = None,
    norm_range: tuple[float, float] | None = None,
    elevation: float | None = None,
    azimuth: float | None = None,
    interpolate: str | None = None,
    renderer: str | None = None,
) -> Figure:
    """One or more surfaces in one figure, on one scale, with one colour bar.

    Parameters
    ----------
    style
        ``contour``, ``surface`` or ``curve``; None is contour for planes and curve for lines.
    title
        Of the only panel, or over all panels if there are more.
    others
        As for :func:`contour` and :func:`surface3d`.

    Returns
    -------
    A figure 3.5 inches wide for one surface, 7 inches for more.

    Raises
    ------
    InputError
        If lines and planes are mixed, a surface lacks the quantity, or nothing can be drawn.
    """
    style = one_kind(surfaces, style)
    name = quantity_of_all(surfaces, quantity)
    look: dict[str, Any] = {"scale": scale, "clip": clip, "norm_range": norm_range}
    if style == "surface":
        return draw_surfaces(
            surfaces,
            quantity=quantity,
            look=look,
            levels=levels,
            cmap=cmap,
            title=title,
            elevation=elevation,
            azimuth=azimuth,
            interpolate=interpolate or "cubic",
            renderer=renderer or "matplotlib",
        )
    if interpolate or renderer:
        raise InputError(f"style {style} takes neither interpolate nor renderer: use style surface")
    with mpl.rc_context(STYLE):
        if style == "curve":
            names = [name] if quantity else [name, *other_losses(surfaces[0], name)]
            return curves(surfaces, names, look, levels, title)
        panels, shared = prepare([(s, name) for s in surfaces], **look)
        return _contours(panels, shared, chosen_levels(levels, shared), cmap, title)


def _contours(
    panels: Sequence[Heights], shared: Scale, lines: FloatArray, cmap: str | None, title: str | None
) -> Figure:
    norm, colours = Normalize(shared.bottom, shared.top), colour_map(cmap)
    x, y = panels[0].surface.x, panels[0].surface.y
    assert y is not None
    # Equal units on both axes, unless that would make a strip.
    ratio = float((y[-1] - y[0]) / (x[-1] - x[0]))
    aspect = ratio if 0.5 <= ratio <= 1.6 else 1.0
    bar = bar_room(panels[0], lines, aspect * 2.0)
    margins, across, upward = _contour_labels(panels, aspect, bar)
    notes = [_contour_notes(p) for p in panels]
    columns = _contour_columns(len(panels))
    sheet = panel_sheet(panels, notes, margins, aspect, title, columns=columns, bar=bar)
    for axes, panel, x_label, y_label in zip(sheet.panels, panels, across, upward, strict=True):
        draw_contour(axes, panel, shared, lines, norm, colours)
        axes.set_xlabel("\n".join(x_label), parse_math=False)
        axes.set_ylabel("\n".join(y_label), parse_math=False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    cax = {"cax": sheet.colour_bar}
    colour_bar(sheet.figure, panels, shared, lines, norm, colours, cax)
    return sheet.figure


def _contour_columns(count: int) -> int:
    return count if count < 4 else (2 if count == 4 else 3)


def _contour_labels(
    panels: Sequence[Heights], aspect: float, bar: float
) -> tuple[Margins, list[list[str]], list[list[str]]]:
    """Margins that hold the wrapped labels of both axes, and those labels per panel."""
    margins, across, upward = _CONTOUR_MARGINS, [[""]], [[""]]
    for _ in range(3):  # more lines at the left leave less height for each: settle by repetition
        width = panel_width(_contour_columns(len(panels)), margins, bar)
        words = axis_label if width > _NARROW else axis_name
        across = [wrap(words(p.surface, "x"), width + 0.5) for p in panels]
        upward = [wrap(words(p.surface, "y"), width * aspect + 0.3) for p in panels]
        margins = Margins(
            left=_TICKS_LEFT + LINE * max(map(len, upward)),
            right=_CONTOUR_MARGINS.right,
            below=TICKS_BELOW + LINE * max(map(len, across)),
        )
    return margins, across, upward


def _contour_notes(panel: Heights) -> list[str]:
    marks = [f"○ {panel.best_words()}"]
    if panel.chance is not None:
        marks.append(f"dashed: chance level, {short(panel.chance)}")
    if panel.not_finite.any():
        marks.append("×: not finite")
    first = brief(panel.surface, panel.quantity)
    return [*filter(None, [first]), "; ".join(marks) + ".", *panel.notes]
