"""Train networks of several widths, with and without shortcuts, and sample their surfaces.

A width multiplies the numbers of channels of a ResNet, as in the wide residual networks of figure 6
of Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from landscape.errors import InputError
from landscape.experiments.depth.figure import KINDS, draw
from landscape.experiments.depth.findings import findings
from landscape.experiments.depth.run import ERRORS
from landscape.experiments.experiment import Experiment
from landscape.experiments.measured import add_measures
from landscape.experiments.results import Results
from landscape.experiments.setup import NETWORKS, SMALL, Setup
from landscape.experiments.surfaces import SurfaceSize, train_and_sample
from landscape.surface import Surface
from landscape.training import TrainingSettings

DIMS = ("network", "width")


@dataclass(frozen=True, kw_only=True)
class WidthSize(SurfaceSize):
    """The sizes of :class:`SurfaceSize`, of one depth; ``widths``: factors on the channels."""

    widths: tuple[int, ...]


SIZES = {
    "small": WidthSize(
        replace(SMALL, epochs=16, lr=0.02), (20,), axis="-1:1:21", limit=200, widths=(1, 2, 4)
    ),
    "paper": WidthSize(
        TrainingSettings(epochs=300, lr=0.1, weight_decay=5e-4, schedule="step"),
        (56,),
        axis="-1:1:51",
        limit=None,
        widths=(1, 2, 4, 8),
    ),
}


def measure(setup: Setup[WidthSize]) -> Results:
    """Train every network, sample its surface, and measure it.

    Raises an InputError if there are no widths, or one is below 1.
    """
    (depth,), widths = setup.size.depths, tuple(sorted(set(setup.size.widths)))
    if not widths:
        raise InputError("no widths: expected one or more, such as 1, 2, 4 and 8")
    for width in widths:  # raises for invalid ones before any training
        setup.network(f"resnet{depth}", shortcuts="none", width=width)
    results = setup.results({"network": KINDS, "width": widths}, seed=setup.seeds[0], layers=depth)
    for error, split in ERRORS.items():
        results.add(error, DIMS, None, f"fraction of misclassified {split} examples")
    surfaces: dict[tuple[int, ...], Surface] = {}
    for i, network in enumerate(KINDS):
        for j, width in enumerate(widths):
            shortcuts = NETWORKS[network]
            history, surfaces[i, j] = train_and_sample(
                setup,
                f"resnet{depth}",
                f"{network}-{width}",
                title=f"width {width}, {'no' if shortcuts == 'none' else shortcuts} shortcuts",
                shortcuts=shortcuts,
                width=width,
            )
            for error in ERRORS:
                results.select(error)[i, j] = history.columns[error][-1]
    add_measures(results, DIMS, surfaces)
    return results


EXPERIMENT = Experiment("width", SIZES, measure, draw, findings, seeds=(0,))
