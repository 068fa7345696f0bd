"""An interactive page in one file: surfaces side by side in 3-D, or curves.

Text that comes from a surface is escaped wherever it goes, and nothing of it enters plotly, which
reads markup. The page forbids itself every request, so it is the same on a machine without a
network.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape.atomic import replacing
from landscape.errors import unknown_choice
from landscape.render.camera import Camera, choose_camera
from landscape.render.captions import full, name_of
from landscape.render.choice import chosen_levels, one_kind, quantity_of_all
from landscape.render.heights import Heights, prepare
from landscape.render.numerals import short
from landscape.render.page_template import PAGE, PANEL
from landscape.render.plotly_panel import HEIGHT, curve_spec, surface_spec
from landscape.render.scale import Scale
from landscape.surface import Surface

_HEADING = "Loss landscape"
_HEIGHT_TICKS = 5
_BAR_TICKS = 6


def save_page(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
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
) -> Path:
    """Write one self-contained HTML file that needs no network.

    Planes become 3-D scenes that turn together, on one colour scale; lines become curves. Every
    point tells its coordinates, value, standard error and accuracy. Points that are not computed
    or not finite are holes, and counted below the picture.

    Parameters
    ----------
    cmap
        A colour scale of plotly, such as viridis (the default) or cividis.
    title
        The heading of the page.
    others
        As for :func:`landscape.render.contour` and :func:`landscape.render.surface3d`.

    Raises
    ------
    InputError
        If nothing can be drawn, an option is unknown, or the file cannot be written.
    """
    several = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    style = one_kind(several, None)
    name = quantity_of_all(several, quantity)
    panels, shared = prepare(
        [(s, name) for s in several], scale=scale, clip=clip, norm_range=norm_range
    )
    ticks = chosen_levels(levels, shared)
    colours = _colours(cmap)
    if style == "curve":
        specs = [curve_spec(p, shared, ticks) for p in panels]
    else:
        camera = choose_camera(
            [HEIGHT * (p.heights - shared.bottom) / (shared.top - shared.bottom) for p in panels],
            [p.best for p in panels],
        )
        camera = Camera(
            camera.elevation if elevation is None else elevation,
            camera.azimuth if azimuth is None else azimuth,
        )
        few = ticks if levels is not None else shared.ticks(_HEIGHT_TICKS)
        specs = [surface_spec(p, shared, few, colours, camera) for p in panels]
    marks = ticks if levels is not None else shared.ticks(_BAR_TICKS)
    bar = "" if style == "curve" else _colour_bar(panels, shared, marks, colours)
    page = PAGE.substitute(
        heading=html.escape(_HEADING if title is None else title),
        bar=bar,
        hint=_hint(style, len(panels)),
        panels="\n".join(_panel(k, p) for k, p in enumerate(panels)),
        data=_json(specs),
        plotly=_plotly_js(),
    )
    with replacing(path) as temporary:
        temporary.write_bytes(page.encode())
    return Path(path)


def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _colours(cmap: str | None) -> list[list[Any]]:
    from plotly.colors import get_colorscale
    from plotly.exceptions import PlotlyError

    try:
        return [[float(at), str(colour)] for at, colour in get_colorscale(cmap or "viridis")]
    except PlotlyError:
        usual = ("viridis", "cividis", "plasma", "magma", "inferno")
        raise unknown_choice("colour map", cmap, usual) from None


def _json(specs: list[dict[str, Any]]) -> str:
    # Inside <script>, "</" could end the element and "<!" begin a comment; both are escaped.
    text = json.dumps(specs, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("</", "<\\/").replace("<!", "\\u003c!")


def _panel(number: int, panel: Heights) -> str:
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in panel.notes)
    return PANEL.substitute(
        number=number,
        title=html.escape(name_of(panel.surface)),
        caption=html.escape(full(panel.surface, panel.quantity)),
        best=html.escape(f"The {panel.best_words(4)}."),
        notes=f"<ul>{notes}</ul>" if notes else "",
    )


def _hint(style: str, count: int) -> str:
    if style == "curve":
        return "Point at a curve for its values."
    together = " All scenes turn together." if count > 1 else ""
    return f"Drag to turn, scroll or pinch to zoom, point at the surface for its values.{together}"


def _colour_bar(
    panels: Sequence[Heights], shared: Scale, ticks: Any, colours: list[list[Any]]
) -> str:
    def percent(value: float) -> float:
        height = float(shared.heights(value))
        return 100 * (height - shared.bottom) / (shared.top - shared.bottom)

    stops = ", ".join(f"{colour} {100 * at:.4g}%" for at, colour in colours)
    marks = "".join(
        f'<span style="left:{percent(v):.4g}%">{html.escape(short(v))}</span>' for v in ticks
    )
    label = html.escape(panels[0].quantity.axis_label)
    kind = ", logarithmic" if shared.kind == "log" else ""
    return (
        f'<div class="bar"><div class="label">{label}{kind}</div>'
        f'<div class="ramp" style="background:linear-gradient(to right, {stops})"></div>'
        f'<div class="marks">{marks}</div></div>'
    )
