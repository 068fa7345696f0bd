"""All surfaces on one scale, their numbers side by side, and a gallery of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.render import Entry, save, save_figure, save_gallery
from landscape.render.figure.layout import PAGE, TICKS_BELOW, Margins, PanelText, lay_out
from landscape.render.figure.style import LINE, STYLE, StyledFigure
from landscape.surface import Surface

HIGHEST = 100.0
"""Nats that a loss is drawn up to; points above are drawn at it and counted."""
WIDE = 13.0
"""Inches that four panels side by side need."""
CONTOURS = ("contours.png", "contours.pdf")
IN_SPACE = ("surfaces.png", "surfaces.pdf")
NUMBERS = ("numbers.png", "numbers.pdf")
GALLERY = "gallery.html"
MARKS = {"with": ("#0072B2", "o", -0.12), "without": ("#E69F00", "s", 0.12)}
PANELS = {
    "test_error": ("Test error", "test error (%)", 100.0),
    "flat_radius": ("Flat radius", "flat radius (coordinate)", 1.0),
    "share_below_guessing": ("Better than guessing", "share of the plane (%)", 100.0),
}


def draw(
    results: Results,
    pairs: Sequence[Sequence[Surface]],
    texts: Sequence[str],
    folder: Path,
) -> list[Path]:
    """Write the figures and the page.

    Parameters
    ----------
    pairs
        For each variant its surface with shortcuts and without, which are one column of figures.
    texts
        A sentence on each variant.
    """
    rows = [surface for row in zip(*pairs, strict=True) for surface in row]
    look: dict[str, Any] = {"clip": HIGHEST, "columns": len(pairs), "width": WIDE}
    drawn = [save(rows, folder / name, "contour", **look) for name in CONTOURS]
    drawn += [save(rows, folder / name, "surface", **look) for name in IN_SPACE]
    figure = numbers(results)
    drawn += [save_figure(figure, folder / name) for name in NUMBERS]
    entries = [
        Entry(surface, lines=[text])
        for pair, text in zip(pairs, texts, strict=True)
        for surface in pair
    ]
    title = "Ways to skip layers, each beside none"
    return [*drawn, save_gallery(entries, folder / GALLERY, title=title, clip=HIGHEST)]


def numbers(results: Results) -> StyledFigure:
    """Test error, flat radius and share of the plane of every network, with their ranges."""
    names = [str(name) for name in results.coordinates["variant"]]
    notes = [
        f"Of images; of the long skips, of pixels of {results.attributes['classes_of_masks']} "
        "classes.",
        "Where the loss has risen by 0.1 nats. Bars: sampling error and what the grid leaves open.",
        "Points of the plane with a loss below that of guessing, with their range.",
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
            axes.grid(axis="y", color="0.9", linewidth=0.5)
            axes.set_axisbelow(True)
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
