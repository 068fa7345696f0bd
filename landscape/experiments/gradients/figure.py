"""Norms by layer: all networks compared, and each network during training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from landscape.experiments import figures
from landscape.experiments.results import Results
from landscape.grid import FloatArray
from landscape.render.figure.layout import PAGE, TICKS_BELOW, Margins, PanelText, Sheet, lay_out
from landscape.render.figure.style import LINE, STYLE, StyledFigure, wrap

LOOKS: dict[str, dict[str, Any]] = {
    "BN and shortcuts": {"color": figures.COLOURS[3], "linestyle": "-"},
    "BN only": {"color": figures.COLOURS[1], "linestyle": (0, (5, 1.5))},
    "shortcuts only": {"color": figures.COLOURS[0], "linestyle": (0, (3, 1, 1, 1))},
    "neither": {"color": figures.COLOURS[4], "linestyle": (0, (1, 1))},
}
TITLES = {
    "activation": "Activation",
    "gradient": "Gradient",
    "weight_gradient": "Weight gradient",
}
LABELS = {
    "activation": "root mean square",
    "gradient": "norm (nats)",
    "weight_gradient": "norm (nats)",
}
_LEAST, _MOST = 1e-30, 1e30


def draw(results: Results, folder: Path) -> list[Path]:
    """Write a comparison and one figure per quantity for every depth; their paths."""
    made = {}
    for depth in (int(depth) for depth in results.coordinates["depth"]):
        made[f"layers-{depth}"] = compared(results, depth)
        for what in TITLES:
            made[f"{what.replace('_', '-')}-{depth}"] = through_training(results, what, depth)
    return figures.save_figures(made, folder)


def compared(results: Results, depth: int) -> StyledFigure:
    """Compare all networks, one panel per quantity: at initialization (top) and end (bottom)."""
    epochs, notes = _epochs(results), _notes(results, depth)
    ends = (epochs[0], epochs[-1])
    titles = [f"{title}, {_when(epoch)}" for epoch in ends for title in TITLES.values()]
    with mpl.rc_context(STYLE):
        sheet = _sheet(titles, 3, notes)
        for number, axes in enumerate(sheet.panels):
            what, epoch = list(TITLES)[number % 3], ends[number // 3]
            for network, look in LOOKS.items():
                values = results.select(what, network=network, depth=depth, epoch=epoch)
                _line(axes, values[:, :depth], label=network, **look)
            _finish(axes, results, what, depth, ends)
        figures.legend_below(sheet.figure, sheet.panels[0], LINE * (len(notes) + 1))
    return sheet.figure


def through_training(results: Results, what: str, depth: int) -> StyledFigure:
    """Plot one quantity during training: a panel per network, a line per epoch."""
    networks, epochs, notes = list(LOOKS), _epochs(results), _notes(results, depth)
    colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.8, len(epochs)))
    with mpl.rc_context(STYLE):
        titles = [f"{TITLES[what]}: {network}" for network in networks]
        sheet = _sheet(titles, 2, notes)
        for axes, network in zip(sheet.panels, networks, strict=True):
            for epoch, colour in zip(epochs, colours, strict=True):
                values = results.select(what, network=network, depth=depth, epoch=epoch)
                _line(axes, values[:, :depth], label=_when(epoch), color=colour)
            _finish(axes, results, what, depth, epochs)
        figures.legend_below(sheet.figure, sheet.panels[0], LINE * (len(notes) + 1))
    return sheet.figure


def _line(axes: Any, values: FloatArray, *, label: str, color: Any, **look: Any) -> None:
    """Plot norms, shape (seeds, layers); values that are not finite and positive are left out."""
    shown = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    layers = np.arange(1, values.shape[1] + 1, dtype=np.float64)
    figures.draw_seeds(axes, layers, shown, color, label, linewidth=1.1, **look)


def _finish(axes: Any, results: Results, what: str, depth: int, epochs: Sequence[float]) -> None:
    values = np.stack([results.select(what, depth=depth, epoch=epoch) for epoch in epochs])
    values = values[np.isfinite(values) & (values > 0)]
    axes.set_yscale("log")
    if values.size:
        axes.set_ylim(0.5 * max(values.min(), _LEAST), 2 * min(values.max(), _MOST))
    axes.set_xlim(0, depth + 1)
    axes.yaxis.set_major_locator(LogLocator(numticks=7))
    axes.yaxis.set_minor_formatter(NullFormatter())
    figures.whole_ticks(axes)
    for stage in (1, 2):  # where the maps halve and the channels double
        edge = 1.5 + stage * (depth - 2) / 3
        axes.axvline(edge, color="0.8", linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    figures.horizontal_lines(axes, "0.92")
    axes.set_xlabel("layer")
    axes.set_ylabel(LABELS[what])


def _sheet(titles: Sequence[str], columns: int, lines: Sequence[str]) -> Sheet:
    """Panels with space for a legend and notes below."""
    foot = LINE * (len(lines) + 1.8)
    margins = Margins(left=0.68, right=0.1, below=TICKS_BELOW + LINE)
    texts = [PanelText(title, []) for title in titles]
    aspect = 0.85 if columns == 3 else 0.6
    sheet = lay_out(texts, margins, width=PAGE, columns=columns, aspect=aspect, bar=0.0, foot=foot)
    height = sheet.figure.get_size_inches()[1]
    for number, line in enumerate(lines):
        y = LINE * (len(lines) - number - 0.5)
        sheet.figure.text(0.15 / PAGE, y / height, line, parse_math=False)
    sheet.figure.description = " ".join(lines)
    return sheet


def _epochs(results: Results) -> list[float]:
    return [float(epoch) for epoch in results.coordinates["epoch"]]


def _when(epoch: float) -> str:
    return "initially" if epoch == 0 else f"{epoch:g} epoch{'' if epoch == 1 else 's'}"


def _notes(results: Results, depth: int) -> list[str]:
    """Notes below all panels, as lines."""
    facts = results.attributes
    notes = [
        f"{depth} layers. {figures.seeds_in_words(results)} Gradient: of the mean cross-entropy of "
        f"{facts['probed_examples']} training images, in training mode, with respect to the output "
        "of a layer after BN, shortcut and ReLU; weight gradient: with respect to its weights.",
        f"{figures.data_in_words(results)} Trained with Adam. Dotted: where the maps halve and the "
        "channels double.",
    ]
    return [line for note in notes for line in wrap(note, PAGE - 0.3)]
