"""All surfaces on one scale, their measures, and a gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from landscape.experiments.figures import horizontal_lines, save_figures, save_surfaces
from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.experiments.surfaces import sampled
from landscape.experiments.variants.findings import errors_of
from landscape.experiments.variants.networks import SKIPS, folder_of
from landscape.render import Entry, save_gallery
from landscape.render.figure.layout import PAGE, TICKS_BELOW, Margins, PanelText, lay_out
from landscape.render.figure.style import LINE, STYLE, StyledFigure

HIGHEST = 100.0
"""Clipping value of the loss in nats; points above are counted."""
WIDE = 13.0
"""Width of four panels side by side in inches."""
GALLERY = "gallery.html"
MARKS = {"with": ("#0072B2", "o", -0.12), "without": ("#E69F00", "s", 0.12)}
PANELS = {
    "test_error": ("Test error", "test error (%)", 100.0),
    "flat_radius": ("Flat radius", "flat radius (coordinate)", 1.0),
    "share_below_guessing": ("Better than guessing", "share of the plane (%)", 100.0),
}


def draw(results: Results, folder: Path) -> list[Path]:
    """Write figures and page."""
    names = [str(name) for name in results.coordinates["variant"]]
    rows = [[sampled(folder, folder_of(name, skips)) for name in names] for skips in SKIPS]
    drawn = save_surfaces(rows, folder, clip=HIGHEST, width=WIDE)
    drawn += save_figures({"numbers": numbers(results)}, folder)
    entries = [
        Entry(surface, lines=[errors_of(results, name)])
        for name, pair in zip(names, zip(*rows, strict=True), strict=True)
        for surface in pair
    ]
    title = "Kinds of skip connections, each with none"
    return [*drawn, save_gallery(entries, folder / GALLERY, title=title, clip=HIGHEST)]


def numbers(results: Results) -> StyledFigure:
    """Plot test error, flat radius and share of the plane of every network, with ranges."""
    names = [str(name) for name in results.coordinates["variant"]]
    notes = [
        f"Of images; for long skips, of pixels with {results.attributes['classes_of_masks']} "
        "classes.",
        "Where the loss has risen by 0.1 nats. Bars: sampling error and grid spacing.",
        "Points of the plane with a loss below that of guessing. Bars: as for the flat radius.",
    ]
    with mpl.rc_context(STYLE):
        texts = [
            PanelText(title, [note])
            for (title, _, _), note in zip(PANELS.values(), notes, strict=True)
        ]
        margins = Margins(left=0.6, right=0.12, below=TICKS_BELOW + 2 * LINE)
        sheet = lay_out(texts, margins, width=1.35 * PAGE, columns=len(texts), aspect=0.8, bar=0.0)
        for axes, (name, (_, label, factor)) in zip(sheet.panels, PANELS.items(), strict=True):
            for skips, (colour, mark, aside) in MARKS.items():
                _points(axes, results, name, skips, factor, colour, mark, aside)
            axes.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
            axes.set(xlim=(-0.5, len(names) - 0.5), ylabel=label)
            axes.set_ylim(bottom=0)
            horizontal_lines(axes)
        sheet.panels[0].legend(frameon=False, title="shortcuts")
    sheet.figure.description = " ".join(notes)
    return sheet.figure


def _points(
    axes: Any,
    results: Results,
    name: str,
    skips: str,
    factor: float,
    colour: str,
    mark: str,
    aside: float,
) -> None:
    variants = [str(v) for v in results.coordinates["variant"]]
    places = np.arange(len(variants)) + aside
    values = factor * np.asarray(results.select(name, shortcuts=skips))
    axes.plot(places, values, mark, color=colour, label=skips, markersize=5)
    if f"{name}_low" not in results.measured:
        return
    for place, variant in zip(places, variants, strict=True):
        found = estimate_of(results, name, variant=variant, shortcuts=skips)
        if np.isfinite([found.low, found.high]).all():
            axes.plot([place] * 2, [factor * found.low, factor * found.high], color=colour)
