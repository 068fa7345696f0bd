"""Compare constructed solutions with those found by training.

Three trainings per seed and network: a shallow network; the deep one constructed from it by
identity layers, trained further; and the deep one from scratch, for as many epochs as the two
others together.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, sections 1 and 4.2.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from landscape.experiments.experiment import Experiment
from landscape.experiments.identity.figure import draw
from landscape.experiments.identity.findings import findings
from landscape.experiments.identity.trainings import PRECISIONS, TRAININGS, IdentitySize, train_all
from landscape.experiments.results import HISTORY_COLUMNS, Results
from landscape.experiments.setup import HE, NETWORKS, SMALL, Setup

SIZES = {
    "small": IdentitySize(replace(SMALL, epochs=12), (20, 56), before=8),
    # Each training has the whole schedule of the paper: the learning rate is divided by 10 after
    # half and after three quarters of its epochs.
    "paper": IdentitySize(HE, (20, 56), before=110),
}


def measure(setup: Setup[IdentitySize]) -> Results:
    """Train every network; record errors and losses by epochs since the start of the shallow one.

    The extended network starts, without further training, where the shallow one ends.
    """
    size = setup.size
    results = setup.results(
        {
            "network": list(NETWORKS),
            "training": list(TRAININGS),
            "seed": setup.seeds,
            "epoch": list(range(1, size.settings.epochs + 1)),
            "precision": list(PRECISIONS),
        },
        shallow_depth=size.depths[0],
        deep_depth=size.depths[1],
        shallow_epochs=size.before,
        extended_lr=size.settings_of("extended", setup.seeds[0]).lr,
    )
    for name, (long_name, units) in HISTORY_COLUMNS.items():
        results.add(name, ("network", "training", "seed", "epoch"), None, long_name, units)
    results.add(
        "difference",
        ("network", "seed", "precision"),
        None,
        "largest difference of an output between the shallow network and its extension",
    )
    results.add(
        "largest_output", ("network", "seed"), None, "largest absolute output of the network"
    )
    for network, seed in product(NETWORKS, setup.seeds):
        found = train_all(setup, network, seed)
        labels: dict[str, str | float] = {"network": network, "seed": seed}
        for training, name in product(TRAININGS, HISTORY_COLUMNS):
            first = size.before - 1 if training == "extended" else 0
            column = found.columns[training][name]
            curve = results.select(name, training=training, **labels)
            curve[first : first + len(column)] = column
        results.select("difference", **labels)[:] = [found.difference[p] for p in PRECISIONS]
        results.select("largest_output", **labels)[...] = found.largest_output
    return results


EXPERIMENT = Experiment("identity", SIZES, measure, draw, findings)
