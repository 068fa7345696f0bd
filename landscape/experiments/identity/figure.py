"""Errors and losses over all epochs: the shallow network, its extension, and the fresh start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from landscape.experiments.curves import COLOURS, draw_seeds, legend_below, seeds_in_words
from landscape.experiments.results import Results
from landscape.render import save_figure
from landscape.render.figure.layout import PAGE, TICKS_BELOW, Margins, PanelText, lay_out
from landscape.render.figure.style import LINE, STYLE, StyledFigure

LOOKS: dict[str, dict[str, Any]] = {
    "shallow": {"color": COLOURS[0], "marker": "o"},
    "extended": {"color": COLOURS[3], "marker": "s"},
    "fresh": {"color": COLOURS[1], "marker": "^"},
}
KINDS = ("png", "pdf")
_MOST_MARKS = 20


def draw(results: Results, folder: Path) -> list[Path]:
    """Write ``error`` and ``loss`` as pictures; their paths."""
    figures = {what: curves(results, what) for what in ("error", "loss")}
    return [
        save_figure(figure, folder / f"{what}.{kind}")
        for what, figure in figures.items()
        for kind in KINDS
    ]


def curves(results: Results, what: str) -> StyledFigure:
    """Training ``error`` or ``loss`` by epochs; a vertical line where the network is extended.

    Errors are drawn in percent on a linear axis, losses on a logarithmic one; both panels share it.
    """
    networks = [str(network) for network in results.coordinates["network"]]
    epochs = np.asarray(results.coordinates["epoch"], dtype=np.float64)
    notes = _notes(results)
    with mpl.rc_context(STYLE):
        texts = [PanelText(f"{network.capitalize()} networks", notes[:1]) for network in networks]
        texts[-1] = PanelText(texts[-1].title, notes[1:])
        margins = Margins(left=0.6, right=0.12, below=TICKS_BELOW + LINE)
        columns = len(texts)
        sheet = lay_out(
            texts, margins, width=PAGE, columns=columns, aspect=0.72, bar=0.0, foot=1.6 * LINE
        )
        factor = 100.0 if what == "error" else 1.0
        for axes, network in zip(sheet.panels, networks, strict=True):
            for training, look in LOOKS.items():
                values = results.select(f"train_{what}", network=network, training=training)
                options = {key: value for key, value in look.items() if key != "color"}
                label = _label(results, training)
                marks = max(1, len(epochs) // _MOST_MARKS)
                draw_seeds(
                    axes,
                    epochs,
                    values * factor,
                    look["color"],
                    label,
                    markersize=3.5,
                    markevery=marks,
                    **options,
                )
            extended = float(results.attributes["shallow_epochs"])
            axes.axvline(extended, color="0.55", linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
            axes.set_yscale("linear" if what == "error" else "log")
            axes.set(xlim=(0, epochs[-1] + 0.03 * len(epochs)), ylim=_limits(results, what))
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
            axes.grid(axis="y", color="0.9", linewidth=0.5)
            axes.set_axisbelow(True)
        what_it_is = "training error (%)" if what == "error" else "training loss (nats)"
        sheet.panels[0].set_ylabel(what_it_is)
        legend_below(sheet.figure, sheet.panels[0], 0.08)
    sheet.figure.description = " ".join(notes)
    return sheet.figure


def _label(results: Results, training: str) -> str:
    shallow, deep = (int(results.attributes[f"{d}_depth"]) for d in ("shallow", "deep"))
    return {
        "shallow": f"{shallow} layers",
        "extended": f"{deep} layers, extended from {shallow}",
        "fresh": f"{deep} layers, fresh start",
    }[training]


def _limits(results: Results, what: str) -> tuple[float, float]:
    values = results.measured[f"train_{what}"].values
    if what == "error":
        return -3.0, 103.0
    positive = values[np.isfinite(values) & (values > 0)]
    return 0.7 * float(positive.min()), 1.4 * float(positive.max())


def _notes(results: Results) -> list[str]:
    """What stands below the two panels."""
    facts = results.attributes
    added = int(facts["deep_depth"]) - int(facts["shallow_depth"])
    return [
        f"{seeds_in_words(len(results.coordinates['seed']))} Training examples, in evaluation "
        f"mode. Dotted: {added} layers set to identity are added.",
        f"Data: {facts['data']}, {facts['train_examples']:,} training images, no augmentation. "
        f"Learning rate {facts['lr']:g}, after the extension {facts['extended_lr']:g}.",
    ]
