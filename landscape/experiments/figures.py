"""Shared by the figures of several experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from landscape.experiments.results import Results
from landscape.grid import FloatArray
from landscape.render import save, save_figure
from landscape.render.figure.layout import PAGE, TICKS_BELOW, Margins, PanelText, Sheet, lay_out
from landscape.render.figure.style import LINE, StyledFigure
from landscape.surface import Surface

COLOURS = ("#E69F00", "#0072B2", "#CC79A7", "#009E73", "#D55E00", "#56B4E9")
"""The colour-blind safe palette of Okabe and Ito."""
KINDS = ("png", "pdf")


def save_figures(figures: Mapping[str, StyledFigure], folder: Path) -> list[Path]:
    """Write figures by name, in all formats of :data:`KINDS`; their paths."""
    return [
        save_figure(figure, folder / f"{name}.{kind}")
        for name, figure in figures.items()
        for kind in KINDS
    ]


def save_error_and_loss(
    curves: Callable[[Results, str], StyledFigure], results: Results, folder: Path
) -> list[Path]:
    """Write the figures ``error`` and ``loss`` made by ``curves``; their paths."""
    return save_figures({what: curves(results, what) for what in ("error", "loss")}, folder)


def save_surfaces(
    rows: Sequence[Sequence[Surface]], folder: Path, *, clip: float, width: float
) -> list[Path]:
    """Write all surfaces on one scale, as ``contours`` and in 3-D as ``surfaces``; their paths.

    Parameters
    ----------
    clip
        Higher values are clipped to this one, and counted.
    width
        In inches.
    """
    surfaces = [surface for row in rows for surface in row]
    return [
        save(surfaces, folder / f"{name}.{kind}", way, clip=clip, columns=len(rows[0]), width=width)
        for name, way in (("contours", "contour"), ("surfaces", "surface"))
        for kind in KINDS
    ]


def epoch_panels(
    texts: Sequence[PanelText],
    what: str,
    label: str,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    foot: float = 0.0,
) -> Sheet:
    """Panels side by side for ``error`` (linear axis) or ``loss`` (logarithmic) by epoch.

    ``label``: label of the vertical axis. ``foot``: space below the panels in inches.
    """
    margins = Margins(left=0.6, right=0.12, below=TICKS_BELOW + LINE)
    sheet = lay_out(texts, margins, width=PAGE, columns=len(texts), aspect=0.72, bar=0.0, foot=foot)
    for axes in sheet.panels:
        axes.set_yscale("linear" if what == "error" else "log")
        axes.set(xlim=xlim, ylim=ylim, xlabel="epoch")
        whole_ticks(axes)
        horizontal_lines(axes)
    sheet.panels[0].set_ylabel(label)
    return sheet


def whole_ticks(axes: Any) -> None:
    """A few ticks at whole numbers on the horizontal axis."""
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))


def horizontal_lines(axes: Any, colour: str = "0.9") -> None:
    """Faint grid lines in the background."""
    axes.grid(axis="y", color=colour, linewidth=0.5)
    axes.set_axisbelow(True)


def draw_seeds(
    axes: Any, x: FloatArray, values: FloatArray, colour: Any, label: str, **look: Any
) -> None:
    """Plot the median of several seeds as a line, and their range as a band.

    ``values``: shape (seeds, len(x)); NaN values are not plotted.
    """
    axes.plot(x, np.median(values, axis=0), color=colour, label=label, **look)
    if len(values) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def legend_below(figure: Any, axes: Any, above: float) -> None:
    """A one-row legend for the lines of ``axes``, ``above`` inches from the figure's edge."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        ncols=len(labels),
        frameon=False,
        loc="lower center",
        bbox_to_anchor=(0.5, above / figure.get_size_inches()[1]),
        borderaxespad=0.0,
        handlelength=2.8,
        columnspacing=1.6,
    )


def seeds_in_words(results: Results) -> str:
    """The meaning of lines and bands, for a note below a figure."""
    count = len(results.coordinates["seed"])
    if count == 1:
        return "One seed."
    return f"Lines: median of {count} seeds; bands: lowest to highest."


def data_in_words(results: Results) -> str:
    """The training data, for a note below a figure."""
    facts = results.attributes
    return f"Data: {facts['data']}, {facts['train_examples']:,} training images, no augmentation."
