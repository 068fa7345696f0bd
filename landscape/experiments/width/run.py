"""Train networks of several widths, with and without shortcuts, and sample their surfaces.

A width multiplies the numbers of channels of a ResNet, as in the wide residual networks of figure 6
of Li et al., *Visualizing the Loss Landscape of Neural Nets*, arXiv 1712.09913, section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from landscape.errors import InputError
from landscape.experiments.depth.figure import draw
from landscape.experiments.depth.findings import findings
from landscape.experiments.experiment import Experiment
from landscape.experiments.results import Results
from landscape.experiments.setup import SMALL, Setup
from landscape.experiments.surfaces import Pair, SurfaceSize, measure_pairs
from landscape.training import TrainingSettings


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
    pairs = {width: Pair(f"width {width}", f"resnet{depth}", {"width": width}) for width in widths}
    return measure_pairs(setup, "width", pairs, layers=depth)


EXPERIMENT = Experiment("width", SIZES, measure, draw, findings, seeds=(0,))
