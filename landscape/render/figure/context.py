"""Figures for a talk or a poster: text, lines and marks as large as the figure itself."""

from __future__ import annotations

from typing import Any

from matplotlib import patheffects
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from landscape.render.contexts import factor_of
from landscape.render.figure.line_sheet import name_lines
from landscape.render.figure.style import StyledFigure


def enlarged(figure: StyledFigure, context: str | None) -> StyledFigure:
    """The finished figure with all its sizes, in inches and in points, multiplied."""
    factor = factor_of(context)
    if factor == 1.0:
        return figure
    width, height = figure.get_size_inches()
    figure.set_size_inches(width * factor, height * factor)
    for axes in figure.axes:
        if (legend := axes.get_legend()) is not None:
            _enlarge_legend(axes, legend, factor)
        for axis in (axes.xaxis, axes.yaxis):
            _enlarge_axis(axis, factor)
    for artist in _without_axes(figure):
        _enlarge(artist, factor)
    return figure


def _without_axes(figure: Figure) -> list[Any]:
    """All artists except those of axes, whose ticks are made anew, and of legends."""
    found: list[Any] = []

    def walk(artist: Any) -> None:
        for child in artist.get_children():
            if isinstance(child, Axis | Legend):
                continue
            found.append(child)
            walk(child)

    walk(figure)
    return found


def _enlarge(artist: Any, factor: float) -> None:
    if isinstance(artist, Text):
        artist.set_fontsize(float(artist.get_fontsize()) * factor)
        if isinstance(artist, Annotation) and artist.anncoords == "offset points":
            x, y = artist.xyann
            artist.xyann = (x * factor, y * factor)
    elif isinstance(artist, Line2D):
        artist.set_markersize(artist.get_markersize() * factor)
        artist.set_markeredgewidth(artist.get_markeredgewidth() * factor)
        artist.set_linewidth(artist.get_linewidth() * factor)
    elif isinstance(artist, Collection | Patch):
        width: Any = artist.get_linewidth()
        artist.set_linewidth(width * factor)
    effects = artist.get_path_effects() or []
    if effects:
        artist.set_path_effects([_stroke(effect, factor) for effect in effects])


def _stroke(effect: Any, factor: float) -> Any:
    look = dict(effect._gc)
    return patheffects.withStroke(**{**look, "linewidth": factor * look["linewidth"]})


def _enlarge_axis(axis: Any, factor: float) -> None:
    axis.label.set_fontsize(axis.label.get_fontsize() * factor)
    axis.labelpad *= factor
    tick = axis.get_major_ticks(1)[0]
    axis.set_tick_params(
        length=tick.tick1line.get_markersize() * factor,
        width=tick.tick1line.get_markeredgewidth() * factor,
        pad=tick.get_pad() * factor,
        labelsize=tick.label1.get_fontsize() * factor,
    )


def _enlarge_legend(axes: Any, legend: Any, factor: float) -> None:
    handles = list(legend.legend_handles)
    for handle in handles:
        _enlarge(handle, factor)
    for handle, text in zip(handles, legend.get_texts(), strict=True):
        handle.set_label(text.get_text())
    size = legend.get_texts()[0].get_fontsize() * factor
    spacing = {"handlelength": legend.handlelength, "labelspacing": legend.labelspacing}
    name_lines(axes, handles, legend._loc, size, **spacing)
