"""Errors and losses by epoch: shallow network, its extension, and training from scratch."""

from __future__ import annotations

from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np

from landscape.experiments import figures
from landscape.experiments.results import Results
from landscape.render.figure.layout import PanelText
from landscape.render.figure.style import LINE, STYLE, StyledFigure

LOOKS: dict[str, dict[str, Any]] = {
    "shallow": {"color": figures.COLOURS[0], "marker": "o"},
    "extended": {"color": figures.COLOURS[3], "marker": "s"},
    "fresh": {"color": figures.COLOURS[1], "marker": "^"},
}
_MOST_MARKS = 20


def curves(results: Results, what: str) -> StyledFigure:
    """Plot training ``error`` or ``loss`` by epoch; a vertical line marks the extension.

    Errors are in percent on a linear axis, losses on a logarithmic one; panels share it.
    """
    networks = [str(network) for network in results.coordinates["network"]]
    epochs = np.asarray(results.coordinates["epoch"], dtype=np.float64)
    notes = _notes(results)
    with mpl.rc_context(STYLE):
        texts = [PanelText(f"{network.capitalize()} networks", notes[:1]) for network in networks]
        texts[-1] = PanelText(texts[-1].title, notes[1:])
        sheet = figures.epoch_panels(
            texts,
            what,
            "training error (%)" if what == "error" else "training loss (nats)",
            (0, epochs[-1] + 0.03 * len(epochs)),
            _limits(results, what),
            foot=1.6 * LINE,
        )
        factor = 100.0 if what == "error" else 1.0
        for axes, network in zip(sheet.panels, networks, strict=True):
            for training, look in LOOKS.items():
                values = results.select(f"train_{what}", network=network, training=training)
                options = {key: value for key, value in look.items() if key != "color"}
                label = _label(results, training)
                marks = max(1, len(epochs) // _MOST_MARKS)
                figures.draw_seeds(
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
        figures.legend_below(sheet.figure, sheet.panels[0], 0.08)
    sheet.figure.description = " ".join(notes)
    return sheet.figure


draw = partial(figures.save_error_and_loss, curves)


def _label(results: Results, training: str) -> str:
    shallow, deep = (int(results.attributes[f"{d}_depth"]) for d in ("shallow", "deep"))
    return {
        "shallow": f"{shallow} layers",
        "extended": f"{deep} layers, extended from {shallow}",
        "fresh": f"{deep} layers, from scratch",
    }[training]


def _limits(results: Results, what: str) -> tuple[float, float]:
    values = results.measured[f"train_{what}"].values
    if what == "error":
        return -3.0, 103.0
    positive = values[np.isfinite(values) & (values > 0)]
    return 0.7 * float(positive.min()), 1.4 * float(positive.max())


def _notes(results: Results) -> list[str]:
    """Notes below the two panels."""
    facts = results.attributes
    added = int(facts["deep_depth"]) - int(facts["shallow_depth"])
    return [
        f"{figures.seeds_in_words(results)} Training examples, in evaluation "
        f"mode. Dotted: {added} identity layers are added.",
        f"{figures.data_in_words(results)} Learning rate {facts['lr']:g}, after the "
        f"extension {facts['extended_lr']:g}.",
    ]
