"""Training and sampling one network for each way to skip layers, and the same without.

Each network without shortcuts has exactly the parameters of the one with them, and all have about
as many as one another. Classifiers answer for the same images; the long skips of a U-Net are for
masks, so its data are others, and its numbers are compared with each other alone.

He et al., arXiv 1512.03385 (add); Srivastava et al., arXiv 1505.00387 (gate); Huang et al.,
arXiv 1608.06993 (concatenate); Ronneberger et al., arXiv 1505.04597 (long skip).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from landscape.data import Examples
from landscape.device import choose_device
from landscape.errors import InputError, argument
from landscape.experiments.measured import add_measures
from landscape.experiments.outcome import Outcome
from landscape.experiments.results import Results
from landscape.experiments.surfaces import Size, trained_and_sampled
from landscape.experiments.trained import (
    SMALL,
    attributes_of,
    both_splits,
    classes_of,
    network_for,
    parameters_in,
    source_for,
)
from landscape.experiments.variants.figure import draw
from landscape.experiments.variants.findings import errors_of, findings
from landscape.experiments.variants.networks import SCENES, VARIANTS, Variant
from landscape.surface import Surface
from landscape.training import TrainingSettings

SKIPS = ("with", "without")
DIMS = ("variant", "shortcuts")
RESULTS = "results.h5"
COLUMNS = {
    "train_error": "fraction of training images (long skip: pixels) answered wrongly",
    "test_error": "fraction of test images (long skip: pixels) answered wrongly",
    "test_iou": "mean intersection over union of the test masks (long skip alone)",
}
_HE = TrainingSettings(epochs=164, lr=0.1, batch_size=128, weight_decay=1e-4, schedule="step")
SIZES = {
    "small": Size(replace(SMALL, epochs=12), "-1:1:21", 128),
    "paper": Size(_HE, "-1:1:51", None),
}
_ADAM = TrainingSettings(
    epochs=12, lr=0.01, batch_size=16, weight_decay=1e-4, optimizer="adam", schedule="onecycle"
)
FOR_MASKS = {"small": _ADAM, "paper": replace(_ADAM, epochs=60)}
"""Trainings with masks: SGD at these numbers of epochs leaves most digits unlearnt."""


def run(
    folder: str | Path,
    *,
    size: str = "small",
    data: str | None = None,
    seeds: Sequence[int] | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Outcome:
    """Train every network, sample its surface, and measure, draw and describe them all.

    Parameters
    ----------
    folder
        Gets ``results.h5``, a surface file and a folder with the training of each network, the
        figures and ``gallery.html``; what is there already is gone on with.
    size
        ``small`` or ``paper``: the networks, the settings of the trainings and the grid.
    data
        A source of labelled images; None is ``digits`` for the small size. The U-Net is trained on
        ``scenes`` whatever is asked for.
    seeds
        One: of all trainings and of the random directions of all surfaces; None is 0.

    Raises
    ------
    InputError
        If the data are missing, unknown or masks, there is more than one seed, or the folder holds
        trainings or surfaces with other settings.
    """
    source, seed = source_for(size, data), _seed(seeds)
    choose_device(device)
    splits = {False: _labelled(source), True: both_splits(SCENES)}
    folder, chosen, variants = Path(folder), SIZES[size], VARIANTS[size]
    parameters = [[_parameters(splits[v.masks], v, skips) for skips in SKIPS] for v in variants]
    shape = (len(variants), len(SKIPS))
    results = Results(
        {"variant": [v.name for v in variants], "shortcuts": list(SKIPS)},
        attributes={
            **attributes_of("variants", size, source, splits[False], chosen.settings),
            "seed": seed,
            "classes_of_masks": classes_of(splits[True]),
            "optimizer_for_masks": FOR_MASKS[size].optimizer,
            "epochs_with_masks": FOR_MASKS[size].epochs,
            "networks": ", ".join(v.network for v in variants),
        },
    )
    surfaces: dict[tuple[int, ...], Surface] = {}
    columns = {name: np.full(shape, np.nan) for name in COLUMNS}
    for place in np.ndindex(shape):
        variant, skips = variants[place[0]], SKIPS[place[1]]
        history, surfaces[place] = trained_and_sampled(
            variant.network,
            splits[variant.masks],
            SCENES if variant.masks else source,
            folder / f"{variant.name.replace(' ', '-')}-{skips}",
            replace(chosen, settings=FOR_MASKS[size]) if variant.masks else chosen,
            seed=seed,
            title=f"{variant.name}: {variant.network}, {skips} shortcuts",
            device=device,
            progress=progress,
            **_asked(variant, skips),
        )
        for name in columns.keys() & history.columns.keys():
            columns[name][place] = history.columns[name][-1]
    for name, long_name in COLUMNS.items():
        results.add(name, DIMS, columns[name], long_name)
    results.add("parameters", DIMS, parameters, "trained numbers of the network")
    add_measures(results, DIMS, surfaces)
    results.save(folder / RESULTS)
    pairs = [[surfaces[i, j] for j in range(len(SKIPS))] for i in range(len(variants))]
    texts = [errors_of(results, variant.name) for variant in variants]
    return Outcome(folder / RESULTS, draw(results, pairs, texts, folder), findings(results))


def _labelled(source: str) -> dict[str, Examples]:
    splits = both_splits(source)
    if splits["train"].labels is None:
        raise InputError(
            f"{argument('data', source)} has masks: expected images with one label each, such as "
            f"digits or cifar10:PATH; the network for segmentation is trained on {SCENES} beside "
            "them"
        )
    return splits


def _seed(seeds: Sequence[int] | None) -> int:
    if seeds is not None and len(seeds) != 1:
        raise InputError(
            f"{argument('seeds', seeds)}: variants compares single networks; expected one seed"
        )
    return 0 if seeds is None else seeds[0]


def _asked(variant: Variant, skips: str) -> dict[str, str | int]:
    kind = variant.shortcuts if skips == "with" else "none"
    return {"shortcuts": kind, **variant.settings}


def _parameters(splits: dict[str, Examples], variant: Variant, skips: str) -> int:
    """How many parameters it has; each is built once before anything is trained."""
    return parameters_in(network_for(splits, variant.network, **_asked(variant, skips)))
