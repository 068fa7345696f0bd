"""Train plain and residual networks of several depths with several seeds.

The residual networks have identity shortcuts, padded with zero channels where the shape changes
(option A of He et al.). These have no parameters, so a plain and a residual network of one depth
have the same parameters, and any difference between them is due to the shortcuts.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 4.2.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product

from landscape.errors import InputError
from landscape.experiments.degradation.figure import draw
from landscape.experiments.degradation.findings import findings
from landscape.experiments.experiment import Experiment
from landscape.experiments.results import HISTORY_COLUMNS, Results
from landscape.experiments.setup import HE, NETWORKS, SMALL, Setup, Size, parameters_in

SIZES = {"small": Size(SMALL, (20, 56)), "paper": Size(HE, (20, 56))}


def measure(setup: Setup[Size]) -> Results:
    """Train every network; record errors and losses per epoch.

    Raises an InputError if there are fewer than two depths: all are compared with the shallowest.
    """
    settings, depths = setup.size.settings, tuple(sorted(set(setup.size.depths)))
    if len(depths) < 2:
        raise InputError(
            f"depths {', '.join(map(str, depths)) or 'none'}: expected two or more different "
            "ones, such as 20 and 56"
        )
    results = setup.results(
        {
            "network": list(NETWORKS),
            "depth": depths,
            "seed": setup.seeds,
            "epoch": list(range(1, settings.epochs + 1)),
        }
    )
    parameters = [  # raises for invalid depths before any training
        [parameters_in(setup.network(f"resnet{d}", shortcuts=kind)) for d in depths]
        for kind in NETWORKS.values()
    ]
    results.add("parameters", ("network", "depth"), parameters, "number of trainable parameters")
    for name, (long_name, units) in HISTORY_COLUMNS.items():
        results.add(name, tuple(results.coordinates), None, long_name, units)
    for (network, shortcuts), depth, seed in product(NETWORKS.items(), depths, setup.seeds):
        history = setup.train(
            partial(setup.network, f"resnet{depth}", shortcuts=shortcuts),
            f"{network}-{depth}-seed{seed}",
            replace(settings, seed=seed),
            f"{network}-{depth}, seed {seed}",
        )
        for name in HISTORY_COLUMNS:
            curve = results.select(name, network=network, depth=depth, seed=seed)
            curve[:] = history.columns[name]
    return results


EXPERIMENT = Experiment("degradation", SIZES, measure, draw, findings)
