"""Errors and losses per epoch, one panel for each network, as in figure 6 of He et al."""

from __future__ import annotations

from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np

from landscape.experiments import figures
from landscape.experiments.results import Results
from landscape.render.figure.layout import PanelText
from landscape.render.figure.style import STYLE, StyledFigure

SPLITS: dict[str, dict[str, Any]] = {
    "train": {"linestyle": (0, (3, 1.5)), "linewidth": 0.9},
    "test": {"linestyle": "-", "linewidth": 1.6},
}
_AT_THE_END, _LEAST_ERRORS = 3.0, 10.0


def curves(results: Results, what: str) -> StyledFigure:
    """Plot ``error`` or ``loss`` by epoch: medians of the seeds as lines, ranges as bands.

    Errors are in percent on a linear axis, losses on a logarithmic one; panels share it.
    """
    networks = [str(network) for network in results.coordinates["network"]]
    depths = [int(depth) for depth in results.coordinates["depth"]]
    with mpl.rc_context(STYLE):
        notes = _notes(results)
        texts = [
            PanelText(f"{network.capitalize()} networks", [note])
            for network, note in zip(networks, notes, strict=True)
        ]
        factor = 100.0 if what == "error" else 1.0
        epochs = np.asarray(results.coordinates["epoch"], dtype=np.float64)
        sheet = figures.epoch_panels(
            texts,
            what,
            "error (%)" if what == "error" else "cross-entropy (nats)",
            (epochs[0], max(epochs[-1], epochs[0] + 1)),
            _limits(results, what, factor),
        )
        for axes, network in zip(sheet.panels, networks, strict=True):
            for k, depth in enumerate(depths):
                colour = figures.COLOURS[k % len(figures.COLOURS)]
                for split in SPLITS:
                    values = results.select(f"{split}_{what}", network=network, depth=depth)
                    label = f"{depth} layers, {'training' if split == 'train' else 'test'}"
                    figures.draw_seeds(
                        axes, epochs, values * factor, colour, label, **SPLITS[split]
                    )
        sheet.panels[-1].legend(frameon=False, handlelength=2.6, loc="upper right")
    sheet.figure.description = " ".join(notes)
    return sheet.figure


draw = partial(figures.save_error_and_loss, curves)


def _limits(results: Results, what: str, factor: float) -> tuple[float, float]:
    """Limits of the axis of all panels; for errors, up to three times those of the last epoch.

    As in the figures of He et al., the first epochs of a long training are cut off.
    """
    values = factor * np.stack([results.measured[f"{split}_{what}"].values for split in SPLITS])
    if what == "error":
        last = max(_AT_THE_END * float(values[..., -1].max()), _LEAST_ERRORS)
        return 0.0, min(100.0, 1.05 * float(values.max()), last)
    positive = values[values > 0]
    return 0.8 * float(positive.min()), 1.25 * float(positive.max())


def _notes(results: Results) -> list[str]:
    """Notes below the two panels."""
    data = figures.data_in_words(results)
    counts = results.measured["parameters"].values
    if (counts == counts[0]).all():
        data += " Both networks of a depth have the same number of parameters."
    return [
        f"{figures.seeds_in_words(results)} Dashed: training examples, in evaluation mode; full "
        "lines: test examples.",
        data,
    ]
