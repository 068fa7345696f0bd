"""Surfaces as the JSON document from which the page draws everything.

The document contains measured values, not pictures: heights, colours, clipping and notes are
computed in the browser, where the reader chooses quantity and scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.errors import InputError, argument, unknown_choice
from landscape.grid import FloatArray, finest_complete
from landscape.quantity import (
    MEAN,
    STDERR,
    Quantity,
    accuracy_of,
    find,
    quantity_name,
    split_beside,
    stderr_of,
)
from landscape.render.figure.band import quantiles_of
from landscape.render.figure.options import Coloured, takes
from landscape.render.heights import finite_values, upper_clip
from landscape.render.lines import line_of
from landscape.render.page.explored import draws_of, explored
from landscape.render.page.sequence import is_sequence
from landscape.render.page.sources import sources
from landscape.render.page.thinning import thinned, thinned_words
from landscape.render.page.words import axes_words
from landscape.render.resolve import is_line, one_kind, quantity_of_all
from landscape.render.solutions import own_losses, solutions
from landscape.render.space.camera import Camera
from landscape.render.words.captions import full
from landscape.render.words.directions import axis_label, axis_name
from landscape.render.words.faithful import faithful, path_words
from landscape.render.words.names import names_of
from landscape.render.words.numerals import short
from landscape.render.words.quantity_words import DisplayedQuantity, shown, split_words
from landscape.surface import Surface, Trajectory

if TYPE_CHECKING:
    from typing_extensions import Unpack

HEADING = "Loss landscape"
_CAMERA = Camera(30.0, -60.0)


@takes(Coloured)
def page_data(
    surfaces: Sequence[Surface],
    *,
    style: str | None = None,
    camera: Camera = _CAMERA,
    **look: Unpack[Coloured],
) -> dict[str, Any]:
    """The data of a page: every quantity that all surfaces have, with its labels.

    Numbers have six significant digits and the unit of the picture (percent for accuracies); None
    marks a point that is not computed or not finite; both are also listed separately. Surfaces may
    be incomplete, or have no computed point yet. Raises an InputError if lines are mixed with
    planes, or a quantity, style or colour map is unknown.

    ``style``, ``camera``: what it initially shows; see :func:`landscape.render.page.save_page`.
    """
    kind = "line" if one_kind(surfaces, style) == "curve" else "plane"
    first = opened_on(surfaces, look.get("quantity"))
    clip, levels, cmap = look.get("clip", "auto"), look.get("levels"), look.get("cmap")
    norm_range, scale = look.get("norm_range"), look.get("scale")
    if scale == "symlog":
        raise InputError(
            f"{argument('scale', scale)}: a page shows log or linear; choose linear, or a figure "
            "such as .png"
        )
    common = _common(surfaces)
    return {
        "heading": look.get("title") or HEADING,
        "kind": kind,
        "sequence": is_sequence(surfaces),
        "files": sources(surfaces),
        "colours": colours(cmap),
        "diverging": colours("RdBu_r") if cmap is None else None,
        "initial": {
            "view": "curve" if kind == "line" else style or "surface",
            "quantity": first,
            "scale": scale,
            "clip": None if clip == "none" else "auto" if clip == "auto" else float(clip),
            "range": None if norm_range is None else [float(v) for v in norm_range],
            "levels": levels if levels is None or isinstance(levels, int) else list(levels),
            "cmap": cmap,
            "direction": list(camera.direction),
        },
        "quantities": [_quantity(surfaces, name, common) for name in common],
        "panels": [
            {"title": name, **_panel(surface, part, common)}
            for name, surface, part in zip(
                names_of(surfaces), surfaces, thinned(surfaces, common), strict=True
            )
        ],
    }


def opened_on(surfaces: Sequence[Surface], asked: str | None) -> str:
    """The quantity that a page shows first: the one asked for, else what the files were made for.

    That is the ratio of eigenvalues, where all have it, which takes far longer than a loss; else
    the first loss. Raises an InputError if a surface does not have the quantity.
    """
    made_for = (
        name
        for name in surfaces[0].quantities
        if all(name in s.quantities and s.quantity(name).is_eigen_ratio for s in surfaces)
    )
    return quantity_of_all(surfaces, asked or next(made_for, None))


def colours(cmap: str | None) -> list[list[Any]]:
    """A colour scale of plotly as pairs of a position in 0…1 and a colour.

    Raises an InputError if plotly has no such colour scale.
    """
    from plotly.colors import get_colorscale, named_colorscales
    from plotly.exceptions import PlotlyError

    try:
        return [[float(at), str(colour)] for at, colour in get_colorscale(cmap or "viridis")]
    except PlotlyError:
        usual = ("viridis", "cividis", "plasma", "magma", "inferno")
        others = named_colorscales()
        raise unknown_choice("colour map", cmap, usual, others, "plotly's") from None


def rounded(values: FloatArray) -> list[Any]:
    """An array as nested lists, six significant digits, None for what is not finite."""
    if values.ndim > 1:
        return [rounded(row) for row in values]
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in values.tolist()]


def _common(surfaces: Sequence[Surface]) -> list[str]:
    """The quantities that all surfaces hold in one unit."""
    head, *others = surfaces
    return [
        name
        for name in head.quantities
        if all(
            name in other.quantities and shown(other, name).unit == shown(head, name).unit
            for other in others
        )
    ]


def _quantity(surfaces: Sequence[Surface], name: str, common: Sequence[str]) -> dict[str, Any]:
    how = shown(surfaces[0], name)
    label = _label(how)
    if sum(_label(shown(surfaces[0], other)) == label for other in common) > 1:
        label = f"{label} ({name})"
    finite = [f for s in surfaces if np.isfinite(f := finite_values(s, how)).any()]
    return {
        "name": name,
        "label": label,
        "unit": how.unit,
        "word": how.word,
        "ofDraws": how.quantity.of_draws,
        "log": how.over_decades,
        "reach": how.reach,
        "span": how.span,
        "loss": how.quantity.is_loss,
        "accuracy": how.is_fraction and not how.quantity.is_stderr,
        "better": how.quantity.better,
        "statistic": "count" if how.quantity.is_count else how.quantity.statistic,
        "beside": _beside(surfaces[0], name, common),
        "along": _along(surfaces, name, common),
        "draws": draws_of(surfaces[0], name, common),
        "clip": {kind: _clip(finite, how, kind) for kind in ("log", "linear")},
    }


def _label(how: DisplayedQuantity) -> str:
    if how.quantity.is_count:
        return " ".join(filter(None, ("number of", split_words(how.quantity), "examples")))
    return how.label


def _beside(head: Surface, name: str, common: Sequence[str]) -> dict[str, str]:
    """The quantities shown along with this one: those of the same split."""
    split = split_beside(head.quantities, name)
    found: dict[str, str] = {}
    for base in ("loss", "accuracy", "count"):
        for statistic in (MEAN, STDERR):
            wanted = Quantity("", split=split, base=base, statistic=statistic)
            held = find(head.quantities, wanted)
            if held is not None and held in common:
                found[quantity_name("", base, statistic)] = held
    return found


def _along(surfaces: Sequence[Surface], name: str, common: Sequence[str]) -> dict[str, Any]:
    """What a curve shows with a quantity: its bands, and the accuracy of a loss with its own."""
    accuracy = accuracy_of(surfaces[0].quantities, name)
    beside = _around(surfaces[0], accuracy, common) if accuracy in common and accuracy else None
    also = {} if beside is None else {"accuracy": accuracy, "aroundAccuracy": beside}
    return {**_around(surfaces[0], name, common), **also}


def _around(head: Surface, name: str, common: Sequence[str]) -> dict[str, Any]:
    """The quantiles or the standard error around a quantity."""
    error = stderr_of(head.quantities, name)
    bands = [list(band) for band in quantiles_of(head, name) if set(band[:2]) <= set(common)]
    return {"bands": bands, **({"stderr": error} if error in common else {})}


def _clip(finite: Sequence[FloatArray], how: DisplayedQuantity, kind: str) -> float | None:
    if not finite or how.is_fraction or how.quantity.is_count:
        return None
    limit = upper_clip(finite, kind)
    return limit if limit is None or how.reach is None else max(limit, how.reach[1])


def _panel(surface: Surface, part: Surface, common: Sequence[str]) -> dict[str, Any]:
    """What is said of a surface, and the points of the part that is drawn."""
    shows = {name: shown(surface, name) for name in common}
    odd = {name: np.flatnonzero((part.done & ~np.isfinite(part[name])).ravel()) for name in common}
    return {
        "axes": axes_words(surface),
        **explored(surface, common),
        "names": {a: [axis_label(surface, a), axis_name(surface, a), a] for a in surface.grid.axes},
        "chance": {name: how.chance for name, how in shows.items() if how.chance is not None},
        "captions": {name: full(surface, how) for name, how in shows.items()},
        **_places(part),
        "points": thinned_words(surface, part),
        "values": {name: rounded(finite_values(part, how).ravel()) for name, how in shows.items()},
        "notFinite": {
            name: [[int(k), short(float(part[name].flat[k]))] for k in where]
            for name, where in odd.items()
            if where.size
        },
        "undone": part.missing().tolist(),
        "coarse": _coarse(part),
        "solutions": [{"name": s.name, "x": s.x, "y": s.y} for s in solutions(surface)],
        "ends": [[at, loss] for at, loss in own_losses(surface).items()],
        "main": surface.main_quantity,
        "lossUnit": shown(surface, surface.main_quantity).unit,
        "trajectories": [_path(str(name), path) for name, path in surface.trajectories.items()],
    }


def _path(name: str, path: Trajectory) -> dict[str, Any]:
    """A trajectory, with the steps whose loss differs from the plane's."""
    true = faithful(path)
    arrays = {key: rounded(values) for key, values in path.arrays().items()}
    off = [] if true is None else np.flatnonzero(~true).tolist()
    return {"name": name, **arrays, "off": off, "words": path_words(name, path)}


def _places(surface: Surface) -> dict[str, Any]:
    """The coordinates; for a line also which axis it runs along, and its position."""
    if is_line(surface):
        line = line_of(surface)
        return {"x": rounded(line.coordinates), "y": None, "axis": line.axis, "at": line.at}
    return {name: rounded(values) for name, values in surface.grid.axes.items()}


def _coarse(surface: Surface) -> dict[str, list[int]] | None:
    """Rows and columns of the finest complete level of an incomplete plane."""
    if surface.complete or surface.y is None:
        return None
    found = finest_complete(surface.done)
    return None if found is None else {"rows": found[0].tolist(), "columns": found[1].tolist()}
