"""Train and sample one network for each kind of skip connection, and the same without.

Each network has exactly as many parameters without shortcuts as with them, and all are of similar
size. Classifiers use the same images; the long skips of a U-Net are for segmentation, so it has
other data, and its two networks are compared only with each other.

He et al., arXiv 1512.03385 (add); Srivastava et al., arXiv 1505.00387 (gate); Huang et al.,
arXiv 1608.06993 (concatenate); Ronneberger et al., arXiv 1505.04597 (long skip).
"""

from __future__ import annotations

from dataclasses import replace

from landscape.errors import InputError, argument
from landscape.experiments.experiment import Experiment
from landscape.experiments.measured import add_measures
from landscape.experiments.results import Results
from landscape.experiments.setup import HE, SMALL, Setup, parameters_in
from landscape.experiments.surfaces import SurfaceSize, train_and_sample
from landscape.experiments.variants.figure import draw
from landscape.experiments.variants.findings import findings
from landscape.experiments.variants.networks import SCENES, SKIPS, VARIANTS, folder_of
from landscape.surface import Surface
from landscape.training import TrainingSettings

DIMS = ("variant", "shortcuts")
COLUMNS = {
    "train_error": "fraction of misclassified training images (long skip: pixels)",
    "test_error": "fraction of misclassified test images (long skip: pixels)",
    "test_iou": "mean intersection over union of the test masks (long skip only)",
}
SIZES = {
    "small": SurfaceSize(replace(SMALL, epochs=12), axis="-1:1:21", limit=128),
    "paper": SurfaceSize(HE, axis="-1:1:51", limit=None),
}
_ADAM = TrainingSettings(
    epochs=12, lr=0.01, batch_size=16, weight_decay=1e-4, optimizer="adam", schedule="onecycle"
)
FOR_MASKS = {"small": _ADAM, "paper": replace(_ADAM, epochs=60)}
"""Training settings for masks: with these epochs SGD does not learn most digits."""


def measure(setup: Setup[SurfaceSize]) -> Results:
    """Train every network, sample its surface, and measure it.

    Raises an InputError if the data have masks: the U-Net is always trained on ``scenes``.
    """
    if setup.splits["train"].labels is None:
        raise InputError(
            f"{argument('data', setup.source)} has masks: expected images with one label each, "
            f"such as digits or cifar10:PATH; the segmentation network is always trained on "
            f"{SCENES}"
        )
    variants, settings = VARIANTS[setup.size_name], FOR_MASKS[setup.size_name]
    masks = replace(setup.with_data(SCENES), size=replace(setup.size, settings=settings))
    setups = {False: setup, True: masks}
    results = setup.results(
        {"variant": [v.name for v in variants], "shortcuts": SKIPS},
        seed=setup.seeds[0],
        classes_of_masks=masks.classes,
        optimizer_for_masks=settings.optimizer,
        epochs_with_masks=settings.epochs,
        networks=", ".join(v.network for v in variants),
    )
    parameters = [  # builds each network before any training
        [parameters_in(setups[v.masks].network(v.network, **v.options(skips))) for skips in SKIPS]
        for v in variants
    ]
    results.add("parameters", DIMS, parameters, "number of trainable parameters")
    for name, long_name in COLUMNS.items():
        results.add(name, DIMS, None, long_name)
    surfaces: dict[tuple[int, ...], Surface] = {}
    for i, variant in enumerate(variants):
        for j, skips in enumerate(SKIPS):
            history, surfaces[i, j] = train_and_sample(
                setups[variant.masks],
                variant.network,
                folder_of(variant.name, skips),
                title=f"{variant.name}: {variant.network}, {skips} shortcuts",
                **variant.options(skips),
            )
            for name in COLUMNS.keys() & history.columns.keys():
                results.select(name)[i, j] = history.columns[name][-1]
    add_measures(results, DIMS, surfaces)
    return results


EXPERIMENT = Experiment("variants", SIZES, measure, draw, findings, seeds=(0,))
