"""What the figures of several experiments share."""

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
"""Those of Okabe and Ito, which the colour-blind can tell apart."""
KINDS = ("png", "pdf")


def save_figures(figures: Mapping[str, StyledFigure], folder: Path) -> list[Path]:
    """Write figures under their names, each as every one of :data:`KINDS`; the paths."""
    return [
        save_figure(figure, folder / f"{name}.{kind}")
        for name, figure in figures.items()
        for kind in KINDS
    ]


def save_error_and_loss(
    curves: Callable[[Results, str], StyledFigure], results: Results, folder: Path
) -> list[Path]:
    """Write ``error`` and ``loss`` as ``curves`` draws them; the paths."""
    return save_figures({what: curves(results, what) for what in ("error", "loss")}, folder)


def save_surfaces(
    rows: Sequence[Sequence[Surface]], folder: Path, *, clip: float, width: float
) -> list[Path]:
    """Write all surfaces on one scale as ``contours`` and in space as ``surfaces``; the paths.

    Parameters
    ----------
    rows
        The rows of the figures.
    clip
        Higher values are drawn at this one, and counted.
    width
        Inches.
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
    """Panels side by side for the ``error`` (linear axis) or the ``loss`` (logarithmic) by epoch.

    Parameters
    ----------
    label
        Of the vertical axis.
    foot
        Inches below the panels.
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
    """Few ticks at whole numbers on the horizontal axis."""
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))


def horizontal_lines(axes: Any, colour: str = "0.9") -> None:
    """Faint lines behind what is drawn."""
    axes.grid(axis="y", color=colour, linewidth=0.5)
    axes.set_axisbelow(True)


def draw_seeds(
    axes: Any, x: FloatArray, values: FloatArray, colour: Any, label: str, **look: Any
) -> None:
    """The median of several seeds as a line, and their range as a band.

    Parameters
    ----------
    values
        Shape (seeds, len(x)); NaN where there is nothing to draw.
    """
    axes.plot(x, np.median(values, axis=0), color=colour, label=label, **look)
    if len(values) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def legend_below(figure: Any, axes: Any, above: float) -> None:
    """A legend for the lines of ``axes``, in one row, so many inches above the figure's edge."""
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
    """What lines and bands are, for a note below a figure."""
    count = len(results.coordinates["seed"])
    if count == 1:
        return "One seed."
    return f"Lines: median of {count} seeds; bands: lowest to highest."


def data_in_words(results: Results) -> str:
    """What was trained on, for a note below a figure."""
    facts = results.attributes
    return f"Data: {facts['data']}, {facts['train_examples']:,} training images, no augmentation."
