"""What is constructible against what is found: results, figures and sentences.

Three trainings a seed and network: a shallow network; the deep one that is made from it by layers
set to identity, from there on; and the deep one from a fresh start, for as many epochs as the two
others together.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, sections 1 and 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from landscape.device import choose_device
from landscape.experiments.identity.figure import draw
from landscape.experiments.identity.findings import findings
from landscape.experiments.identity.size import SIZES, TRAININGS
from landscape.experiments.identity.trainings import PRECISIONS, train_all
from landscape.experiments.outcome import Outcome
from landscape.experiments.results import Results
from landscape.experiments.trained import attributes_of, both_splits, source_for

NETWORKS = {"plain": "none", "residual": "identity"}
"""The kind of shortcuts of each network."""
SEEDS = (0, 1, 2)
COLUMNS = {
    "train_error": ("fraction of training examples answered wrongly, evaluation mode", "1"),
    "test_error": ("fraction of test examples answered wrongly", "1"),
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "test_loss": ("mean cross-entropy over the test examples", "nats"),
}
"""Of each training, by the epochs since the first network of all began: the extended one begins,
untrained, where the shallow one ends."""
RESULTS = "results.h5"


def run(
    folder: str | Path,
    *,
    size: str = "small",
    data: str | None = None,
    seeds: Sequence[int] | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Outcome:
    """Train every network, and store, draw and describe their errors and losses per epoch.

    Parameters
    ----------
    folder
        Gets ``results.h5``, the figures, and a folder for each training; an interrupted training
        goes on, a complete one is taken as it is.
    size
        ``small`` or ``paper``: depths and settings of the trainings.
    data
        A source of labelled images; None is ``digits`` for the small size.
    seeds
        One of each training with each; None is 0, 1, 2.

    Raises
    ------
    InputError
        If the data are missing or unknown, or the folder holds trainings with other settings.
    """
    source, chosen = source_for(size, data), SIZES[size]
    seeds = tuple(SEEDS if seeds is None else seeds)
    for seed in seeds:
        chosen.settings_of("fresh", seed)  # a seed that is too large is told before any work
    choose_device(device)
    splits = both_splits(source)
    folder = Path(folder)
    results = Results(
        {
            "network": list(NETWORKS),
            "training": list(TRAININGS),
            "seed": seeds,
            "epoch": list(range(1, chosen.settings.epochs + 1)),
            "precision": list(PRECISIONS),
        },
        attributes={
            **attributes_of("identity", size, source, splits, chosen.settings),
            "shallow_depth": chosen.depths[0],
            "deep_depth": chosen.depths[1],
            "shallow_epochs": chosen.before,
            "extended_lr": chosen.settings_of("extended", seeds[0]).lr,
        },
    )
    dims = ("network", "training", "seed", "epoch")
    shape = tuple(len(results.coordinates[dim]) for dim in dims)
    measured = {name: np.full(shape, np.nan) for name in COLUMNS}
    difference = np.full((len(NETWORKS), len(seeds), len(PRECISIONS)), np.nan)
    largest = np.full(difference.shape[:2], np.nan)
    for i, (network, shortcuts) in enumerate(NETWORKS.items()):
        for j, seed in enumerate(seeds):
            one = train_all(
                splits,
                shortcuts,
                chosen,
                seed,
                folder,
                network,
                device=device,
                progress=progress,
            )
            for k, training in enumerate(TRAININGS):
                first = chosen.before - 1 if training == "extended" else 0
                for name, values in measured.items():
                    column = one.columns[training][name]
                    values[i, k, j, first : first + len(column)] = column
            difference[i, j] = [one.difference[precision] for precision in PRECISIONS]
            largest[i, j] = one.largest_output
    for name, (long_name, units) in COLUMNS.items():
        results.add(name, dims, measured[name], long_name, units)
    results.add(
        "difference",
        ("network", "seed", "precision"),
        difference,
        "largest difference of an output between the shallow network and its extension",
    )
    results.add(
        "largest_output", ("network", "seed"), largest, "largest absolute output of the network"
    )
    results.save(folder / RESULTS)
    return Outcome(folder / RESULTS, draw(results, folder), findings(results))
