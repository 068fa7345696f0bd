"""Training four networks, and measuring each layer before, on the way and after.

The networks have batch normalization or not and shortcuts or not, at the same number of
parameters. All are trained by Adam: its steps do not grow and shrink with the gradient, so that
one learning rate serves networks whose gradients differ by many orders of magnitude. By SGD at the
learning rate that the other experiments take for digits, 56 layers with shortcuts and without
normalization diverge in their first epoch.

He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, sections 4.1 and 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from landscape.device import choose_device
from landscape.experiments.gradients.figure import draw
from landscape.experiments.gradients.findings import findings
from landscape.experiments.gradients.networks import KINDS, norms_at
from landscape.experiments.outcome import Outcome
from landscape.experiments.results import Results
from landscape.experiments.trained import attributes_of, both_splits, source_for
from landscape.training import HISTORY, Diverged, TrainingSettings, read_history, seeded
from landscape.training.once import train_once

SEEDS = (0, 1, 2)
PROBED = 256
"""Training examples, one batch, behind every norm."""
NORMS = {
    "activation": ("root mean square of what a layer gives, after normalization and ReLU", "1"),
    "gradient": ("norm of the derivative of the loss by what a layer gives", "nats"),
    "weight_gradient": ("norm of the derivative of the loss by the weights of a layer", "nats"),
}
"""By the names of :class:`landscape.experiments.gradients.probe.Norms`."""
RESULTS = "results.h5"


@dataclass(frozen=True)
class Size:
    """Depths of the networks and settings of the trainings, which say when layers are measured."""

    depths: tuple[int, ...]
    settings: TrainingSettings

    @property
    def epochs(self) -> list[int]:
        """Epochs after which layers are measured; 0 is the initialization."""
        return list(range(0, self.settings.epochs + 1, self.settings.checkpoint_every))


_ADAM = TrainingSettings(optimizer="adam", lr=1e-3, weight_decay=1e-4)
SIZES = {
    "small": Size(
        (56,),
        replace(_ADAM, epochs=8, batch_size=64, schedule="constant", checkpoint_every=2),
    ),
    # Depths, batches, epochs, weight decay and schedule of He et al.
    "paper": Size(
        (56, 110),
        replace(_ADAM, epochs=164, batch_size=128, schedule="step", checkpoint_every=41),
    ),
}


def run(
    folder: str | Path,
    *,
    size: str = "small",
    data: str | None = None,
    seeds: Sequence[int] | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Outcome:
    """Train every network, and store, draw and describe the norms of all its layers.

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
        One training of each network with each; None is 0, 1, 2.

    Raises
    ------
    InputError
        If the data are missing or unknown, or the folder holds trainings with other settings.
    """
    source, chosen = source_for(size, data), SIZES[size]
    seeds = tuple(SEEDS if seeds is None else seeds)
    settings = [replace(chosen.settings, seed=seed) for seed in seeds]
    place = choose_device(device)
    splits = both_splits(source)
    examples = splits["train"].subset(PROBED)
    folder = Path(folder)
    results = Results(
        {
            "network": list(KINDS),
            "depth": chosen.depths,
            "seed": seeds,
            "epoch": chosen.epochs,
            "layer": list(range(1, max(chosen.depths) + 1)),
        },
        attributes={
            **attributes_of("gradients", size, source, splits, chosen.settings),
            "probed_examples": len(examples),
        },
    )
    dims = tuple(results.coordinates)
    shape = tuple(len(labels) for labels in results.coordinates.values())
    measured = {name: np.full(shape, np.nan) for name in NORMS}
    errors = np.full(shape[:3], np.nan)
    for at in np.ndindex(shape[:3]):
        name, depth, seed = list(KINDS)[at[0]], chosen.depths[at[1]], seeds[at[2]]
        make_network = partial(KINDS[name].network, splits, depth)
        here = folder / f"{KINDS[name].folder}-{depth}-seed{seed}"
        title = f"{name}, {depth} layers, seed {seed}"
        with suppress(Diverged):  # what is known of it ends there; which is a result, too
            train_once(
                make_network,
                splits,
                here,
                settings[at[2]],
                title=title,
                device=device,
                progress=progress,
            )
            errors[at] = read_history(here / HISTORY).columns["train_error"][-1]
        for number, epoch in enumerate(chosen.epochs):
            weights = here / f"epoch_{epoch:04d}.pt"
            if weights.exists():
                with seeded(seed, torch.device("cpu")):
                    network = make_network()
                found = norms_at(network, weights, examples, place)
                for what, values in measured.items():
                    values[(*at, number, slice(depth))] = getattr(found, what)
    for what, (long_name, units) in NORMS.items():
        results.add(what, dims, measured[what], long_name, units)
    results.add(
        "train_error",
        dims[:3],
        errors,
        "fraction of training examples answered wrongly at the end; NaN where training diverged",
    )
    results.save(folder / RESULTS)
    return Outcome(folder / RESULTS, draw(results, folder), findings(results))
