"""Curves of several seeds: their median as a line, from lowest to highest as a band."""

from __future__ import annotations

from typing import Any

import numpy as np

from landscape.grid import FloatArray

COLOURS = ("#E69F00", "#0072B2", "#CC79A7", "#009E73", "#D55E00", "#56B4E9")
"""Okabe and Ito's, told apart by the colour-blind too."""


def draw_seeds(
    axes: Any, x: FloatArray, values: FloatArray, colour: Any, label: str, **look: Any
) -> None:
    """One curve from values of shape (seeds, len(x)); NaN where there is nothing to draw."""
    axes.plot(x, np.median(values, axis=0), color=colour, label=label, **look)
    if len(values) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def legend_below(figure: Any, axes: Any, above: float) -> None:
    """What the lines of ``axes`` are, in one row, so many inches above the end of the figure."""
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


def seeds_in_words(count: int) -> str:
    """What lines and bands are, for a note below a figure."""
    if count == 1:
        return "One seed."
    return f"Lines: median of {count} seeds; bands: lowest to highest."
