"""Training with masks: results, history, and mismatched data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples, load_splits
from landscape.errors import InputError
from landscape.models.named import Network, build_network
from landscape.models.unet import SHORTCUTS
from landscape.training import TrainingSettings
from landscape.training.history import read_history
from tests.training.runs import COLUMNS, assert_same, resnet8, train, weights

SETTINGS = TrainingSettings(epochs=6, lr=0.03, batch_size=8, seed=1, optimizer="adam")


def unet(shortcuts: str, **settings: int) -> Callable[[], Network]:
    small = {"levels": 2, "channels": 4, "in_channels": 1, "classes": 11, **settings}
    return lambda: build_network("unet", shortcuts=shortcuts, **small)


@pytest.fixture(scope="module")
def scenes() -> dict[str, Examples]:
    """Scenes with only the digits 0 and 1, so that short training has an effect."""
    whole = load_splits("scenes", "both", limit=48)
    return {
        split: replace(examples, targets=examples.targets.clamp(max=2))
        for split, examples in whole.items()
    }


@pytest.fixture(scope="module", params=SHORTCUTS)
def run(
    request: pytest.FixtureRequest,
    scenes: dict[str, Examples],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    settings = replace(SETTINGS, checkpoint_every=SETTINGS.epochs)
    train(scenes, folder, settings, unet(request.param, classes=3))
    return folder


def by_hand(path: Path, examples: Examples) -> dict[str, float]:
    """Loss, error and IoU of saved weights, in float64, pixel by pixel."""
    model = build_network(checkpoint=read_checkpoint(path)).model.double().eval()
    mean, std = examples.preprocess.mean[0], examples.preprocess.std[0]
    inputs = torch.from_numpy((examples.inputs.numpy().astype(np.float64) / 16 - mean) / std)
    with torch.no_grad():
        logits = model(inputs).movedim(1, -1).numpy()
    losses, errors, overlaps = [], [], []
    for z, mask in zip(logits, examples.targets.numpy(), strict=True):
        said = z.argmax(axis=-1)
        own = np.take_along_axis(z, mask[..., None], axis=-1)[..., 0]
        losses.append((np.log(np.exp(z).sum(axis=-1)) - own).mean())
        errors.append((said != mask).mean())
        shares = [
            ((said == c) & (mask == c)).sum() / ((said == c) | (mask == c)).sum()
            for c in np.union1d(said, mask)
        ]
        overlaps.append(np.mean(shares))
    return {"loss": np.mean(losses), "error": np.mean(errors), "iou": np.mean(overlaps)}


def test_short_training_finds_regions(run: Path, scenes: dict[str, Examples]) -> None:
    for split, examples in scenes.items():
        before, after = (by_hand(run / name, examples) for name in ("epoch_0000.pt", "final.pt"))
        assert after["iou"] > before["iou"] + 0.2
        assert after["iou"] > 0.4
        assert after["error"] < before["error"]
        history = read_history(run / "history.h5").columns
        assert history[f"{split}_iou"][-1] > history[f"{split}_iou"][0]


def test_history_matches_the_saved_weights(run: Path, scenes: dict[str, Examples]) -> None:
    history = read_history(run / "history.h5")
    assert list(history.columns) == [*COLUMNS, "train_iou", "test_iou"]
    for split, examples in scenes.items():
        for name, expected in by_hand(run / "final.pt", examples).items():
            # A pixel whose two largest logits are equal up to rounding may go either way.
            found = history.columns[f"{split}_{name}"][-1]
            assert found == pytest.approx(expected, abs=1e-4), name
    last = history.columns
    assert history.last_line() == (
        f"train loss {last['train_loss'][-1]:.4f}, pixel error {last['train_error'][-1]:.1%}, "
        f"IoU {last['train_iou'][-1]:.3f}; test pixel error {last['test_error'][-1]:.1%}, "
        f"IoU {last['test_iou'][-1]:.3f}"
    )


def test_history_with_masks_opens_in_xarray(run: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    with xarray.open_dataset(run / "history.h5", engine="h5netcdf") as data:
        assert set(data.data_vars) == {*COLUMNS, "train_iou", "test_iou"}
        assert data["train_iou"].attrs["long_name"].startswith("intersection over union")
        assert data["test_error"].attrs["long_name"] == "fraction of test pixels answered wrongly"


def test_resumed_run_equals_an_uninterrupted_one(
    scenes: dict[str, Examples], tmp_path: Path
) -> None:
    few = {split: examples.subset(12) for split, examples in scenes.items()}
    settings, network = replace(SETTINGS, epochs=2), unet("none", classes=3)
    steps = 0

    def third(module: nn.Module, inputs: object) -> None:
        nonlocal steps
        steps += module.training and torch.is_grad_enabled()
        if steps == 3:  # of 2 per epoch
            raise KeyboardInterrupt

    def interrupting() -> Network:
        made = network()
        made.model.register_forward_pre_hook(third)
        return made

    whole = train(few, tmp_path / "whole", settings, network)
    with pytest.raises(KeyboardInterrupt):
        train(few, tmp_path / "part", settings, interrupting)
    assert len(read_history(tmp_path / "part/history.h5")) == 1
    part = train(few, tmp_path / "part", settings, network, resume=True)
    assert part.columns == whole.columns
    assert_same(weights(tmp_path / "part/final.pt"), weights(tmp_path / "whole/final.pt"))


def ignored(examples: Examples, where: object) -> Examples:
    masks = examples.targets.clone()
    masks[where] = -100
    return replace(examples, targets=masks)


def test_ignored_pixels_have_no_effect(scenes: dict[str, Examples], tmp_path: Path) -> None:
    """The network's outputs there do not change the training."""
    few = {split: examples.subset(8) for split, examples in scenes.items()}
    void = {split: ignored(e, (slice(None), slice(0, 9))) for split, e in few.items()}
    history = train(void, tmp_path, replace(SETTINGS, epochs=1), unet("none", classes=3))
    model = build_network(checkpoint=read_checkpoint(tmp_path / "final.pt")).model.eval()
    with torch.no_grad():
        said = model(few["test"].preprocess(few["test"].inputs, torch.float32)).argmax(dim=1)
    wrong = (said != few["test"].targets)[:, 9:].float().mean()
    assert history.columns["test_error"] == [pytest.approx(wrong.item(), abs=1e-6)]


Splits = dict[str, Examples]
MISFITS: dict[str, tuple[Callable[[Splits], Splits], Callable[[], Network], list[str]]] = {
    "a classifier": (
        lambda data: data,
        resnet8,
        ["scenes: pixel_loss needs", "these are masks", "one prediction per image", "unet"],
    ),
    "a label for each image": (
        lambda data: {s: replace(e, targets=e.targets[:, 0, 0]) for s, e in data.items()},
        unet("none"),
        ["cross_entropy needs", "(48,)", "one prediction per pixel", "a classifier", "resnet20"],
    ),
    "masks of another size": (
        lambda data: {s: replace(e, targets=e.targets[:, 1:]) for s, e in data.items()},
        unet("none"),
        ["scenes: pixel_loss", "masks of 31 x 32 pixels, outputs of 32 x 32", "resize the masks"],
    ),
    "test masks of another size": (
        lambda data: {**data, "test": replace(data["test"], targets=data["test"].targets[..., 4:])},
        unet("none"),
        ["masks of 32 x 28 pixels, outputs of 32 x 32"],
    ),
    "masks of numbers": (
        lambda data: {s: replace(e, targets=e.targets.double()) for s, e in data.items()},
        unet("none"),
        ["integer targets", "torch.float64"],
    ),
    "too few classes": (
        lambda data: data,
        unet("concatenate", classes=2),
        ["labels run from 0 to 2", "2 outputs", "scenes"],
    ),
    "too many levels": (
        lambda data: data,
        unet("none", levels=6),
        ["images of 32 x 32 pixels", "divisible by 2^6 = 64", "such as levels=5"],
    ),
    "other channels": (
        lambda data: data,
        unet("none", in_channels=3),
        ["unet does not take a batch of 8 examples of scenes, (8, 1, 32, 32)", "3 channels"],
    ),
    "an image without any label": (
        lambda data: {**data, "train": ignored(data["train"], 5)},
        unet("none"),
        ["example 5 of a batch of 48", "only ignored labels"],
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_mismatched_data(scenes: Splits, tmp_path: Path, case: str) -> None:
    change, network, words = MISFITS[case]
    with pytest.raises(InputError) as caught:
        train(change(scenes), tmp_path / "run", SETTINGS, network)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
