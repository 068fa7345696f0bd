"""Training plain and residual networks of several depths, several times each.

The residual networks have identity shortcuts that pad with zero channels where the shape changes
(option A of He et al.). Those have no parameters, so a plain and a residual network of one depth
have exactly the same ones, and a difference between them can only be the shortcuts'.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from landscape.data import Examples
from landscape.device import choose_device
from landscape.errors import InputError
from landscape.experiments.degradation.figure import draw
from landscape.experiments.degradation.findings import findings
from landscape.experiments.outcome import Outcome
from landscape.experiments.results import Results
from landscape.experiments.trained import (
    SMALL,
    attributes_of,
    both_splits,
    network_for,
    parameters_in,
    source_for,
    trained,
)
from landscape.training import HISTORY, TrainingSettings, read_history

NETWORKS = {"plain": "none", "residual": "identity"}
"""The kind of shortcuts of each network."""
DEPTHS = (20, 56)
SEEDS = (0, 1, 2)
SETTINGS = {
    "small": SMALL,
    # 64,000 steps of 128 of 50,000 images, a tenth after 32,000 and 48,000. Unlike in the paper
    # the momentum is Nesterov's, and the images are neither shifted nor flipped.
    "paper": TrainingSettings(
        epochs=164, lr=0.1, batch_size=128, weight_decay=1e-4, schedule="step"
    ),
}
COLUMNS = {
    "train_error": ("fraction of training examples answered wrongly, evaluation mode", "1"),
    "test_error": ("fraction of test examples answered wrongly", "1"),
    "train_loss": ("mean cross-entropy over the training examples, evaluation mode", "nats"),
    "test_loss": ("mean cross-entropy over the test examples", "nats"),
}
RESULTS = "results.h5"


def run(
    folder: str | Path,
    *,
    size: str = "small",
    data: str | None = None,
    seeds: Sequence[int] | None = None,
    depths: Sequence[int] = DEPTHS,
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
        ``small`` or ``paper``: the settings of the trainings.
    data
        A source of labelled images; None is ``digits`` for the small size.
    seeds
        One training of each network with each; None is 0, 1, 2.
    depths
        Of CIFAR ResNets, each 6n+2: two or more, which are compared with the shallowest.

    Raises
    ------
    InputError
        If the data are missing or unknown, a depth is none of these, or the folder holds
        trainings with other settings.
    """
    source = source_for(size, data)
    depths, seeds = _depths(depths), tuple(SEEDS if seeds is None else seeds)
    choose_device(device)
    splits = both_splits(source)
    parameters = _parameters(splits, depths)  # before minutes of training
    folder, settings = Path(folder), [replace(SETTINGS[size], seed=seed) for seed in seeds]
    results = Results(
        {
            "network": list(NETWORKS),
            "depth": depths,
            "seed": seeds,
            "epoch": list(range(1, SETTINGS[size].epochs + 1)),
        },
        attributes=attributes_of("degradation", size, source, splits, SETTINGS[size]),
    )
    shape = tuple(len(labels) for labels in results.coordinates.values())
    measured = {name: np.full(shape, np.nan) for name in COLUMNS}
    for place in np.ndindex(shape[:-1]):
        network, depth, seed = list(NETWORKS)[place[0]], depths[place[1]], seeds[place[2]]
        weights = trained(
            splits,
            f"resnet{depth}",
            folder / f"{network}-{depth}-seed{seed}",
            settings[place[2]],
            title=f"{network}-{depth}, seed {seed}",
            device=device,
            progress=progress,
            shortcuts=NETWORKS[network],
        )
        history = read_history(weights.with_name(HISTORY))
        for name, values in measured.items():
            values[place] = history.columns[name]
    for name, (long_name, units) in COLUMNS.items():
        results.add(name, tuple(results.coordinates), measured[name], long_name, units)
    results.add("parameters", ("network", "depth"), parameters, "trained numbers of the network")
    results.save(folder / RESULTS)
    return Outcome(folder / RESULTS, draw(results, folder), findings(results))


def _depths(depths: Sequence[int]) -> tuple[int, ...]:
    if len(set(depths)) < 2:
        raise InputError(
            f"depths {', '.join(map(str, depths)) or 'none'}: expected two or more different "
            "ones, such as 20 and 56"
        )
    return tuple(sorted(set(depths)))


def _parameters(splits: dict[str, Examples], depths: Sequence[int]) -> list[list[int]]:
    """How many parameters each network has; so each is built once."""
    return [
        [parameters_in(network_for(splits, f"resnet{d}", shortcuts=kind)) for d in depths]
        for kind in NETWORKS.values()
    ]
