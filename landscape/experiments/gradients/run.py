"""Train four networks, and measure each layer before, during and after training.

The networks are with and without batch normalization and with and without shortcuts, with the same
number of parameters. All are trained with Adam: its steps do not scale with the gradient, so that
one learning rate works for networks whose gradients differ by many orders of magnitude. With SGD at
the learning rate of the other experiments on digits, 56 layers with shortcuts but without
normalization diverge in the first epoch.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, sections 4.1 and 4.2.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import torch

from landscape.device import choose_device
from landscape.experiments.experiment import Experiment
from landscape.experiments.gradients.figure import draw
from landscape.experiments.gradients.findings import findings
from landscape.experiments.gradients.networks import KINDS, norms_at
from landscape.experiments.results import Results
from landscape.experiments.setup import Setup, Size
from landscape.training import Diverged, TrainingSettings, seeded

PROBED = 256
"""Number of training examples, as one batch, for every norm."""
NORMS = {
    "activation": ("root mean square of a layer's output after normalization and ReLU", "1"),
    "gradient": ("norm of the gradient of the loss with respect to a layer's output", "nats"),
    "weight_gradient": ("norm of the gradient of the loss with respect to its weights", "nats"),
}
"""Description and unit of the fields of :class:`landscape.experiments.gradients.probe.Norms`."""


@dataclass(frozen=True)
class GradientSize(Size):
    """A size whose checkpoints are the epochs of measurement."""

    @property
    def epochs(self) -> list[int]:
        """Epochs after which layers are measured; 0 is the initialization."""
        return list(range(0, self.settings.epochs + 1, self.settings.checkpoint_every))


_ADAM = TrainingSettings(optimizer="adam", lr=1e-3, weight_decay=1e-4)
SIZES = {
    "small": GradientSize(
        replace(_ADAM, epochs=8, batch_size=64, schedule="constant", checkpoint_every=2), (56,)
    ),
    # Depths, batches, epochs, weight decay and schedule of He et al.
    "paper": GradientSize(
        replace(_ADAM, epochs=164, batch_size=128, schedule="step", checkpoint_every=41), (56, 110)
    ),
}


def measure(setup: Setup[GradientSize]) -> Results:
    """Train every network; record norms of all layers at several epochs."""
    size, device = setup.size, choose_device(setup.device)
    examples = setup.splits["train"].subset(PROBED)
    results = setup.results(
        {
            "network": list(KINDS),
            "depth": size.depths,
            "seed": setup.seeds,
            "epoch": size.epochs,
            "layer": list(range(1, max(size.depths) + 1)),
        },
        probed_examples=len(examples),
    )
    dims = tuple(results.coordinates)
    for what, (long_name, units) in NORMS.items():
        results.add(what, dims, None, long_name, units)
    results.add(
        "train_error",
        dims[:3],
        None,
        "fraction of misclassified training examples at the end; NaN if training diverged",
    )
    for (name, kind), depth, seed in product(KINDS.items(), size.depths, setup.seeds):
        labels: dict[str, str | float] = {"network": name, "depth": depth, "seed": seed}
        make_network = partial(kind.network, setup, depth)
        folder = f"{kind.folder}-{depth}-seed{seed}"
        settings = replace(size.settings, seed=seed)
        with suppress(Diverged):  # a result, too: its checkpoints until then are measured
            title = f"{name}, {depth} layers, seed {seed}"
            history = setup.train(make_network, folder, settings, title)
            results.select("train_error", **labels)[...] = history.columns["train_error"][-1]
        for epoch in size.epochs:
            weights = setup.folder / folder / f"epoch_{epoch:04d}.pt"
            if weights.exists():
                with seeded(seed, torch.device("cpu")):
                    network = make_network()
                found = norms_at(network, weights, examples, device)
                for what in NORMS:
                    results.select(what, epoch=epoch, **labels)[:depth] = getattr(found, what)
    return results


EXPERIMENT = Experiment("gradients", SIZES, measure, draw, findings)
