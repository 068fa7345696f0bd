"""Training networks of several depths, with and without shortcuts, and sampling their surfaces.

The shortcuts are identities that pad with zero channels (option A of He et al.), which have no
parameters: both networks of a depth have the same ones, so that one seed draws the same random
directions for both. Only the normalization, filter by filter, differs with the weights.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, section 5.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from landscape.data import Examples
from landscape.device import choose_device
from landscape.errors import InputError, argument
from landscape.experiments.depth.figure import draw
from landscape.experiments.depth.findings import findings
from landscape.experiments.measured import add_measures
from landscape.experiments.outcome import Outcome
from landscape.experiments.results import Results
from landscape.experiments.surfaces import Size, trained_and_sampled
from landscape.experiments.trained import (
    SMALL,
    attributes_of,
    both_splits,
    network_for,
    source_for,
)
from landscape.surface import Surface
from landscape.training import TrainingSettings

NETWORKS = {"residual": "identity", "plain": "none"}
"""The kind of shortcuts of each network."""
DEPTHS = (20, 56, 110)
DIMS = ("network", "depth")
RESULTS = "results.h5"
ERRORS = ("train_error", "test_error")


SIZES = {
    # At the learning rate of SMALL, 110 layers with shortcuts do not learn all digits.
    "small": Size(replace(SMALL, epochs=16, lr=0.02), "-1:1:21", 200),
    # A tenth after 150 and 225 epochs; that after 275 of Li et al. is left out, and so are their
    # shifted and flipped images.
    "paper": Size(
        TrainingSettings(epochs=300, lr=0.1, weight_decay=5e-4, schedule="step"), "-1:1:51", None
    ),
}


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
    """Train every network, sample its surface, and measure, draw and describe them all.

    Parameters
    ----------
    folder
        Gets ``results.h5``, a surface file and a folder with the training of each network, and
        the figures; what is there already is gone on with.
    size
        ``small`` or ``paper``: settings of the trainings and the grid.
    data
        A source of labelled images; None is ``digits`` for the small size.
    seeds
        One: of all trainings and of the random directions of all surfaces; None is 0.
    depths
        Of CIFAR ResNets, each 6n+2.

    Raises
    ------
    InputError
        If the data are missing or unknown, there is more than one seed, a depth is none of these,
        or the folder holds trainings or surfaces with other settings.
    """
    source, seed = source_for(size, data), _seed(seeds)
    choose_device(device)
    splits = both_splits(source)
    depths = _depths(splits, depths)
    folder, chosen = Path(folder), SIZES[size]
    results = Results(
        {"network": list(NETWORKS), "depth": depths},
        attributes={
            **attributes_of("depth", size, source, splits, chosen.settings),
            "seed": seed,
        },
    )
    shape = (len(NETWORKS), len(depths))
    surfaces: dict[tuple[int, ...], Surface] = {}
    errors = {name: np.full(shape, np.nan) for name in ERRORS}
    for place in np.ndindex(shape):
        network, depth = list(NETWORKS)[place[0]], depths[place[1]]
        shortcuts = NETWORKS[network]
        history, surfaces[place] = trained_and_sampled(
            f"resnet{depth}",
            splits,
            source,
            folder / f"{network}-{depth}",
            chosen,
            seed=seed,
            title=f"{depth} layers, {'no' if shortcuts == 'none' else shortcuts} shortcuts",
            device=device,
            progress=progress,
            shortcuts=shortcuts,
        )
        for error, values in errors.items():
            values[place] = history.columns[error][-1]
    for error, values in errors.items():
        split = "training" if error == "train_error" else "test"
        results.add(error, DIMS, values, f"fraction of {split} examples answered wrongly")
    add_measures(results, DIMS, surfaces)
    results.save(folder / RESULTS)
    rows = [[surfaces[i, j] for j in range(shape[1])] for i in range(shape[0])]
    drawn = draw(rows, folder)
    return Outcome(folder / RESULTS, drawn, findings(results))


def _seed(seeds: Sequence[int] | None) -> int:
    if seeds is not None and len(seeds) != 1:
        raise InputError(
            f"{argument('seeds', seeds)}: depth compares single networks; expected one seed"
        )
    return 0 if seeds is None else seeds[0]


def _depths(splits: dict[str, Examples], depths: Sequence[int]) -> tuple[int, ...]:
    """The depths in order; each network is built once, so that a wrong one is found now."""
    if not depths:
        raise InputError("no depths: expected one or more, such as 20, 56 and 110")
    for depth in depths:
        network_for(splits, f"resnet{depth}", shortcuts="none")
    return tuple(sorted(set(depths)))
