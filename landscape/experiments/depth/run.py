"""Train networks of several depths, with and without shortcuts, and sample their surfaces.

The shortcuts are identities padded with zero channels (option A of He et al.), which have no
parameters: both networks of a depth have the same parameters, so that a seed gives the same random
directions for both. Only the filter normalization depends on the weights.

Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, section 5.1.
"""

from __future__ import annotations

from dataclasses import replace

from landscape.errors import InputError
from landscape.experiments.depth.figure import draw
from landscape.experiments.depth.findings import findings
from landscape.experiments.experiment import Experiment
from landscape.experiments.results import Results
from landscape.experiments.setup import SMALL, Setup
from landscape.experiments.surfaces import Pair, SurfaceSize, measure_pairs
from landscape.training import TrainingSettings

SIZES = {
    # At the learning rate of SMALL, 110 layers with shortcuts do not learn all digits.
    "small": SurfaceSize(
        replace(SMALL, epochs=16, lr=0.02), (20, 56, 110), axis="-1:1:21", limit=200
    ),
    # Learning rate divided by 10 after 150 and 225 epochs, without the third step of Li et al.
    # after 275 epochs, and without shifted and flipped images.
    "paper": SurfaceSize(
        TrainingSettings(epochs=300, lr=0.1, weight_decay=5e-4, schedule="step"),
        (20, 56, 110),
        axis="-1:1:51",
        limit=None,
    ),
}


def measure(setup: Setup[SurfaceSize]) -> Results:
    """Train every network, sample its surface, and measure it.

    Raises an InputError if there are no depths, or one is not 6n+2.
    """
    depths = tuple(sorted(set(setup.size.depths)))
    if not depths:
        raise InputError("no depths: expected one or more, such as 20, 56 and 110")
    pairs = {depth: Pair(f"{depth} layers", f"resnet{depth}") for depth in depths}
    return measure_pairs(setup, "depth", pairs)


EXPERIMENT = Experiment("depth", SIZES, measure, draw, findings, seeds=(0,))
