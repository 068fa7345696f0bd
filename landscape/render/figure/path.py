"""Losses along the trajectories of training runs, compared with the plane, as a figure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from landscape.errors import InputError, argument
from landscape.grid import FloatArray, Grid
from landscape.render.figure.caller_axes import write_around
from landscape.render.figure.caption import Caption, captioned
from landscape.render.figure.context import enlarged
from landscape.render.figure.line_sheet import line_sheet, ticks_of
from landscape.render.figure.named import Named
from landscape.render.figure.options import Shared, of_heights, takes
from landscape.render.figure.path_panel import (
    OWN,
    PLANE,
    Steps,
    draw_distances,
    draw_losses,
    name_paths,
)
from landscape.render.figure.style import LOSS_COLOUR, STYLE
from landscape.render.heights import Heights, prepare
from landscape.render.scale import Scale
from landscape.render.words.captions import brief, name_of
from landscape.render.words.directions import explained
from landscape.render.words.faithful import faithful, path_words
from landscape.render.words.names import names_of
from landscape.render.words.one_line import in_one_line
from landscape.render.words.quantity_words import shown
from landscape.surface import Surface, Trajectory

if TYPE_CHECKING:
    from typing_extensions import Unpack

_OFF = "distance from the plane"


@takes(Shared)
def path(surface: Surface, *, ax: Any = None, **look: Unpack[Shared]) -> Figure:
    """Plot the loss, the projection's loss and the distance at each step of the trajectories.

    Losses are on the left axis: solid lines for the checkpoints, dashed ones for the nearest points
    of the plane, hollow where the two differ by more than 10 %. Dotted lines are
    distances from the plane (Euclidean norm in weight space), on the right axis.

    Parameters
    ----------
    ax
        Matplotlib axes to draw the losses into, in the caller's own style; distances get a
        separate axis on the right. ``width`` is ignored then.

    Raises
    ------
    InputError
        If the surface has no trajectory with losses, or an option is unknown.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.path(open_surface("example:digits_path"))
    """
    if ax is None:
        return paths([surface], look)
    (steps,), (panels,), shared = _prepared([surface], look)
    _draw(ax, steps, shared, ticks_of(look, shared), _farthest([steps]))
    ax.set_ylabel(_loss_label(surface), parse_math=False)
    notes = _caption([surface], [panels], look).of_one
    return write_around(ax, surface, look.get("title"), _step_label(steps), notes)


def paths(surfaces: Sequence[Surface], look: Shared, named: Named | None = None) -> Figure:
    """One panel for each surface, on one loss scale; options as for :func:`path`.

    ``named``: the number of columns, at most two unless given, and their titles.
    """
    strange = [name for name in ("quantity", "cmap") if look.get(name)]
    if strange:
        raise InputError(
            f"style path does not accept {' or '.join(strange)}: it draws the losses of the "
            "trajectories as lines"
        )
    steps, panels, shared = _prepared(surfaces, look)
    most = _farthest(steps)
    with mpl.rc_context(STYLE):
        caption = _caption(surfaces, panels, look)
        labels = [
            (_step_label(own), _loss_label(s)) for s, own in zip(surfaces, steps, strict=True)
        ]
        firsts = [replace(own[0], surface=s) for s, own in zip(surfaces, panels, strict=True)]
        sheet = line_sheet(
            firsts, caption, labels, look, named or Named(), right_axis=most is not None
        )
        for axes, own in zip(sheet.panels, steps, strict=True):
            _draw(axes, own, shared, ticks_of(look, shared), most)
        return enlarged(sheet.figure, look.get("context"))


def _draw(
    axes: Any, paths: Sequence[Steps], shared: Scale, ticks: FloatArray, most: float | None
) -> None:
    draw_losses(axes, paths, shared, ticks)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if len(paths) == 1:
        axes.tick_params(axis="y", colors=LOSS_COLOUR)
        axes.yaxis.label.set_color(LOSS_COLOUR)
    name_paths(axes, paths)
    if most is not None:
        right = axes.twinx()
        draw_distances(right, paths, most)
        right.set_ylabel(_OFF)


def _prepared(
    surfaces: Sequence[Surface], look: Shared
) -> tuple[list[list[Steps]], list[list[Heights]], Scale]:
    """Each surface's paths and losses, ready to draw, and the common scale."""
    lines = [_lines(surface) for surface in surfaces]
    pairs = [(line, name) for own in lines for line in own for name in line.quantities]
    prepared, shared = prepare(pairs, **of_heights(look))
    rest = iter(prepared)
    panels = [[[next(rest) for _ in line.quantities] for line in own] for own in lines]
    steps = []
    for surface, of_surface in zip(surfaces, panels, strict=True):
        losses = [{panel.quantity.name: panel.values for panel in own} for own in of_surface]
        each = zip(surface.trajectories.items(), losses, strict=True)
        steps.append([Steps(name, p, _steps_of(p), own) for (name, p), own in each])
    return steps, [list(chain(*own)) for own in panels], shared


def _caption(
    surfaces: Sequence[Surface], panels: Sequence[Sequence[Heights]], look: Shared
) -> Caption:
    full = [_notes(s, own) for s, own in zip(surfaces, panels, strict=True)]
    firsts = [replace(own[0], surface=s) for s, own in zip(surfaces, panels, strict=True)]
    paths = [p for s in surfaces for p in s.trajectories.values()]
    short = in_one_line(firsts, [_strokes(paths, "plane", "distance")])
    return captioned(look.get("caption"), full, short, names_of(surfaces))


def _strokes(paths: Collection[Trajectory], plane: str, distance: str) -> str:
    """``solid: checkpoints; dashed: plane; dotted: distance``, as far as the paths have them."""
    words = {
        "solid: checkpoints": any(p.loss is not None for p in paths),
        f"dashed: {plane}": any(p.plane_loss is not None for p in paths),
        f"dotted: {distance}": any(p.distance is not None for p in paths),
    }
    return "; ".join(w for w, there in words.items() if there)


def _lines(surface: Surface) -> list[Surface]:
    """Each trajectory as a separate line whose quantities are its two losses."""
    if not surface.trajectories:
        raise InputError(
            f"style path needs trajectories, {name_of(surface)} has none: sample it along the "
            f"checkpoints of a run, with {argument('directions', 'pca:RUN')}"
        )
    unit = surface.quantities[surface.main_quantity]
    lines = []
    for name, trajectory in surface.trajectories.items():
        values = {k: v for k, v in trajectory.arrays().items() if k in (OWN, PLANE)}
        if not values:
            raise InputError(
                f"style path needs losses, the trajectory {name} of {name_of(surface)} has "
                "coordinates only: draw it on contours"
            )
        grid = Grid(np.arange(float(trajectory.x.size)))
        done = np.ones(trajectory.x.size, dtype=bool)
        lines.append(Surface(grid, dict.fromkeys(values, unit), values, done, {"title": name}))
    return lines


def _steps_of(trajectory: Any) -> FloatArray:
    found: FloatArray = trajectory.step
    return np.arange(float(trajectory.x.size)) if found is None else found


def _farthest(steps: Sequence[Sequence[Steps]]) -> float | None:
    """The largest distance from a plane; None if no path has one."""
    known = [s.path.distance for own in steps for s in own if s.path.distance is not None]
    far = [float(d[np.isfinite(d)].max()) for d in known if np.isfinite(d).any()]
    return max(far, default=None)


def _loss_label(surface: Surface) -> str:
    return shown(surface, surface.main_quantity).axis_label


def _step_label(steps: Sequence[Steps]) -> str:
    return "step" if all(s.path.step is not None for s in steps) else "checkpoint, from 0"


def _notes(surface: Surface, panels: Sequence[Heights]) -> list[str]:
    notes = [brief(surface, shown(surface, surface.main_quantity)), explained(surface)]
    kept = surface.trajectories.values()
    paths = surface.trajectories.values()
    said = _strokes(paths, "their projections onto the plane", "distance from the plane")
    notes.append(f"{said[:1].upper()}{said[1:]}.")
    notes += [path_words(name, p) for name, p in surface.trajectories.items()]
    if any(not true.all() for p in kept if (true := faithful(p)) is not None):
        notes.append("Hollow: the other steps.")
    for panel in panels:
        what = "" if panel.quantity.name == OWN else ", projections"
        notes += [f"{name_of(panel.surface)}{what}: {n[:1].lower()}{n[1:]}" for n in panel.notes]
    return [note for note in notes if note]
